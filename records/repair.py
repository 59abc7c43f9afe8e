"""Wrong patient: pages and whole documents go to the right one, as one act; whoever was told of them is told again.

A document whose pages all go keeps its id and moves; one that loses some gets a new version without them, and they
become a new document with the same attributes. Pages that are in no document yet are given to the other patient.
Undoing it is the same repair back. Pure functions inside one store operation; the PDFs are made before it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, and_, func, insert, or_, select

from engine.message import Blob, Refused
from engine.points import point
from engine.store.schema import audit as audit_table
from engine.store.schema import document
from engine.store.schema_records import batch, document_page, document_version, draft, outbox, page
from engine.store.sql import pieces
from records import acts, audit, filing, locks, lookup, merge, patients, sources
from records import outbox as telling
from records.assign import Who
from records.ids import public_id
from records.lookup import Found
from records.states import PageState

REFUSED = "WB-8220"  # a repair that cannot be made as it is asked for
KIND = "repair"
COPIED = ("kind", "title", "date", "department", "author", "episode", "details", "batch")
MOST = 500
MOST_READERS = 200


@dataclass(frozen=True, slots=True)
class Part:
    """A document that changes: the pages that leave it and those that stay; with none that stay it moves whole."""

    row: Row[Any] = field(repr=False)
    leaving: list[int]
    staying: list[int]
    sent: bool

    @property
    def is_whole(self) -> bool:
        return not self.staying


@dataclass(frozen=True, slots=True)
class Plan:
    """What a repair does. loose: pages of no document; conflicts: words why it cannot be done."""

    to: Found
    parts: list[Part]
    loose: list[Row[Any]] = field(repr=False)
    conflicts: list[str] = field(default_factory=list)

    @property
    def pages(self) -> list[int]:
        return [key for part in self.parts for key in part.leaving] + [row.id for row in self.loose]

    @property
    def losers(self) -> set[int]:
        """Patients from whom something goes."""
        return {part.row.patient for part in self.parts} | {row.patient for row in self.loose if row.patient}


@dataclass(frozen=True, slots=True)
class Made:
    """The two PDFs of a document that is split, and the names of what they were made of."""

    rest: Blob
    gone: Blob
    made_of: str


@dataclass(frozen=True, slots=True)
class Done:
    """moved, made: public ids of documents."""

    act: int
    moved: list[str]
    made: list[str]
    pages: int
    batches: list[str]


def plan(conn: Connection, *, documents: Sequence[str], pages: Sequence[str], to: str, me: int, at: int) -> Plan:
    """What would be done. `Refused` when something that is named is not there."""
    known = patients.by_public_id(conn, to)
    rows = _named(conn, document, documents)
    chosen = _named(conn, page, pages)
    if known is None or not (rows or chosen):
        raise Refused(REFUSED, "nobody, or nothing, to be repaired")
    parts = [Part(row, _members(conn, row), [], _is_sent(conn, row)) for row in rows]
    holders = _holders(conn, [row.id for row in chosen])
    for row in _documents(
        conn, sorted({key for found in holders.values() for key in found} - {row.id for row in rows})
    ):
        members = _members(conn, row)
        leaving = [key for key in members if row.id in holders.get(key, ())]
        parts.append(Part(row, leaving, [key for key in members if key not in leaving], _is_sent(conn, row)))
    within = {key for part in parts for key in part.leaving}
    made = Plan(lookup.brief(conn, [known["id"]])[known["id"]], parts, [row for row in chosen if row.id not in within])
    made.conflicts.extend(_conflicts(conn, made, me, at))
    return made


def _conflicts(conn: Connection, made: Plan, me: int, at: int) -> list[str]:
    """same: all is this patient's already. withdrawn: a document is. locked: somebody works on the batch of a page."""
    words = []
    if made.losers <= {made.to.key} and not any(row.patient is None for row in made.loose):
        words.append("same")
    if any(part.row.state != "current" for part in made.parts):
        words.append("withdrawn")
    mine = select(batch).where(batch.c.id.in_({row.batch for row in made.loose}))
    if any(locks.holder(row, at) not in (None, me) for row in conn.execute(mine)):
        words.append("locked")
    return words


