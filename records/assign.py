"""Pages are given to patients: by label, by typing, by what was read. What on a page contradicts it stops the act.

Pure functions inside a store operation. A contradiction is overridden by two people: the first one's wish is kept as an
act of kind `assign.proposed` that changes nothing, the second one's confirmation makes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Row, insert, select, update

from engine.message import Refused
from engine.points import point
from engine.store.schema_records import act, batch, draft, page
from records import acts, audit, batches, patients, whose
from records.batches import RECORD
from records.desk import CANNOT, Desk, Wish
from records.states import BatchState
from records.whose import Against, Field

MISMATCH = "WB-8201"  # a page says that it is another patient's
UNCONFIRMED = "WB-8202"  # a proposal that this person, or nobody any more, can confirm
NOBODY = "WB-8204"  # no patient has this id or number

How = Literal["label", "typed", "scanned", "ocr", "file", "appointment", "previous"]
CONFIRMED = "confirmed"
KIND, PROPOSED, TAKEN = "assign", "assign.proposed", "assign.accepted"
STATES = (BatchState.OPEN, BatchState.STOPPED, BatchState.CLOSED)


class Mismatch(Refused):
    """A page contradicts the patient. `fields`: words, never values; `pages`: public ids."""

    def __init__(self, found: Sequence[Against]) -> None:
        self.fields: list[Field] = list(dict.fromkeys(one.field for one in found))
        self.pages = list(dict.fromkeys(one.page for one in found))
        words = ", ".join(self.fields).replace("_", " ")
        super().__init__(MISMATCH, f"what stands on the page contradicts this patient: {words}")


@dataclass(frozen=True, slots=True)
class Who:
    """Who does it."""

    id: int
    login: str
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """pages: public ids, or all of the batch, or those that are nobody's. patient: public id; None: nobody's again."""

    pages: Sequence[str] | Literal["all", "rest"]
    patient: str | None
    how: str = "typed"
    note: str = ""


def contradictions(conn: Connection, batch_id: int, wanted: Wanted) -> list[Against]:
    """What on the pages speaks against the patient: a question, asked before the act because it reads much text."""
    if wanted.patient is None:
        return []
    return whose.against(conn, chosen(conn, batch_id, wanted.pages), _key(conn, wanted.patient))


def assign(
    conn: Connection, batch_id: int, wanted: Wanted, found: Sequence[Against], *, who: Who, at: int
) -> acts.Touched:
    """Do it; raises `Mismatch` when something speaks against it and there is no note, else proposes it.

    found: what `contradictions` answered. Labels are looked at once more here: they are what counts most.
    """
    row = batches.hold(conn, batch_id, by=who.id, at=at, states=STATES)
    rows = chosen(conn, batch_id, wanted.pages)
    key = None if wanted.patient is None else _key(conn, wanted.patient)
    against = list(found) or _labels(conn, rows, key)
    if against and not wanted.note.strip():
        raise Mismatch(against)
    if against and key is not None:
        return _propose(conn, row, rows, key, wanted.note, who, at)
    return _do(conn, row, rows, key, wanted.how, wanted.note, who, at)


def confirm(conn: Connection, batch_id: int, number: int, *, who: Who, at: int) -> acts.Touched:
    """Another person says that the proposal is right. It needs not hold the batch: the first one does."""
    row = conn.execute(select(batch).where(batch.c.id == batch_id)).one()
    wish = conn.execute(select(act).where(act.c.id == number, act.c.batch == batch_id)).one_or_none()
    if wish is None or wish.kind != PROPOSED or wish.undone_at is not None:
        raise Refused(UNCONFIRMED, "there is no such proposal any more")
    if wish.by == who.id:
        raise Refused(UNCONFIRMED, "another person has to confirm it")
    if row.state not in STATES:
        raise Refused(batches.CLOSED, f"the batch is {row.state}")
    rows = _proposed(conn, batch_id, wish)
    conn.execute(update(act).where(act.c.id == wish.id).values(kind=TAKEN))
    (owner,) = wish.after["patient"]
    known = patients.by_key(conn, int(owner))
    assert known is not None
    return _do(conn, row, rows, known["id"], CONFIRMED, wish.note, who, at)


def chosen(conn: Connection, batch_id: int, pages: Sequence[str] | Literal["all", "rest"]) -> list[Row[Any]]:
    """The pages of the record among them that are in no filed document. `Refused` when there is none."""
    named = [] if isinstance(pages, str) else pages
    desk = Desk(conn, batch_id, Wish(KIND, named), 0, 0)
    rows = [row for row in desk.all if not row.filed] if isinstance(pages, str) else desk.chosen
    rows = [row for row in rows if row.state in RECORD and (pages != "rest" or row.patient is None)]
    if not rows:
        raise Refused(CANNOT, "there is no page of a record among these")
    return rows


def _key(conn: Connection, public_id: str) -> int:
    known = patients.by_public_id(conn, public_id)
    if known is None:
        raise Refused(NOBODY, "there is no such patient")
    return int(known["id"])


def _labels(conn: Connection, rows: Sequence[Row[Any]], key: int | None) -> list[Against]:
    return [
        Against(row.public_id, "number")
        for row in (rows if key is not None else ())
        if any(patients.key_of(conn, number) != key for number, _ in whose.labels(row.codes))
    ]


def _do(
    conn: Connection, row: Row[Any], rows: Sequence[Row[Any]], key: int | None, how: str, note: str, who: Who, at: int
) -> acts.Touched:
    """The act itself, with the drafts whose pages are all among these."""
    values: dict[str, Any] = {
        "patient": key,
        "assigned_by": who.id,
        "assigned_at": at,
        "assigned_how": how if key is not None else "",
    }
    pages = {one.id: values for one in rows}
    drafts: dict[int, dict[str, Any]] = {one: {"patient": key} for one in _drafts(conn, row.id, set(pages))}
    changes: acts.Changes = {"page": pages, "draft": drafts}
    number = acts.change(conn, kind=KIND, by=who.id, at=at, batch=row.id, note=note, rows=changes)
    point("desk.assign")
    for owner in sorted(
        {one.patient for one in rows if one.patient is not None} | ({key} if key is not None else set())
    ):
        subject = f"{row.public_id}, {len(rows)} pages"
        audit.record(conn, at=at, user=who.login, act="page.assign", patient=owner, subject=subject, origin=who.origin)
    return acts.Touched(number, KIND, row.id, None, {"page": list(pages)})


def _drafts(conn: Connection, batch_id: int, pages: set[int]) -> list[int]:
    """Open drafts that name a patient and lose all their pages to another."""
    query = (
        select(draft.c.id, page.c.id)
        .join(page, page.c.draft == draft.c.id)
        .where(draft.c.batch == batch_id, draft.c.state == "open", draft.c.patient.is_not(None))
        .where(page.c.state.in_(RECORD))
    )
    members: dict[int, set[int]] = {}
    for draft_id, page_id in conn.execute(query):
        members.setdefault(draft_id, set()).add(page_id)
    return [draft_id for draft_id, mine in members.items() if mine <= pages]


def _propose(
    conn: Connection, row: Row[Any], rows: Sequence[Row[Any]], key: int, note: str, who: Who, at: int
) -> acts.Touched:
    """Kept as an act that changes no column: nothing follows from it but that it can be confirmed."""
    after: dict[str, Any] = {"page": {str(one.id): {} for one in rows}, "patient": {str(key): {}}}
    made = conn.execute(
        insert(act).values(
            kind=PROPOSED, batch=row.id, before={}, after=after, note=note.strip()[:200], by=who.id, at=at
        )
    ).inserted_primary_key
    assert made is not None
    subject = f"{row.public_id}, {len(rows)} pages"
    audit.record(conn, at=at, user=who.login, act=PROPOSED, patient=key, subject=subject, origin=who.origin)
    return acts.Touched(int(made[0]), PROPOSED, row.id, None, {"page": []})


def _proposed(conn: Connection, batch_id: int, wish: Row[Any]) -> list[Row[Any]]:
    """The proposal's pages, if nobody gave one of them to anybody since."""
    keys = {int(key) for key in wish.after["page"]}
    rows = [row for row in Desk(conn, batch_id, Wish(KIND), 0, 0).all if row.id in keys]
    if any(row.filed or row.state not in RECORD or (row.assigned_at or 0) > wish.at for row in rows):
        raise Refused(UNCONFIRMED, "a page was changed since it was proposed")
    return rows
