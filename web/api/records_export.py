"""What leaves the record as a file: one PDF of all images of a patient, and chosen documents as PDF or ZIP."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from fastapi.responses import FileResponse
from sqlalchemy import Connection, Row, select
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool

from engine.message import new_id
from engine.store.schema import document
from engine.store.sql import pieces
from records import audit, export, sources, whole
from web.api import models_records as models
from web.api.auth import Person
from web.api.bridge import Bridge
from web.api.guard import Engine, PublicId, need
from web.api.pdfs import folder_of
from web.api.problems import BAD_REQUEST, Denied, not_found
from web.api.rows import owner_of
from web.api.withdrawn import readable

router = APIRouter(prefix="/api/v1", tags=["records"])

Reader = Annotated[Person, Depends(need("records"))]
TYPES = {"pdf": "application/pdf", "zip": "application/zip"}


@router.get("/patients/{id}/all.pdf", response_class=FileResponse)
async def get_whole_record(id: PublicId, person: Reader, bridge: Engine) -> Response:  # noqa: A002 - the address's word
    """All images of the patient in one PDF: by document, then what is in none; what nobody checked is marked."""

    def plan() -> list[dict[str, Any]]:
        owner = bridge.read(lambda conn: owner_of(conn, id))
        pages = bridge.read(lambda conn: whole.plan(conn, owner.id))
        bridge.audit(person, "record.whole", patient=owner.id, subject=f"{len(pages)} pages")
        return pages

    pages = await run_in_threadpool(plan)
    located = sources.located(pages, bridge.blobs.path)
    options = {"title": "Record", "created": bridge.now()}
    return await _sent(bridge, "pdf", "record", "records.whole_pdf:make", located, options)


@router.post("/records/export", response_class=FileResponse)
async def export_documents(asked: models.ExportAsked, person: Reader, bridge: Engine) -> Response:
    """These documents as one PDF (to print, too) or as a ZIP with a manifest; each is recorded."""
    if (asked.documents is None) == (asked.patient is None):
        raise Denied(422, BAD_REQUEST, "Either documents or a patient.")

    def plan() -> list[dict[str, Any]]:
        rows = bridge.read(lambda conn: _rows(conn, asked, person))
        items = bridge.read(lambda conn: export.plan(conn, rows))
        at = bridge.now()
        bridge.store.write_now(lambda conn: _record(conn, person, rows, at))
        return items

    located = sources.located(await run_in_threadpool(plan), bridge.blobs.path)
    if asked.form == "pdf":
        return await _sent(bridge, "pdf", "documents", "records.export:join", located)
    moment = datetime.fromtimestamp(bridge.now() / 1000, UTC).isoformat(timespec="seconds")
    exported = {"by": person.login, "at": moment}
    return await _sent(bridge, "zip", "documents", "records.export:pack", located, exported)


def _rows(conn: Connection, asked: models.ExportAsked, person: Person) -> Sequence[Row[Any]]:
    """In the order that was asked for."""
    if asked.patient is not None:
        return export.of_patient(conn, owner_of(conn, asked.patient).id)
    names = list(dict.fromkeys(asked.documents or []))
    known = {
        row.public_id: readable(row, person)
        for some in pieces(names)
        for row in conn.execute(select(document).where(document.c.public_id.in_(some)))
    }
    if len(known) != len(names):
        raise not_found()
    return [known[name] for name in names]


def _record(conn: Connection, person: Person, rows: Sequence[Row[Any]], at: int) -> None:
    for row in rows:
        audit.record(
            conn, at=at, user=person.login, act="document.export", patient=row.patient, subject=row.public_id,
            origin=person.origin,
        )  # fmt: skip


async def _sent(bridge: Bridge, form: str, name: str, job: str, items: list[dict[str, Any]], *more: Any) -> Response:
    """The file that a worker makes, streamed; it is removed when it was sent, or could not be made."""
    folder: Path = await run_in_threadpool(folder_of, bridge)
    out = folder / f"{new_id()}.{form}"
    try:
        await bridge.work(job, items, str(out), *more, crew="papers")
    except BaseException:
        out.unlink(missing_ok=True)
        raise
    shown = "inline" if form == "pdf" else "attachment"
    headers = {"content-disposition": f'{shown}; filename="{name}.{form}"'}
    gone = BackgroundTask(out.unlink, missing_ok=True)
    return FileResponse(out, media_type=TYPES[form], headers=headers, background=gone)