def readers(conn: Connection, made: Plan) -> list[tuple[str, int]]:
    """Who saw what goes, under the wrong patient: login and last time, the latest first."""
    names = [part.row.public_id for part in made.parts]
    batches = select(batch.c.public_id).where(batch.c.id.in_({row.batch for row in made.loose}))
    names += list(conn.execute(batches).scalars())
    whole = audit_table.c.act.in_(("record.whole", "record.loose"))
    seen = or_(audit_table.c.subject.in_(names), and_(whole, audit_table.c.at >= _since(made)))
    query = (
        select(audit_table.c.user, func.max(audit_table.c.at).label("last"))
        .where(audit_table.c.patient.in_(made.losers), audit_table.c.act.not_like("%.file"), seen)
        .group_by(audit_table.c.user)
        .order_by(func.max(audit_table.c.at).desc())
        .limit(MOST_READERS)
    )
    return [(row.user, row.last) for row in conn.execute(query)]


def _since(made: Plan) -> int:
    """When the first of it was the wrong patient's."""
    times = [part.row.created_at for part in made.parts] + [row.assigned_at or row.created_at for row in made.loose]
    return min(times, default=0)


def wanted(conn: Connection, part: Part) -> tuple[list[dict[str, Any]], list[dict[str, Any]], str]:
    """Of a document that is split: what its rest and what its leaving pages are made of, and the name of both."""
    rest = sources.of_pages(conn, part.staying, words=True)
    gone = sources.of_pages(conn, part.leaving, words=True)
    return rest, gone, sources.name_of(rest)[:32] + sources.name_of(gone)[:32]


def apply(conn: Connection, made: Plan, pdfs: Mapping[str, Made], *, who: Who, at: int, note: str) -> Done:
    """Do it all. pdfs: by public id of each document that is split; made of the pages as they look now."""
    if made.conflicts:
        raise Refused(REFUSED, f"the repair cannot be made: {', '.join(made.conflicts)}")
    for part in made.parts:
        if part.is_whole:
            telling.put(conn, operation=telling.WITHDRAWN, document_id=part.row.id, at=at, reason=note)
    new = {part.row.id: _split(conn, made, part, pdfs, who, at, note) for part in made.parts if not part.is_whole}
    one = made.parts[0].row.id if len(made.parts) == 1 else None
    act = acts.change(
        conn, kind=KIND, by=who.id, at=at, document=one, note=note, rows=_rows(conn, made, new, pdfs, who, at),
        added={"document": list(new.values())},
    )  # fmt: skip
    point("desk.repair")
    for part in made.parts:
        operation = telling.FILED if part.is_whole else telling.REPLACED
        telling.put(conn, operation=operation, document_id=part.row.id, at=at, reason=note)
    for key in new.values():
        telling.put(conn, operation=telling.FILED, document_id=key, at=at, reason=note)
    merge.renew_batches(conn, made.pages, at)
    for owner in sorted(made.losers | {made.to.key}):
        audit.record(conn, at=at, user=who.login, act=KIND, patient=owner, subject=f"act {act}", origin=who.origin)
    return _done(conn, made, new, act)


def _done(conn: Connection, made: Plan, new: Mapping[int, int], act: int) -> Done:
    moved = [part.row.public_id for part in made.parts if part.is_whole]
    keys = list(new.values())
    fresh = list(conn.execute(select(document.c.public_id).where(document.c.id.in_(keys))).scalars())
    touched = select(batch.c.public_id).join(page, page.c.batch == batch.c.id).where(page.c.id.in_(made.pages[:MOST]))
    return Done(act, moved, fresh, len(made.pages), list(conn.execute(touched.distinct()).scalars()))


def _split(conn: Connection, made: Plan, part: Part, pdfs: Mapping[str, Made], who: Who, at: int, note: str) -> int:
    """The pages that leave become a document, whose number is answered; those that stay the next version of theirs."""
    ready = pdfs.get(part.row.public_id)
    if ready is None or ready.made_of != wanted(conn, part)[2]:
        raise Refused(filing.CHANGED, "the pages changed meanwhile; look at the preview again")
    values = {name: part.row._mapping[name] for name in COPIED}
    values |= {"public_id": public_id(), "patient": made.to.key, "origin": "scan"}
    values |= {"blob": ready.gone.sha256, "pages": len(part.leaving), "created_at": at, "changed_at": at}
    inserted = conn.execute(insert(document).values(values)).inserted_primary_key
    assert inserted is not None
    key = int(inserted[0])
    filing.version(conn, key, 1, pdf=ready.gone, keys=part.leaving, by=who.id, at=at, reason=note)
    number = _next(conn, part.row.id)
    filing.version(conn, part.row.id, number, pdf=ready.rest, keys=part.staying, by=who.id, at=at, reason=note)
    return key


