"""The audit: who read or did what. Its rows are written before the data goes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from engine.ops.read import Page, cut, keyset
from engine.store.schema import audit, run


@dataclass(frozen=True, slots=True)
class AccessRow:
    """One look at a patient's data."""

    at: int
    user: str
    act: str
    subject: str
    origin: str
    run_id: str | None


def record(
    conn: Connection,
    at: int,
    user: str,
    act: str,
    *,
    patient: int | None = None,
    run: int | None = None,
    subject: str = "",
    origin: str = "",
) -> None:
    """Write one row; in the writer. `act` is `thing.verb`; `subject` holds ids and names of things, never a patient."""
    row = {"at": at, "user": user, "act": act, "patient": patient, "run": run}
    conn.execute(insert(audit).values(**row, subject=subject[:200], origin=origin[:60]))


def record_each(conn: Connection, at: int, user: str, act: str, patients: Sequence[int], *, origin: str = "") -> None:
    """The same act on several patients, in one statement; one row without a patient when there are none."""
    row = {"at": at, "user": user, "act": act, "run": None, "origin": origin[:60]}
    shown = [{**row, "patient": patient, "subject": ""} for patient in patients]
    conn.execute(insert(audit), shown or [{**row, "patient": None, "subject": "nothing"}])


def access_log(conn: Connection, patient: int, after: int | None, limit: int) -> Page[AccessRow]:
    """Who looked at this patient, newest first."""
    query = (
        select(audit, run.c.id.label("run_id"))
        .outerjoin(run, run.c.seq == audit.c.run)
        .where(audit.c.patient == patient, *keyset(audit.c.seq, after))
        .order_by(audit.c.seq.desc())
        .limit(limit + 1)
    )
    rows = conn.execute(query).all()
    items = [AccessRow(row.at, row.user, row.act, row.subject, row.origin, row.run_id) for row in rows]
    return cut(items, [row.seq for row in rows], limit)
