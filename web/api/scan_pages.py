"""Pictures of pages. One that is not there yet is made in a worker when it is asked for, and kept.

Their looks are in the audit by batch, not by picture. The address may name the recipe (`?r=`): such a picture never
changes, so the browser asks for it once.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import FileResponse
from sqlalchemy import Connection, Row, select, update
from starlette.concurrency import run_in_threadpool

from engine.message import Blob
from engine.store.schema_records import batch, page
from records import recipe
from records.files import keep_blob
from web.api.auth import Person
from web.api.bridge import Bridge
from web.api.guard import PublicId, bridge_of, need
from web.api.problems import not_found
from web.api.scan_looks import look

router = APIRouter(prefix="/api/v1/scan/pages", tags=["scan"])

Operator = Annotated[Person, Depends(need("scan"))]
Look = Annotated[str | None, Query(pattern="^[0-9a-f]{0,16}$")]

JPEG = "image/jpeg"
SHOWN = ("image/png", JPEG)
"""Masters that a browser shows; others are saved as files."""
TRIES = 3
"""A page that is turned while its picture is made is made once more."""
YEAR = 365 * 24 * 3600

_making: dict[tuple[int, int, str], asyncio.Task[Row[Any]]] = {}
"""Pictures under way, by bridge, page and recipe: who asks meanwhile waits for the same."""


@router.get("/{id}/thumb", response_class=FileResponse)
async def get_page_thumb(id: PublicId, request: Request, person: Operator, r: Look = None) -> Response:  # noqa: A002
    """A small picture of the page as its recipe wants it."""
    return await _picture(request, person, id, "thumb", r)


@router.get("/{id}/view", response_class=FileResponse)
async def get_page_view(id: PublicId, request: Request, person: Operator, r: Look = None) -> Response:  # noqa: A002
    """A large picture of the page as its recipe wants it."""
    return await _picture(request, person, id, "view", r)


@router.get("/{id}/master", response_class=FileResponse)
def get_page_master(id: PublicId, request: Request, person: Operator) -> Response:  # noqa: A002
    """The page as it came; it never changes."""
    bridge = bridge_of(request)
    row = _seen(bridge, person, id)
    return _send(request, bridge, row.master, row.media_type, id, forever=True)


async def _picture(request: Request, person: Person, public_id: str, which: str, wanted: str | None) -> Response:
    row = await run_in_threadpool(_seen, bridge_of(request), person, public_id)
    return await send_page(request, row, which, wanted)


async def send_page(request: Request, row: Row[Any], which: str, wanted: str | None) -> Response:
    """The picture `thumb` or `view` of a page (a row of `page`), made if it is not there. The look is the caller's."""
    bridge = bridge_of(request)
    for _ in range(TRIES):
        if row._mapping[which] is None:
            row = await _made(bridge, row)
    name = row._mapping[which]
    if name is None:
        raise not_found()
    # Of an older recipe there is no picture any more: this one is not what the address says for ever.
    return _send(request, bridge, name, JPEG, row.public_id, forever=wanted == recipe.key(row.recipe))


def _seen(bridge: Bridge, person: Person, public_id: str) -> Row[Any]:
    """The page, with the look at its batch written down first."""
    row = bridge.read(lambda conn: _find(conn, public_id))
    if row is None:
        raise not_found()
    look(bridge, person, row.batch_id, {row.patient})
    return row


def _find(conn: Connection, public_id: str) -> Row[Any] | None:
    query = select(page, batch.c.public_id.label("batch_id")).join(batch, batch.c.id == page.c.batch)
    return conn.execute(query.where(page.c.public_id == public_id)).one_or_none()


async def _made(bridge: Bridge, row: Row[Any]) -> Row[Any]:
    """The page with its pictures; made once, however many ask, and also when who asked first goes away."""
    key = (id(bridge), row.id, recipe.key(row.recipe))
    task = _making.get(key)
    if task is None:
        task = _making[key] = asyncio.ensure_future(_make(bridge, row))
        task.add_done_callback(lambda _: _making.pop(key, None))
    return await asyncio.shield(task)


async def _make(bridge: Bridge, row: Row[Any]) -> Row[Any]:
    folder = Path(await run_in_threadpool(_folder, bridge))
    try:
        master = str(bridge.blobs.path(Blob(row.master, 0)))
        made = await bridge.work("records.picture:render", master, row.recipe, str(folder), crew="pictures")
        return await run_in_threadpool(_kept, bridge, row, made)
    finally:
        await run_in_threadpool(shutil.rmtree, folder, ignore_errors=True)


def _folder(bridge: Bridge) -> str:
    home = bridge.state / "cache"
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    return tempfile.mkdtemp(prefix="picture-", dir=home)


def _kept(bridge: Bridge, row: Row[Any], made: dict[str, Any]) -> Row[Any]:
    """Pictures are the page's only while its recipe is the one that they were made by."""
    blobs = {which: bridge.blobs.put_file(Path(made[which]), JPEG, f"{which}.jpg") for which in ("thumb", "view")}
    at = bridge.now()

    def keep(conn: Connection) -> None:
        now = conn.execute(select(page.c.recipe).where(page.c.id == row.id)).scalar_one_or_none()
        if now == row.recipe:
            for blob in blobs.values():
                keep_blob(conn, blob, at)
            names = {which: blob.sha256 for which, blob in blobs.items()}
            conn.execute(update(page).where(page.c.id == row.id).values(names))

    bridge.store.write_now(keep)
    fresh = bridge.read(lambda conn: _find(conn, row.public_id))
    if fresh is None:
        raise not_found()
    return fresh


def _send(request: Request, bridge: Bridge, name: str, media_type: str, public_id: str, *, forever: bool) -> Response:
    kept = f"private, max-age={YEAR}, immutable" if forever else "private, no-cache"
    headers = {"etag": f'"{name}"', "cache-control": kept, "x-content-type-options": "nosniff"}
    if headers["etag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    path = bridge.blobs.path(Blob(name, 0))
    if not path.is_file():
        raise not_found()
    shown = media_type in SHOWN
    ending = media_type.removeprefix("image/") if media_type.startswith("image/") else "bin"
    headers["content-disposition"] = f'{"inline" if shown else "attachment"}; filename="{public_id}.{ending}"'
    return FileResponse(path, media_type=media_type if shown else "application/octet-stream", headers=headers)
