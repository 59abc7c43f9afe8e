"""`/d/ID` and `/d/ID.png`: the links that the HIS stores. Opaque, behind sign-in, recorded."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, RedirectResponse
from sqlalchemy import Connection, Row, select
from starlette.concurrency import run_in_threadpool

from engine.message import Blob
from engine.ops.read_values import find_blob
from engine.store.schema import document
from web.api.bridge import Bridge
from web.api.cache import Cache
from web.api.files import send_path, type_of
from web.api.guard import Engine, PublicId, bridge_of, person_of
from web.api.problems import NO_RIGHT, Denied, not_found
from web.api.withdrawn import gone

router = APIRouter(prefix="/d", tags=["documents"])

WIDTH = 1200
RIGHT = "documents"

_drawing = asyncio.Semaphore(2)


@router.get("/{name}.png", response_class=Response)
async def get_picture(name: PublicId, request: Request) -> Response:
    """The first page as a picture."""
    bridge = bridge_of(request)
    found = await run_in_threadpool(_look, bridge, request, name, "document.picture")
    if isinstance(found, Response):
        return found
    cache = Cache(bridge.state / "cache" / "pages")
    key = f"{found.sha256}-{WIDTH}"
    drawn = await run_in_threadpool(cache.find, key)
    if drawn is None:
        async with _drawing:
            png = await bridge.draw(bridge.blobs.path(found), 1, WIDTH)
        drawn = await run_in_threadpool(cache.keep, key, png)
    return send_path(drawn, "image/png", name)


@router.get("/{id}", response_class=FileResponse)
def get_document(id: PublicId, request: Request, bridge: Engine) -> Response:  # noqa: A002 - the address's word
    """The document itself."""
    found = _look(bridge, request, id, "document.open")
    if isinstance(found, Response):
        return found
    path = bridge.blobs.path(found)
    return send_path(path, type_of(path, found.content_type), id)


def _look(bridge: Bridge, request: Request, public_id: str, act: str) -> Blob | Response:
    """The document's bytes, with the look written down first; or the way to sign in."""
    try:
        person = person_of(request)
    except Denied:
        # The address holds the opaque id only; the screens check that `next` stays within this server.
        return RedirectResponse(f"/login?next={request.url.path}", status_code=303)
    if RIGHT not in person.rights:
        raise Denied(403, NO_RIGHT, f"You lack the right `{RIGHT}`.", RIGHT)
    row = bridge.read(lambda conn: _document(conn, public_id))
    blob = bridge.read(lambda conn: find_blob(conn, row.blob)) if row else None
    if row is None or blob is None:
        raise not_found()
    if row.state == "withdrawn":
        raise gone()
    bridge.audit(person, act, patient=row.patient, run=row.run, subject=public_id)
    return blob


def _document(conn: Connection, public_id: str) -> Row[tuple[object, ...]] | None:
    return conn.execute(select(document).where(document.c.public_id == public_id)).first()
