"""Pruning beside a running daemon: writer functions that do a small piece each, as background work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from engine.message import Refused
from engine.ops.filters import BAD_FILTER, OUTCOMES
from engine.ops.read_audit import record
from engine.store import prune
from engine.store.blobs import Blobs
from engine.store.clock import now_ms
from engine.store.lease import BlobLease
from engine.store.prune import Rule
from engine.store.sql import raw

ACTS = ("begun", "piece", "identities", "free", "sweep")
BACKGROUND = True
"""These wait for what comes in and what goes on."""

DAY = 86_400_000


def read_rule(given: Mapping[str, Any]) -> Rule:
    """From JSON; `Refused` with what is wrong."""
    before = given.get("before")
    if not isinstance(before, int) or before <= 0:
        raise Refused(BAD_FILTER, "a rule says how old is old enough")
    states, outcomes = tuple(given.get("states") or ()), tuple(given.get("outcomes") or ())
    for word in states:
        if word not in prune.FINAL:
            raise Refused(BAD_FILTER, f"only runs at their end are pruned: {', '.join(prune.FINAL)}")
    for word in outcomes:
        if word not in OUTCOMES:
            raise Refused(BAD_FILTER, f"the outcomes are {', '.join(OUTCOMES)}")
    return Rule(before, states, tuple(given.get("routes") or ()), outcomes, bool(given.get("bodies_only")))


def begun(conn: Connection, rule: Mapping[str, Any], user: str, origin: str = "") -> None:
    """Write down that somebody prunes, and by which rule."""
    asked = read_rule(rule)
    words = [*asked.states, *asked.routes, *asked.outcomes, "bodies only" if asked.bodies_only else "whole"]
    days = (now_ms() - asked.before) // DAY
    record(conn, now_ms(), user, "prune", subject=f"older than {days} d, {', '.join(words)}", origin=origin)


def piece(conn: Connection, rule: Mapping[str, Any], after: int, last: int) -> dict[str, Any]:
    """Remove what fits of the next messages. See `engine.store.prune.piece`."""
    made = prune.piece(conn, read_rule(rule), after, last)
    return {"messages": made.messages, "runs": made.runs, "seen": made.seen, "next": made.next}


def identities(conn: Connection, before: int, after: Sequence[str] = ("", "")) -> dict[str, Any]:
    """Forget old identities: the same message once more would be taken as a new one."""
    gone, onward = prune.identities(conn, before, (after[0], after[1]))
    return {"gone": gone, "next": onward}


def free(conn: Connection) -> int:
    """Give some empty pages back to the disk; how many are left."""
    return prune.free(conn)


def sweep(conn: Connection, names: list[str], seen: Mapping[str, int]) -> list[str]:
    """Remove these blobs, which nothing named up to the rows `seen` of each table; those that went.

    Looked at once more here, where nobody writes: newer rows, and whether the blob was put again meanwhile. While a
    backup is copied none goes.
    """
    state = Path(raw(conn).execute("PRAGMA database_list").fetchone()["file"]).parent
    with BlobLease(state).to_remove() as free_to:
        if not free_to:
            return []
        named: set[str] = set()
        for table, place in seen.items():
            after: int | None = place
            while after is not None:
                more, after = prune.named_in(conn, table, after)
                named |= more
        gone = Blobs(state / "blobs").drop(name for name in names[:200] if name not in named)
        raw(conn).executemany("DELETE FROM blob WHERE sha256 = ?", [(name,) for name in gone])
        return gone
