"""What a group of pages is said to be, before it becomes a document. Each change is an act that can be undone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, select

from engine.message import Refused
from engine.store.schema_records import department, doc_kind, draft
from records import acts, batches, pages
from records.states import BatchState

WRONG = "WB-8305"  # what is said of a document and cannot be: its kind, date, department or details

FIELDS = ("kind", "date", "department", "author", "title", "episode", "details")
SAME = ("kind", "date", "department", "author", "title", "episode")
"""What "same as previous" takes over; details are of one document."""
LONGEST = {"kind": 60, "department": 40, "author": 100, "title": 200, "episode": 60}
STATES = (BatchState.OPEN, BatchState.STOPPED, BatchState.CLOSED)
MOST_DETAILS, LONGEST_DETAIL = 40, 200


def patch(conn: Connection, draft_id: int, said: Mapping[str, Any], *, by: int, at: int) -> int:
    """Say what the pages are; the act. A kind brings its usual department when none is said."""
    row = _held(conn, draft_id, by=by, at=at)
    values = checked(conn, said)
    if values.get("kind") and not row.department and "department" not in values:
        usual = conn.execute(select(doc_kind.c.department).where(doc_kind.c.code == values["kind"])).scalar_one()
        values |= {"department": usual} if usual else {}
    return acts.change(conn, kind="classify", by=by, at=at, batch=row.batch, rows={"draft": {draft_id: values}})


def same(conn: Connection, draft_id: int, *, by: int, at: int) -> int:
    """The same as the draft before it in the batch; the act."""
    row = _held(conn, draft_id, by=by, at=at)
    order = [one["id"] for one in pages.drafts(conn, row.batch)]
    place = order.index(row.public_id) if row.public_id in order else 0
    if place == 0:
        raise Refused(WRONG, "there is no document before this one")
    former = conn.execute(select(draft).where(draft.c.public_id == order[place - 1])).one()
    values = {name: former._mapping[name] for name in SAME}
    return acts.change(conn, kind="classify.same", by=by, at=at, batch=row.batch, rows={"draft": {draft_id: values}})


def view(conn: Connection, row: Row[Any]) -> dict[str, Any]:
    """The draft as the screens show it; `Refused` when it has no page of the record."""
    found = next((one for one in pages.drafts(conn, row.batch) if one["id"] == row.public_id), None)
    if found is None:
        raise Refused(WRONG, "the draft has no pages")
    return found


def checked(conn: Connection, said: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes as a draft and a document have them; `Refused` names the field, never its value."""
    values = {name: said[name] for name in FIELDS if said.get(name) is not None}
    for name, most in LONGEST.items():
        if name in values:
            values[name] = values[name].strip()
            if len(values[name]) > most or any(ord(character) < 32 for character in values[name]):
                raise Refused(WRONG, f"the {name} is too long, or has characters that do not print")
    if (
        values.get("kind")
        and conn.execute(select(doc_kind.c.code).where(doc_kind.c.code == values["kind"])).first() is None
    ):
        raise Refused(WRONG, "there is no such kind of document")
    if values.get("department"):
        known = select(department.c.code).where(department.c.code == values["department"])
        if conn.execute(known).first() is None:
            raise Refused(WRONG, "there is no such department")
    if values.get("date") and not is_date(values["date"]):
        raise Refused(WRONG, "the date is no day written YYYY-MM-DD")
    if "details" in values:
        _details(values["details"])
    return values


def is_date(text: str) -> bool:
    """A day of this or the last century, as ISO 8601 writes it."""
    try:
        return bool(re.fullmatch(r"(19|20)\d\d-\d\d-\d\d", text)) and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _details(given: Mapping[str, Any]) -> None:
    long = any(len(name) > 60 or len(str(value)) > LONGEST_DETAIL for name, value in given.items())
    if long or len(given) > MOST_DETAILS:
        raise Refused(WRONG, "there are too many details, or one is too long")


def _held(conn: Connection, draft_id: int, *, by: int, at: int) -> Row[Any]:
    """The draft, which is open, in a batch that is this person's."""
    row = conn.execute(select(draft).where(draft.c.id == draft_id)).one()
    batches.hold(conn, row.batch, by=by, at=at, states=STATES)
    if row.state != "open":
        raise Refused(WRONG, "the draft is filed; change the document")
    return row
