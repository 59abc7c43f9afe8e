"""A draft becomes a document: one commit with everything that follows from it.

The PDF is made before, from the pages as they look then; the commit files it only if they still look so. The same
draft filed again is the same document.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from engine.message import Blob, Refused
from engine.points import point
from engine.store.schema import blob as blobs
from engine.store.schema import document
from engine.store.schema_records import batch, document_page, document_version, draft, making, page
from records import acts, audit, batches, outbox, pages, sources
from records.ids import public_id
from records.states import BatchState, PageState

REFUSED = "WB-8303"  # a draft that cannot be filed yet: something is missing, or its batch is not closed
CHANGED = "WB-8304"  # the pages changed while their PDF was made

COPIED = ("kind", "date", "department", "author", "title", "episode", "details")
"""Attributes that a document takes from its draft, and that a version keeps."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A draft that can be filed. document: public id of the one that it is already."""

    draft: int
    public_id: str
    batch: str
    document: str | None
    title: str
    sources: list[dict[str, Any]] = field(repr=False)
    made_of: str


@dataclass(frozen=True, slots=True)
class Filed:
    """`document` is its public id; `new` is false when it was filed before."""

    document: str
    batch: str
    new: bool
    batch_filed: bool = False


def find(conn: Connection, public_id: str) -> Row[Any] | None:
    """The draft of this id."""
    return conn.execute(select(draft).where(draft.c.public_id == public_id)).one_or_none()


def batch_of(conn: Connection, row: Row[Any]) -> str:
    """The public id of a draft's batch."""
    return str(conn.execute(select(batch.c.public_id).where(batch.c.id == row.batch)).scalar_one())


def owner(conn: Connection, row: Row[Any]) -> int | None:
    """Whose a draft is, or would be by its pages."""
    return _owner(row, {one.patient for one in _members(conn, row.id)})


def plan(conn: Connection, draft_id: int) -> Plan:
    """What filing this draft needs; `Refused` says in words what is missing."""
    row = conn.execute(select(draft).where(draft.c.id == draft_id)).one()
    within = conn.execute(select(batch).where(batch.c.id == row.batch)).one()
    if row.document is not None:
        return Plan(row.id, row.public_id, within.public_id, _public(conn, row.document), row.title, [], "")
    lacks = missing(conn, row, within.state)
    if lacks:
        raise Refused(REFUSED, f"the draft is not complete: {', '.join(lacks)}")
    found = sources.of_pages(conn, [one.id for one in _members(conn, row.id)])
    return Plan(row.id, row.public_id, within.public_id, None, row.title or row.kind, found, sources.name_of(found))


def missing(conn: Connection, row: Row[Any], state: str) -> list[str]:
    """Words: `closed` (the batch is not), `pages`, and those of `pages.missing`."""
    owners = {one.patient for one in _members(conn, row.id)}
    words = [] if state == BatchState.CLOSED else ["closed"]
    words += [] if owners else ["pages"]
    return words + pages.missing(row, _owner(row, owners), owners)


def file(
    conn: Connection, draft_id: int, *, pdf: Blob, made_of: str, by: int, login: str, at: int, origin: str = ""
) -> Filed:
    """File the draft with this PDF, which was made of the pages that `plan` named `made_of`."""
    ready = plan(conn, draft_id)
    if ready.document is not None:
        return Filed(ready.document, ready.batch, new=False)
    row = conn.execute(select(draft).where(draft.c.id == draft_id)).one()
    batches.hold(conn, row.batch, by=by, at=at, states=(BatchState.CLOSED,))
    if ready.made_of != made_of:
        raise Refused(CHANGED, "the pages changed meanwhile; file the document again")
    whose = owner(conn, row)
    key = _document(conn, row, whose, pdf, len(ready.sources), at)
    point("file.document")
    version(conn, key, 1, pdf=pdf, keys=[one["id"] for one in ready.sources], by=by, at=at)
    conn.execute(update(draft).where(draft.c.id == row.id).values(state="filed", document=key, changed_at=at))
    acts.change(conn, kind="file", by=by, at=at, batch=row.batch, document=key, rows={})
    outbox.put(conn, operation=outbox.FILED, document_id=key, at=at)
    audit.record(conn, at=at, user=login, act="document.file", patient=whose, subject=_public(conn, key), origin=origin)
    settled = batches.settle(conn, row.batch, at)
    point("file.before_commit")
    return Filed(_public(conn, key), ready.batch, new=True, batch_filed=settled)


