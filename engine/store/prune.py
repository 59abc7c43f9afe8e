"""Removing what is old: messages with all that belongs to them, or only their bodies, in small pieces.

A message goes with all of its runs or not at all. It stays while one of them is not at its end, or does not fit the
rule, or while an entry about it waits for a person. What outlives it: its identity (so that a repeat is known),
patients and documents, signing jobs (evidence), the audit. The newest numbers stay, so that none is given twice.
"""
# ruff: noqa: S608 (every piece of these statements is written here)

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from engine.store.sql import raw

PIECE = 200
"""Messages in one writer operation at most."""
BUDGET = 0.005
"""Seconds in one writer operation beside a daemon."""
STEP = 20
FREED = 100
"""Pages that are given back at a time."""

FINAL = ("done", "filtered", "invalid", "cancelled")


@dataclass(frozen=True, slots=True)
class Rule:
    """before: UTC ms; older ones go. Empty lists: any end state, any route, any outcome."""

    before: int
    states: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    bodies_only: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """Numbers of messages that are old enough: from the first to the last."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Removed:
    """What a piece did; next: the number after which the following one begins, None at the end."""

    messages: int
    runs: int
    seen: int
    next: int | None


_FITS_RUN = """r.ended_at IS NOT NULL AND r.ended_at < :before
  AND (:states = '[]' OR r.state IN (SELECT value FROM json_each(:states)))
  AND (:routes = '[]' OR r.route IN (SELECT value FROM json_each(:routes)))"""

_PAGE = f"""
SELECT m.seq, m.id,
  m.received_at < :before
  AND (:outcomes = '[]' OR m.outcome IN (SELECT value FROM json_each(:outcomes)))
  AND NOT EXISTS (SELECT 1 FROM run r WHERE r.message_id = m.id AND NOT ({_FITS_RUN}))
  AND (EXISTS (SELECT 1 FROM run r WHERE r.message_id = m.id)
       OR (:states = '[]' AND (:routes = '[]' OR m.route IN (SELECT value FROM json_each(:routes)))))
  AND NOT EXISTS (SELECT 1 FROM attention a WHERE a.message_id = m.id AND a.closed_at IS NULL)
  AND NOT EXISTS (SELECT 1 FROM run r JOIN attention a ON a.run = r.seq
                  WHERE r.message_id = m.id AND a.closed_at IS NULL)
  AND (:bodies = 0 OR m.body IS NOT NULL OR m.blob IS NOT NULL)
  AND m.id NOT IN (SELECT value FROM json_each(:kept)) AS goes
