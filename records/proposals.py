"""Assignments against what a page says, while they wait for a second person: shown with whom and what they mean, and
refused or taken back. How they are made and confirmed is in `records.assign`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select, update

from engine.message import Refused
from engine.store.schema_records import act, batch, page
from engine.store.sql import pieces
from records import acts, audit, batch_list, patients
from records.assign import PROPOSED, UNCONFIRMED, Who

REFUSED = "assign.refused"


def waiting(conn: Connection, batch_id: int) -> list[tuple[Row[Any], dict[str, Any]]]:
    """Those of this batch that nobody answered, the oldest first, each with the patient as `patients.by_key` has him:
    after a merge, who survives it."""
    mine = (act.c.batch == batch_id, act.c.kind == PROPOSED, act.c.undone_at.is_(None))
    rows = conn.execute(select(act).where(*mine).order_by(act.c.id)).all()
    known = ((row, patients.by_key(conn, _patient(row))) for row in rows)
    return [(row, who) for row, who in known if who is not None]


def shown(conn: Connection, found: Sequence[tuple[Row[Any], dict[str, Any]]], me: int) -> list[dict[str, Any]]:
    """What the screens show of them, for the person `me`; the patient as his number in the table."""
    people = batch_list.people(conn, (row.by for row, _ in found), me)
    return [
        {
            "id": row.id,
            "by": people.get(row.by),
            "at": row.at,
            "note": row.note,
            "patient": who["id"],
            "pages": _pages(conn, row),
        }
        for row, who in found
    ]


def refuse(conn: Connection, batch_id: int, number: int, *, who: Who, at: int) -> acts.Touched:
    """It is not right, says another person; or who proposed it takes it back. Nothing was assigned."""
    row = conn.execute(select(act).where(act.c.id == number, act.c.batch == batch_id)).one_or_none()
    if row is None or row.kind != PROPOSED or row.undone_at is not None:
        raise Refused(UNCONFIRMED, "there is no such proposal any more")
    conn.execute(update(act).where(act.c.id == number).values(undone_at=at, undone_by=who.id))
    renewed = {"version": batch.c.version + 1, "changed_at": at}
    conn.execute(update(batch).where(batch.c.id == batch_id).values(renewed))
    public_id = conn.execute(select(batch.c.public_id).where(batch.c.id == batch_id)).scalar_one()
    subject = f"{public_id}, {len(row.after['page'])} pages"
    audit.record(conn, at=at, user=who.login, act=REFUSED, patient=_patient(row), subject=subject, origin=who.origin)
    return acts.Touched(number, PROPOSED, batch_id, None, {"page": []})


def _patient(row: Row[Any]) -> int:
    (key,) = row.after["patient"]
    return int(key)


def _pages(conn: Connection, row: Row[Any]) -> list[str]:
    found: list[tuple[float, int, str]] = []
    for some in pieces([int(key) for key in row.after["page"]]):
        columns = (page.c.position, page.c.id, page.c.public_id)
        found += [tuple(one) for one in conn.execute(select(*columns).where(page.c.id.in_(some)))]
    return [public_id for _, _, public_id in sorted(found)]