def version(
    conn: Connection,
    document_id: int,
    number: int,
    *,
    pdf: Blob,
    keys: Sequence[int],
    by: int | None,
    at: int,
    reason: str = "",
) -> None:
    """Write a version of a document with its pages; its searchable form is due."""
    keep(conn, pdf, at)
    row = conn.execute(select(document).where(document.c.id == document_id)).one()
    attributes = {name: row._mapping[name] for name in COPIED}
    conn.execute(
        insert(document_version).values(
            document=document_id, version=number, blob=pdf.sha256, form="pictures", checks=[], pages=len(keys),
            attributes=attributes, reason=reason[:200], by=by, at=at,
        )
    )  # fmt: skip
    rows = [{"document": document_id, "version": number, "position": n, "page": key} for n, key in enumerate(keys, 1)]
    conn.execute(insert(document_page), rows)
    due(conn, document_id, at)


def pages_of(conn: Connection, document_id: int, number: int) -> list[int]:
    """The pages of a version, in their order."""
    mine = (document_page.c.document == document_id, document_page.c.version == number)
    query = select(document_page.c.page).where(*mine).order_by(document_page.c.position)
    return list(conn.execute(query).scalars())


def due(conn: Connection, document_id: int, at: int) -> None:
    """The searchable form of the document's newest version is to be made."""
    changed = conn.execute(
        update(making).where(making.c.document == document_id).values(attempts=0, due_at=at, code="", reason="")
    )
    if not changed.rowcount:
        conn.execute(insert(making).values(document=document_id, attempts=0, due_at=at))


def keep(conn: Connection, blob: Blob, at: int) -> None:
    """The row of bytes that are durable in the blob store."""
    conn.execute(
        insert(blobs).prefix_with("OR IGNORE")
        .values(sha256=blob.sha256, size=blob.size, content_type=blob.content_type, name=blob.name[:200], at=at)
    )  # fmt: skip


def _members(conn: Connection, draft_id: int) -> list[Row[Any]]:
    query = select(page.c.id, page.c.patient).where(page.c.draft == draft_id, page.c.state == PageState.KEPT)
    return [*conn.execute(query.order_by(page.c.position, page.c.id))]


def _owner(row: Row[Any], owners: set[int | None]) -> int | None:
    """The patient of the draft, or the one of all its pages."""
    if row.patient is not None or len(owners) != 1:
        return row.patient  # type: ignore[no-any-return]
    return next(iter(owners))


def _document(conn: Connection, row: Row[Any], whose: int | None, pdf: Blob, count: int, at: int) -> int:
    values: Mapping[str, Any] = {name: row._mapping[name] for name in COPIED} | {
        "public_id": public_id(),
        "patient": whose,
        "blob": pdf.sha256,
        # The draft's own name: it can be filed once, whatever happens.
        "effect": f"draft:{row.public_id}",
        "origin": "scan",
        "state": "current",
        "version": 1,
        "pages": count,
        "batch": row.batch,
        "created_at": at,
        "changed_at": at,
    }
    made = conn.execute(insert(document).values(values)).inserted_primary_key
    assert made is not None
    return int(made[0])


def _public(conn: Connection, key: int) -> str:
    return str(conn.execute(select(document.c.public_id).where(document.c.id == key)).scalar_one())
