"""What a restored backup must not do by itself: everything that was not at its end is held, and listed for the peers.

Since the backup was made its runs went on: what they sent then is not in its ledger. So a person asks each peer first.
"""
# ruff: noqa: S608 (every piece of these statements is written here)

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sqlalchemy import Connection

from engine.message import Refused
from engine.ops import texts
from engine.ops.read_audit import record
from engine.store.sql import raw

CODE = "WB-7512"
REASON = "restored from a backup"
SHOWN = 50
"""Runs that are listed for one peer; the count is of all."""

# A parent only counts its parts; it sends nothing, and goes on when they end.
_HELD = "state IN ('ready', 'running', 'waiting') AND NOT (state = 'waiting' AND open_children > 0)"

HOLD = (
    f"""INSERT INTO attention (kind, run, message_id, route, step, code, reason, created_at, acknowledged_by, closed_by,
    answer, note) SELECT 'held', seq, message_id, route, coalesce(step, ''), '{CODE}', '{REASON}', :now, '', '', '', ''
    FROM run WHERE {_HELD}""",
    f"""INSERT INTO event (run, message_id, at, kind, step, code, text, "user")
    SELECT seq, NULL, :now, 'held', coalesce(step, ''), '{CODE}', '{REASON}, it was ' || state, :user
    FROM run WHERE {_HELD}""",
    f"DELETE FROM wait WHERE run IN (SELECT seq FROM run WHERE {_HELD})",
    f"""UPDATE run SET reason = '{REASON}' || iif(waits_for = '', '', ', it waited for ' || waits_for), code = '{CODE}',
    state = 'held', due_at = NULL, starts = 0, since = :now WHERE {_HELD}""",
    # What a provider was asked since then is not known: it is told nothing, and asked for nothing.
    f"""UPDATE sign_job SET state = 'cancelled', ended_at = :now, reason = '{REASON}', findings = '["{REASON}"]'
    WHERE state IN ('prepared', 'submitted', 'waiting', 'returned')""",
    f"""UPDATE sign_job SET findings = '["{REASON}"]'
    WHERE state = 'cancelled' AND reference != '' AND findings = '[]'""",
    "DELETE FROM session",
    "DELETE FROM one_time",
)  # fmt: skip


def hold(conn: Connection, made_at: int, user: str, now: int, origin: str = "") -> dict[str, Any]:
    """Hold what was not at its end; what to ask each peer. In the database that is about to be put in place."""
    db = raw(conn)
    jobs = db.execute(
        "SELECT provider, count(*) FROM sign_job WHERE state IN ('prepared', 'submitted', 'waiting', 'returned')"
        " GROUP BY provider"
    ).fetchall()
    held = [row[0] for row in db.execute(f"SELECT seq FROM run WHERE {_HELD} ORDER BY seq")]
    peers = _peers(conn)
    for statement in HOLD:
        db.execute(statement, {"now": now, "user": user} if ":user" in statement else {"now": now})
    record(conn, now, user, "store.restored", subject=f"{len(held)} runs held", origin=origin)
    return {
        "made_at": made_at, "held": len(held), "peers": peers,
        "sign_jobs": [{"provider": row[0], "cancelled": row[1]} for row in jobs],
    }  # fmt: skip


def _peers(conn: Connection) -> list[dict[str, Any]]:
    """By connection and operation: effects that had begun, and steps that may have been done since the backup."""
    begun: defaultdict[tuple[str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    sql = """SELECT run.id, effect.connection, effect.operation, effect.state
    FROM effect JOIN run ON run.seq = effect.run
    WHERE run.ended_at IS NULL AND effect.state IN ('intended', 'doubt', 'unavailable') ORDER BY run.seq"""
    for run_id, connection, operation, state in raw(conn).execute(sql):
        begun[connection, operation][state].append(run_id)
    calls: dict[tuple[str, str, str], list[tuple[str, str]]] = {}
    open_ = f"SELECT id, route, revision, coalesce(step, '') AS step FROM run WHERE {_HELD} ORDER BY seq"
    for run_id, route, revision, step in raw(conn).execute(open_).fetchall():
        place = (route, revision, step)
        if place not in calls:
            calls[place] = _ahead(conn, *place)
        for connection, operation in calls[place]:
            begun[connection, operation]["ahead"].append(run_id)
    return [_peer(*of, states) for of, states in sorted(begun.items())]


def _ahead(conn: Connection, route: str, revision: str, step: str) -> list[tuple[str, str]]:
    try:
        text = texts.of_run(conn, route, revision)
        steps = text.steps[text.index(step) :]
    except Refused:
        return []
    return list(dict.fromkeys(call for one in steps for call in one.to))


def _peer(connection: str, operation: str, states: dict[str, list[str]]) -> dict[str, Any]:
    counts = {state: len(ids) for state, ids in states.items()}
    runs = list(dict.fromkeys(run for ids in states.values() for run in ids))
    return {"connection": connection, "operation": operation, **counts, "runs": runs[:SHOWN]}
