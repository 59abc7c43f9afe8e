"""Whether what is kept fits together: the file, its references, the blobs, the states of runs, the ledger.

Each check is a question of its own with at most `SHOWN` examples; it reads beside a running daemon.
"""
# ruff: noqa: S608 (every piece of these statements is written here)

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from engine.store import prune
from engine.store.blobs import KEEP, Blobs
from engine.store.sql import raw

SHOWN = 5
STATES = ("ready", "running", "waiting", "held", "done", "filtered", "invalid", "dead", "cancelled")
EFFECTS = ("intended", "done", "refused", "unavailable", "doubt", "arrived", "again", "ask")

BROKEN, REFERENCE, STATE, LEDGER, MISSING, DAMAGED, LOOSE = (
    "WB-7520", "WB-7521", "WB-7522", "WB-7523", "WB-7524", "WB-7525", "WB-7526",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """count: how many; examples: ids or numbers, no value of a patient. A note is no finding."""

    code: str
    what: str
    count: int
    examples: tuple[str, ...]
    note: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """`ids` selects one column, what identifies a bad row."""

    code: str
    what: str
    ids: str


def _in(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in words)


_FINAL = _in(prune.FINAL)

CHECKS = (
    Check(REFERENCE, "runs without their message",
          "SELECT id FROM run WHERE NOT EXISTS (SELECT 1 FROM message WHERE message.id = run.message_id)"),
    Check(REFERENCE, "parts without their parent",
          """SELECT c.id FROM run c WHERE c.parent IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM run p WHERE p.seq = c.parent)"""),
    Check(REFERENCE, "runs on a revision that is not kept",
          """SELECT id FROM run WHERE ended_at IS NULL AND NOT EXISTS
          (SELECT 1 FROM revision v WHERE v.route = run.route AND v.revision = run.revision)"""),
    Check(REFERENCE, "effects without their run",
          "SELECT key FROM effect WHERE NOT EXISTS (SELECT 1 FROM run WHERE run.seq = effect.run)"),
    Check(REFERENCE, "events without their run",
          "SELECT seq FROM event WHERE run IS NOT NULL AND NOT EXISTS (SELECT 1 FROM run WHERE run.seq = event.run)"),
    Check(REFERENCE, "open entries for a person without their run",
          """SELECT id FROM attention WHERE closed_at IS NULL AND run IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM run WHERE run.seq = attention.run)"""),
    Check(STATE, "runs in a state that there is not", f"SELECT id FROM run WHERE state NOT IN ({_in(STATES)})"),
    Check(STATE, "runs at their end without its time, or going on with one",
          f"SELECT id FROM run WHERE (state IN ({_FINAL})) != (ended_at IS NOT NULL)"),
    Check(STATE, "runs that wait for nothing",
          """SELECT id FROM run WHERE state = 'waiting' AND due_at IS NULL AND open_children = 0
          AND NOT EXISTS (SELECT 1 FROM wait WHERE wait.run = run.seq)"""),
    Check(STATE, "runs at their end that still wait",
          f"SELECT id FROM run WHERE state IN ({_FINAL}) AND EXISTS (SELECT 1 FROM wait WHERE wait.run = run.seq)"),
    Check(STATE, "runs whose open parts are counted wrongly",
          f"""SELECT id FROM run p WHERE children > 0 AND open_children !=
          (SELECT count(*) FROM run c
           WHERE c.parent = p.seq AND c.parent IS NOT NULL AND c.state NOT IN ({_FINAL}))"""),
    Check(STATE, "dead or held runs that no person is asked about",
          """SELECT id FROM run WHERE state IN ('dead', 'held')
          AND NOT EXISTS (SELECT 1 FROM attention a WHERE a.run = run.seq AND a.closed_at IS NULL)"""),
    Check(LEDGER, "effects in a state that there is not",
          f"SELECT key FROM effect WHERE state NOT IN ({_in(EFFECTS)})"),
    Check(LEDGER, "effects of a generation that its run did not reach",
          "SELECT key FROM effect JOIN run ON run.seq = effect.run WHERE effect.generation > run.generation"),
    Check(LEDGER, "done runs with an effect that is open",
          """SELECT key FROM effect JOIN run ON run.seq = effect.run
          WHERE effect.state = 'doubt' AND run.state IN ('done', 'filtered')"""),
    Check(LEDGER, "effects that were settled without a time",
          "SELECT key FROM effect WHERE state IN ('done', 'refused', 'doubt') AND settled_at IS NULL"),
    Check(LEDGER, "identities without a reply or a message id", "SELECT key FROM identity WHERE message_id = ''"),
)  # fmt: skip


def damage(conn: Connection) -> Iterator[Found]:
    """The file itself: pages, indexes, foreign keys."""
    try:
        told = [row[0] for row in raw(conn).execute("PRAGMA integrity_check(20)")]
    except sqlite3.DatabaseError as error:
        told = [error.sqlite_errorname]
    if told != ["ok"]:
        yield Found(BROKEN, "the database is damaged", len(told), tuple(line[:80] for line in told[:SHOWN]))
        return
    broken = [f"{row[0]} {row[1]}" for row in raw(conn).execute("PRAGMA foreign_key_check")]
    if broken:
        yield Found(REFERENCE, "rows that name what is not there", len(broken), tuple(broken[:SHOWN]))


def ask(conn: Connection, check: Check) -> Found | None:
    """One of `CHECKS`; None when it is good."""
    rows = [str(row[0]) for row in raw(conn).execute(f"{check.ids} LIMIT {SHOWN}")]
    if not rows:
        return None
    count = raw(conn).execute(f"SELECT count(*) FROM ({check.ids})").fetchone()[0]
    return Found(check.code, check.what, count, tuple(rows))


def blobs(state: Path, named: set[str], tell: Callable[[int, int], None]) -> Iterator[Found]:
    """Every named blob is there and is what its name says; what nobody names is a note."""
    kept = dict(Blobs(state / "blobs").names())
    missing = sorted(named - kept.keys())
    if missing:
        yield Found(MISSING, "blobs that are named and not there", len(missing), tuple(missing[:SHOWN]))
    damaged = []
    for count, name in enumerate(sorted(kept)):
        tell(count, len(kept))
        if not _is_whole(state / "blobs" / name[:2] / name[2:4] / name, name):
            damaged.append(name)
    if damaged:
        yield Found(DAMAGED, "blobs whose bytes are not what they were", len(damaged), tuple(damaged[:SHOWN]))
    loose = sorted({name for name, _ in Blobs(state / "blobs").names(KEEP)} - named)
    if loose:
        yield Found(LOOSE, "blobs that nothing names: prune removes them", len(loose), tuple(loose[:SHOWN]), note=True)


def _is_whole(path: Path, name: str) -> bool:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == name
    except FileNotFoundError:
        return True  # pruned while this was reading
    except OSError:
        return False
