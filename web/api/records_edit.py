"""RECORDS: changes to filed documents, one by one and many at once, each with its history."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from sqlalchemy import Connection, Row
from starlette.concurrency import run_in_threadpool

from engine.message import Refused
from engine.store.sql import pieces
from records import audit, bulk_edit, edits_documents, tree
from records.ids import public_id
from web.api import models_records as models
from web.api.auth import Person
from web.api.bridge import Bridge
from web.api.guard import AfterQuery, Engine, LimitQuery, PublicId, key_of, need, opaque
from web.api.pdfs import filed
from web.api.problems import not_found
from web.api.rows import document_of
from web.api.withdrawn import readable

router = APIRouter(prefix="/api/v1", tags=["records"])

Editor = Annotated[Person, Depends(need("edit"))]
Reader = Annotated[Person, Depends(need("records"))]


@router.patch("/documents/{id}")
def edit_document(
    id: PublicId,  # noqa: A002 - the address's word
    asked: models.AttributesAsked,
    person: Editor,
    bridge: Engine,
) -> models.DocBrief:
    """Say something else of a document; what is not sent stays."""
    said = asked.model_dump(exclude_none=True, exclude={"reason"})
    return _done(
        bridge, person, id, "document.edit",
        lambda conn, row, at: edits_documents.edit(conn, row.id, said, by=person.id, at=at, reason=asked.reason),
    )  # fmt: skip


@router.get("/documents/{id}/history")
def get_history(
    id: PublicId,  # noqa: A002
    person: Reader,
    bridge: Engine,
    after: AfterQuery = None,
    limit: LimitQuery = 50,
) -> models.History:
    """What was done to it, newest first."""
    row = readable(_found(bridge, id), person)
    bridge.audit(person, "document.history", patient=row.patient, subject=id)
    items, following = bridge.read(lambda conn: edits_documents.history(conn, row.id, key_of(after), limit))
    return models.History.model_validate({"items": items, "next": opaque(following)})


@router.post("/documents/{id}/withdraw")
def withdraw_document(id: PublicId, asked: models.WhyAsked, person: Editor, bridge: Engine) -> models.DocBrief:  # noqa: A002
    """Take it out of the record; whoever was told of it is told."""
    return _done(
        bridge, person, id, "document.withdraw",
        lambda conn, row, at: edits_documents.withdraw(conn, row.id, by=person.id, at=at, reason=asked.reason),
    )  # fmt: skip


@router.post("/documents/{id}/restore")
def restore_document(id: PublicId, person: Editor, bridge: Engine) -> models.DocBrief:  # noqa: A002
    """It is in the record again."""
    return _done(
        bridge, person, id, "document.restore",
        lambda conn, row, at: edits_documents.restore(conn, row.id, by=person.id, at=at),
    )  # fmt: skip


@router.post("/documents/{id}/undo")
def undo_document(id: PublicId, person: Editor, bridge: Engine) -> models.DocBrief:  # noqa: A002
    """Undo the last that was done to it."""
    return _done(
        bridge, person, id, "document.undo",
        lambda conn, row, at: edits_documents.undo(conn, row.id, by=person.id, at=at),
    )  # fmt: skip


@router.post("/documents/{id}/pages")
async def change_pages(id: PublicId, asked: models.PagesAsked, person: Editor, bridge: Engine) -> models.DocBrief:  # noqa: A002
    """A new version of these pages, in this order; the former stays."""
    row = await run_in_threadpool(_found, bridge, id)
    plan = await run_in_threadpool(bridge.read, lambda conn: edits_documents.plan_pages(conn, row.id, asked.pages))
    pdf = await filed(bridge, plan.sources, plan.title, bridge.now(), plan.public_id)

    def write(conn: Connection, row: Row[Any], at: int) -> None:
        edits_documents.pages(
            conn, row.id, asked.pages, pdf=pdf, made_of=plan.made_of, by=person.id, at=at, reason=asked.reason
        )

    return await run_in_threadpool(_done, bridge, person, id, "document.pages", write)


@router.post("/records/bulk/preview")
def preview_bulk_edit(asked: models.BulkEditAsked, person: Editor, bridge: Engine) -> models.BulkPreview:
    """How many documents would change, and how the first of them would."""
    keys = _keys(bridge, asked)
    said = asked.set.model_dump(exclude_none=True)
    changes, sample, owners = bridge.read(lambda conn: bulk_edit.preview(conn, keys, said))
    bridge.audit_each(person, "document.bulk_preview", sorted(owners))
    return models.BulkPreview.model_validate({"count": len(keys), "changes": changes, "sample": sample})


@router.post("/records/bulk/apply")
def apply_bulk_edit(asked: models.BulkEditAsked, person: Editor, bridge: Engine) -> models.BulkDone:
    """Change them all; in pieces, under one name by which all is undone."""
    keys, bulk, at = _keys(bridge, asked), public_id(), bridge.now()
    said = asked.set.model_dump(exclude_none=True)
    if not said:
        raise Refused(edits_documents.REFUSED, "say what is to change")
    count = 0
    for some in pieces(keys, bulk_edit.PIECE):

        def piece(conn: Connection, some: list[int] = some) -> int:
            return bulk_edit.apply(conn, some, said, by=person.id, at=at, reason=asked.reason, bulk=bulk)

        count += bridge.act(piece)
    _bulk_done(bridge, person, "document.bulk", bulk, count)
    return models.BulkDone(bulk=bulk, count=count)


@router.post("/records/bulk/undo")
def undo_bulk_edit(asked: models.BulkUndo, person: Editor, bridge: Engine) -> models.BulkUndone:
    """Put back what a bulk changed; what was changed again since stays."""
    at = bridge.now()
    pairs = bridge.read(lambda conn: bulk_edit.undone(conn, asked.bulk, bulk_edit.MOST))
    if not pairs:
        raise not_found()
    count = 0
    for some in pieces(pairs, bulk_edit.PIECE):

        def piece(conn: Connection, some: list[tuple[int, int]] = some) -> int:
            return bulk_edit.undo(conn, some, by=person.id, at=at)

        count += bridge.act(piece)
    _bulk_done(bridge, person, "document.bulk_undo", asked.bulk, count)
    return models.BulkUndone(bulk=asked.bulk, count=count, left=len(pairs) - count)


def _keys(bridge: Bridge, asked: models.BulkEditAsked) -> list[int]:
    search = asked.search.model_dump() if asked.search is not None else None
    return bridge.read(lambda conn: bulk_edit.found(conn, asked.documents, search))


def _bulk_done(bridge: Bridge, person: Person, act: str, bulk: str, count: int) -> None:
    """The acts name the documents; the audit names the bulk."""
    bridge.audit(person, act, subject=f"{bulk}: {count} documents")
    bridge.notify({"records", "work:hand"})


def _done(
    bridge: Bridge, person: Person, public_id: str, act: str, write: Callable[[Connection, Row[Any], int], Any]
) -> models.DocBrief:
    at, row = bridge.now(), _found(bridge, public_id)

    def operation(conn: Connection) -> None:
        write(conn, row, at)
        audit.record(
            conn, at=at, user=person.login, act=act, patient=row.patient, subject=public_id, origin=person.origin
        )

    bridge.act(operation)
    bridge.notify({"records", f"document:{public_id}", "work:hand", "work:make"})

    def shown(conn: Connection) -> dict[str, Any]:
        row = document_of(conn, public_id)
        (brief,) = tree.briefs(conn, [row], user=person.id, login=person.login, patient_id=row.patient)
        return brief

    return models.DocBrief.model_validate(bridge.read(shown))


def _found(bridge: Bridge, public_id: str) -> Row[Any]:
    return bridge.read(lambda conn: document_of(conn, public_id))