FROM message m WHERE m.seq > :after AND m.seq <= :last ORDER BY m.seq LIMIT :most
"""

_KEPT = """
SELECT message_id FROM run WHERE seq = (SELECT max(seq) FROM run)
UNION SELECT message_id FROM run WHERE seq = (SELECT run FROM event ORDER BY seq DESC LIMIT 1)
UNION SELECT id FROM message WHERE seq = (SELECT max(seq) FROM message)
"""

_OF_RUNS = "IN (SELECT value FROM json_each(:runs))"
_OF_MESSAGES = "IN (SELECT value FROM json_each(:messages))"

_VALUES = (f"DELETE FROM value WHERE run {_OF_RUNS}",)
_BODIES = (
    *_VALUES,
    f"UPDATE effect SET request = NULL WHERE run {_OF_RUNS} AND request IS NOT NULL",
    f"UPDATE message SET body = NULL, blob = NULL WHERE id {_OF_MESSAGES}",
)
_WHOLE = (
    *_VALUES,
    f"DELETE FROM effect WHERE run {_OF_RUNS}",
    f"DELETE FROM event WHERE run {_OF_RUNS}",
    f"DELETE FROM signal WHERE run {_OF_RUNS} AND applied_at IS NULL",
    f"DELETE FROM signal WHERE run {_OF_RUNS} AND applied_at IS NOT NULL",
    f"DELETE FROM attention WHERE run {_OF_RUNS}",
    f"DELETE FROM attention WHERE message_id {_OF_MESSAGES}",
    f"DELETE FROM folder_owner WHERE run {_OF_RUNS}",
    f"DELETE FROM file WHERE run {_OF_RUNS} AND (moved = 1 OR state = 'gone')",
    f"DELETE FROM label WHERE run {_OF_RUNS}",
    f"DELETE FROM run WHERE seq {_OF_RUNS}",
    f"DELETE FROM message WHERE id {_OF_MESSAGES}",
)


def span(conn: Connection, rule: Rule) -> Span | None:
    """The messages that are old enough; None when there is none. A read."""
    sql = "SELECT min(seq) AS first, max(seq) AS last FROM message WHERE received_at < ?"
    row = raw(conn).execute(sql, (rule.before,)).fetchone()
    return None if row["first"] is None else Span(row["first"], row["last"])


def count(conn: Connection, rule: Rule, after: int, last: int, most: int = 2000) -> Removed:
    """As `piece`, but nothing is removed. A read."""
    rows = raw(conn).execute(_PAGE, _values(conn, rule, after, last, most)).fetchall()
    goes = [row["id"] for row in rows if row["goes"]]
    return Removed(len(goes), len(_runs(conn, goes)), len(rows), rows[-1]["seq"] if len(rows) == most else None)


def piece(
    conn: Connection, rule: Rule, after: int, last: int, most: int = PIECE, budget: float = BUDGET, step: int = STEP
) -> Removed:
    """Remove what fits the rule of the next messages: at most so many, and for about so many seconds."""
    end, messages, runs, seen = time.monotonic() + budget, 0, 0, 0
    while True:
        asked = min(step, most - seen)
        rows = raw(conn).execute(_PAGE, _values(conn, rule, after, last, asked)).fetchall()
        goes = [row["id"] for row in rows if row["goes"]]
        if goes:
            runs += _remove(conn, goes, rule.bodies_only)
        messages, seen = messages + len(goes), seen + len(rows)
        if len(rows) < asked:
            return Removed(messages, runs, seen, None)
        after = rows[-1]["seq"]
        if seen >= most or time.monotonic() >= end:
            return Removed(messages, runs, seen, after)


def identities(
    conn: Connection, before: int, after: tuple[str, str] = ("", ""), most: int = PIECE * 10
) -> tuple[int, tuple[str, str] | None]:
    """Forget identities that came before a time, in order of their keys; how many, and where it goes on."""
    sql = "SELECT scope, key, at FROM identity WHERE (scope, key) > (?, ?) ORDER BY scope, key LIMIT ?"
    rows = raw(conn).execute(sql, (*after, most)).fetchall()
    old = [(row["scope"], row["key"]) for row in rows if row["at"] < before][:PIECE]
    raw(conn).executemany("DELETE FROM identity WHERE scope = ? AND key = ?", old)
    if len(old) == PIECE:
        return PIECE, old[-1]
    return len(old), (rows[-1]["scope"], rows[-1]["key"]) if len(rows) == most else None


def free(conn: Connection, pages: int = FREED) -> int:
    """Give empty pages back to the disk; how many are left. Only in a store that was made for it."""
    if not gives_back(conn):
        return 0
    for _ in range(min(pages, empty(conn))):
        raw(conn).execute("PRAGMA incremental_vacuum")  # the driver goes one step, and a step is one page
    return empty(conn)


def empty(conn: Connection) -> int:
    """Pages that hold nothing."""
    return _number(conn, "freelist_count")


def gives_back(conn: Connection) -> bool:
    """Whether empty pages can be given back piece by piece; else only by rewriting the whole file."""
    return _number(conn, "auto_vacuum") == 2


def _number(conn: Connection, pragma: str) -> int:
    return int(raw(conn).execute(f"PRAGMA {pragma}").fetchone()[0])


def _values(conn: Connection, rule: Rule, after: int, last: int, most: int) -> dict[str, Any]:
    kept = [row[0] for row in raw(conn).execute(_KEPT)]
    return {
        "before": rule.before, "after": after, "last": last, "most": most, "bodies": int(rule.bodies_only),
        "states": json.dumps(rule.states or ()), "routes": json.dumps(rule.routes), "kept": json.dumps(kept),
        "outcomes": json.dumps(rule.outcomes),
    }  # fmt: skip


def _runs(conn: Connection, messages: list[str]) -> list[int]:
    sql = f"SELECT seq FROM run WHERE message_id {_OF_MESSAGES}"
    return [row["seq"] for row in raw(conn).execute(sql, {"messages": json.dumps(messages)})]


def _remove(conn: Connection, messages: list[str], bodies_only: bool) -> int:
    runs = _runs(conn, messages)
    values = {"runs": json.dumps(runs), "messages": json.dumps(messages)}
    for statement in _BODIES if bodies_only else _WHOLE:
        raw(conn).execute(statement, values)
    return len(runs)


def named_in(conn: Connection, table: str, after: int, most: int = 5000) -> tuple[set[str], int | None]:
    """Blobs that the next rows of a table name, and where it goes on: the number of a row, of `value` of a run."""
    columns = NAMING[table]
    place = "run" if table == "value" else "rowid"
    sql = f"SELECT {place} AS place, {', '.join(columns)} FROM {table} WHERE {place} > ? ORDER BY {place}"
    rows = raw(conn).execute(f"{sql} LIMIT ?", (after, most)).fetchall()
    onward = rows[-1]["place"] if len(rows) == most else None
    if onward is not None and table == "value":  # the last run may have more
        rows += raw(conn).execute(sql.replace(" > ?", " = ?"), (onward,)).fetchall()
    return {name for row in rows for name in _names(row, columns)}, onward


NAMING = {
    "message": ("blob",),
    "value": ("blob", "kind", "data"),
    "file": ("blob",),
    "document": ("blob",),
    "sign_job": ("sent", "returned"),
    "scan_file": ("blob",),
    "page": ("master", "thumb", "view"),
    "document_version": ("blob",),
    "model": ("blob",),
}
"""Where blobs are named; `data` of a blob's or JSON value may hold names too."""


def _names(row: Any, columns: tuple[str, ...]) -> Iterator[str]:
    for column in columns:
        if column not in ("kind", "data") and row[column]:
            yield row[column]
    if "kind" in columns and row["data"] and row["kind"] in ("blob", "json"):
        yield from _inside(json.loads(row["data"]), row["kind"] == "blob")


def _inside(value: Any, blob: bool) -> Iterator[str]:
    """A blob's value is a list that begins with its hash; inside JSON it is a marked map of that as text."""
    if blob:
        yield value[0]
    elif isinstance(value, dict):
        if value.get("\x00kind") == "blob":
            yield json.loads(value["data"])[0]
        else:
            for item in value.values():
                yield from _inside(item, False)
    elif isinstance(value, list):
        for item in value:
            yield from _inside(item, False)