def _rows(
    conn: Connection, made: Plan, new: Mapping[int, int], pdfs: Mapping[str, Made], who: Who, at: int
) -> acts.Changes:
    to = made.to.key
    given = {"patient": to, "assigned_by": who.id, "assigned_at": at, "assigned_how": KIND}
    pages: dict[int, dict[str, Any]] = {key: dict(given) for key in made.pages}
    drafts: dict[int, dict[str, Any]] = {}
    documents: dict[int, dict[str, Any]] = {}
    for part in made.parts:
        if part.is_whole:
            documents[part.row.id] = {"patient": to}
            mine = select(draft.c.id).where(draft.c.document == part.row.id)
            drafts |= {key: {"patient": to} for key in conn.execute(mine).scalars()}
        else:
            blob = pdfs[part.row.public_id].rest.sha256
            number = _next(conn, part.row.id) - 1
            documents[part.row.id] = {"version": number, "pages": len(part.staying), "blob": blob}
    for draft_id, members in _open_drafts(conn, made.loose).items():
        leaving = [key for key in members if key in pages]
        if len(leaving) == len(members):
            drafts[draft_id] = {"patient": to}
        else:
            # A group of pages of two patients can never be filed.
            for key in leaving:
                pages[key]["draft"] = None
    return {"page": pages, "draft": drafts, "document": documents}


def _open_drafts(conn: Connection, loose: Sequence[Row[Any]]) -> dict[int, list[int]]:
    """Drafts that are not filed and hold one of these pages, with all their pages of the record."""
    keys = {row.draft for row in loose if row.draft is not None}
    query = (
        select(page.c.draft, page.c.id)
        .join(draft, draft.c.id == page.c.draft)
        .where(draft.c.id.in_(keys), draft.c.state == "open", page.c.state.in_((PageState.KEPT, PageState.RESCAN)))
    )
    made: dict[int, list[int]] = {}
    for draft_id, key in conn.execute(query):
        made.setdefault(draft_id, []).append(key)
    return made


def _named(conn: Connection, table: Any, names: Sequence[str]) -> list[Row[Any]]:
    """The rows of these public ids, in this order, each once."""
    found: dict[str, Row[Any]] = {}
    asked = list(dict.fromkeys(names))
    for some in pieces(asked):
        rows = conn.execute(select(table).where(table.c.public_id.in_(some)))
        found |= {row.public_id: row for row in rows}
    if len(found) != len(asked):
        raise Refused(REFUSED, "a document or page is not there")
    return [found[name] for name in asked]


def _documents(conn: Connection, keys: Sequence[int]) -> list[Row[Any]]:
    return list(conn.execute(select(document).where(document.c.id.in_(keys)).order_by(document.c.id)))


def _members(conn: Connection, row: Row[Any]) -> list[int]:
    return filing.pages_of(conn, row.id, row.version)


def _holders(conn: Connection, keys: Sequence[int]) -> dict[int, set[int]]:
    """By page: the current documents that hold it in their newest version."""
    made: dict[int, set[int]] = {}
    for some in pieces(keys):
        query = (
            select(document_page.c.page, document.c.id)
            .join(document, document.c.id == document_page.c.document)
            .where(document_page.c.page.in_(some))
            .where(document.c.version == document_page.c.version, document.c.state == "current")
        )
        for key, holder in conn.execute(query):
            made.setdefault(key, set()).add(holder)
    return made


def _is_sent(conn: Connection, row: Row[Any]) -> bool:
    """Whether somebody was told of it, or will be."""
    return conn.execute(select(outbox.c.id).where(outbox.c.document == row.id).limit(1)).first() is not None


def _next(conn: Connection, document_id: int) -> int:
    newest = select(func.max(document_version.c.version)).where(document_version.c.document == document_id)
    return int(conn.execute(newest).scalar_one() or 0) + 1
