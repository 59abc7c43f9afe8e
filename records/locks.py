"""Who works on a batch: one person at a time, so that two never undo each other's pages."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, select, update

from engine.message import Refused
from engine.store.schema_records import batch
from records import acts

LOCKED = "WB-8102"  # somebody else works on the batch

LIFE = 15 * 60_000
"""Milliseconds without an act after which a batch is free again."""


def holder(row: Row[Any], at: int) -> int | None:
    """Who works on the batch of this row (with locked_by, locked_at)."""
    return row.locked_by if row.locked_by is not None and row.locked_at > at - LIFE else None


def claim(conn: Connection, batch_id: int, *, by: int, at: int) -> None:
    """Take a batch on which nobody works, and renew one's own; each act does the same. `Refused` when it is not free.

    Who takes it first is its operator.
    """
    row = conn.execute(select(batch).where(batch.c.id == batch_id)).one()
    if holder(row, at) not in (None, by):
        raise Refused(LOCKED, "somebody else works on this batch; take it over, or wait until it is free")
    _hold(conn, row, by, at)


def release(conn: Connection, batch_id: int, *, by: int) -> None:
    """Give it back; of somebody else's nothing changes."""
    mine = update(batch).where(batch.c.id == batch_id, batch.c.locked_by == by)
    conn.execute(mine.values(locked_by=None, locked_at=None))


def take_over(conn: Connection, batch_id: int, *, by: int, at: int, note: str) -> None:
    """Take it from whoever works on it; the act says why."""
    row = conn.execute(select(batch).where(batch.c.id == batch_id)).one()
    _hold(conn, row, by, at)
    acts.change(conn, kind="take_over", by=by, at=at, batch=batch_id, note=note, rows={})


def _hold(conn: Connection, row: Row[Any], by: int, at: int) -> None:
    operator = {} if row.operator is not None else {"operator": by}
    conn.execute(update(batch).where(batch.c.id == row.id).values(locked_by=by, locked_at=at, **operator))
