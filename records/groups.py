"""Pages grouped into drafts, which become documents: split, joined, made of chosen pages."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row
from sqlalchemy import insert as insert_into

from engine.message import Refused
from engine.store.schema_records import draft
from records.batches import RECORD
from records.desk import CANNOT, SHEETS, Desk, Plan
from records.ids import public_id


def split(desk: Desk) -> Plan:
    """A new draft begins at the first chosen page: the rest of its draft goes along, or what follows in no draft."""
    first = desk.first
    if first.draft is None:
        following = _loose(desk.all, first)
    else:
        following = [row for row in _from(desk.all, first) if row.draft == first.draft]
        if not any(row.draft == first.draft and row.state in RECORD for row in _until(desk.all, first)):
            raise Refused(CANNOT, "a document begins at this page already")
    return _new(desk, following)


def join(desk: Desk) -> Plan:
    """The draft of the first chosen page is joined to the one before it."""
    first = desk.first
    mine = [row for row in desk.all if row.draft is not None and row.draft == first.draft]
    if not mine:
        raise Refused(CANNOT, "the page is in no document")
    earlier = [row for row in _until(desk.all, mine[0]) if row.draft is not None and row.state in RECORD]
    if not earlier or earlier[-1].filed:
        raise Refused(CANNOT, "there is no document before this one that it could be joined to")
    before = earlier[-1].draft
    owners = {row.patient for row in desk.all if row.draft in (before, first.draft) and row.state in RECORD}
    if len(owners - {None}) > 1:
        raise Refused(CANNOT, "the two documents are of different patients")
    return Plan({row.id: {"draft": before} for row in mine})


def group(desk: Desk) -> Plan:
    """The chosen pages become one draft."""
    return _new(desk, desk.chosen)


def _new(desk: Desk, members: list[Row[Any]]) -> Plan:
    made = desk.conn.execute(
        insert_into(draft).values(
            public_id=public_id(), batch=desk.batch, position=min(row.position for row in members), details={},
            suggested={}, by=desk.by, created_at=desk.at, changed_at=desk.at,
        )
    ).inserted_primary_key  # fmt: skip
    assert made is not None
    return Plan({row.id: {"draft": made[0]} for row in members}, [int(made[0])])


def _from(rows: list[Row[Any]], first: Row[Any]) -> list[Row[Any]]:
    return rows[_place(rows, first) :]


def _until(rows: list[Row[Any]], first: Row[Any]) -> list[Row[Any]]:
    return rows[: _place(rows, first)]


def _place(rows: list[Row[Any]], first: Row[Any]) -> int:
    return next(place for place, row in enumerate(rows) if row.id == first.id)


def _loose(rows: list[Row[Any]], first: Row[Any]) -> list[Row[Any]]:
    """From this page on as far as pages are in no draft and no sheet of ours comes."""
    found = []
    for row in _from(rows, first):
        if row.draft is not None or row.state in SHEETS:
            break
        found.append(row)
    if not found:
        raise Refused(CANNOT, "a sheet of ours is in no document")
    return found
