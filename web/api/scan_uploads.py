"""Uploads: scanned files in pieces, which may be cut off anywhere and go on where they were."""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from engine.message import Refused, Unavailable
from engine.points import point
from records import batches, uploads
from web.api import models_uploads
from web.api.bearer import Sender, sender_of
from web.api.bridge import Bridge
from web.api.guard import Engine, PublicId
from web.api.problems import BAD_REQUEST, TOO_LARGE, Denied

router = APIRouter(prefix="/api/v1/scan/uploads", tags=["scan"])

Sending = Annotated[Sender, Depends(sender_of)]
AT_ONCE = 8
"""Pieces that are received at the same time: each is in memory until it is on the disk."""
READ = 1 << 20


@router.post("")
def begin_upload(asked: models_uploads.UploadAsked, sender: Sending, bridge: Engine) -> models_uploads.Upload:
    """Announce a file; a known one is answered with how far it is, or that it is done."""
    sender.may_send_for(asked.station)
    if asked.batch:
        wish = bridge.read(lambda conn: batches.find(conn, asked.batch))
        sender.may_send_for(wish.station if wish is not None else asked.station)
    now = bridge.now()
    about = {"sender": sender.name} | ({"token": sender.token} if sender.token else {})
    wanted = uploads.Wanted(asked.station, asked.name, asked.sha256, asked.size, asked.content_type, asked.batch, about)

    def operation(conn: Connection) -> uploads.Upload:
        uploads.sweep(conn, now)
        begun = uploads.begin(conn, wanted, by=sender.by, at=now)
        if begun.state == "open" and begun.received == 0:
            sender.audit(conn, now, "upload.begin", begun.id)
        return begun

    begun = bridge.store.write_now(operation)
    _sweep(bridge)
    return _answer(begun)


def _sweep(bridge: Bridge) -> None:
    """Remove pieces that no open upload needs: it is over, or its row was pruned or is not in what was restored."""
    needed = bridge.read(uploads.open_ones)
    for part in [one for one in _folder(bridge).glob("*.part") if one.stem not in needed]:
        # Alone, and asked again: it may have begun anew meanwhile, and a piece of it may have come.
        with contextlib.suppress(Unavailable), _alone(bridge, part.stem):
            if part.stem not in bridge.read(uploads.open_ones):
                part.unlink(missing_ok=True)


@router.get("/{id}")
def get_upload(id: PublicId, sender: Sending, bridge: Engine) -> models_uploads.Upload:  # noqa: A002
    """How far it is."""
    return _answer(_mine(bridge, sender, id))


@router.put("/{id}")
async def put_piece(
    id: PublicId,  # noqa: A002 - the address's word
    request: Request,
    sender: Sending,
    bridge: Engine,
    offset: Annotated[int, Query(ge=0, le=2 << 30)],
) -> models_uploads.Upload:
    """A piece of at most 8 MiB, which begins where the upload is. The last one ends it: the hash is compared, and the
    file is on its way to its batch. An empty piece at the end does that again when its answer was lost."""
    if bridge.pieces >= AT_ONCE:
        raise Unavailable(uploads.TOO_MANY, "too many pieces at once; send it again")
    bridge.pieces += 1
    try:
        data = await _body(request)
        return _answer(await run_in_threadpool(_put, bridge, sender, id, offset, data))
    finally:
        bridge.pieces -= 1


async def _body(request: Request) -> bytes:
    data = bytearray()
    try:
        async for piece in request.stream():
            data += piece
            if len(data) > uploads.PIECE:
                raise Denied(413, TOO_LARGE, "A piece has at most 8 MiB.")
    except ClientDisconnect:
        raise Denied(400, BAD_REQUEST, "The piece did not arrive whole.") from None
    return bytes(data)


def _put(bridge: Bridge, sender: Sender, public_id: str, offset: int, data: bytes) -> uploads.Upload:
    """Blocking: on the disk first, then in the book; at the end the whole file."""
    with _alone(bridge, public_id):
        found = _mine(bridge, sender, public_id)
        if found.state == "done" and offset == found.size and not data:
            return found
        found = bridge.read(lambda conn: uploads.expected(conn, public_id, offset, len(data)))
        if data:
            _write(_file(bridge, public_id), offset, data)
            point("capture.piece_written")
            now = bridge.now()
            found = bridge.store.write_now(
                lambda conn: uploads.advance(conn, public_id, offset, offset + len(data), now)
            )
        return found if found.received < found.size else _finish(bridge, sender, found)


def _finish(bridge: Bridge, sender: Sender, found: uploads.Upload) -> uploads.Upload:
    """All is here: is it what was announced?"""
    file, now = _file(bridge, found.id), bridge.now()
    if _digest(file) != found.sha256:
        reason = "what arrived is not what was announced: begin it anew"
        bridge.store.write_now(lambda conn: uploads.refuse(conn, found.id, uploads.DIFFERENT, reason, now))
        file.unlink(missing_ok=True)
        bridge.notify({"problems"})
        raise Refused(uploads.DIFFERENT, reason)
    blob = bridge.blobs.put_file(file, found.content_type or _kind(file), found.name)
    point("capture.upload_kept")

    def operation(conn: Connection) -> uploads.Upload:
        sender.audit(conn, now, "upload.done", found.id)
        return uploads.finish(conn, found.id, blob, now)

    done = bridge.store.write_now(operation)
    point("capture.upload_done")
    file.unlink(missing_ok=True)
    bridge.notify({"work:take", "scan"})
    return done


def _mine(bridge: Bridge, sender: Sender, public_id: str) -> uploads.Upload:
    """Of a station that this sender may send for."""
    found = bridge.read(lambda conn: uploads.get(conn, public_id))
    sender.may_send_for(found.station)
    return found


def _answer(found: uploads.Upload) -> models_uploads.Upload:
    return models_uploads.Upload(id=found.id, received=found.received, state=found.state)


_guard = threading.Lock()
_locks: set[str] = set()


@contextlib.contextmanager
def _alone(bridge: Bridge, public_id: str) -> Iterator[None]:
    """One piece of an upload at a time; a second sender is told to come again."""
    key = f"{bridge.state}/{public_id}"
    with _guard:
        if key in _locks:
            raise Unavailable(uploads.TOO_MANY, "another piece of this upload is being written")
        _locks.add(key)
    try:
        yield
    finally:
        with _guard:
            _locks.discard(key)


def _folder(bridge: Bridge) -> Path:
    return bridge.state / "uploads"


def _file(bridge: Bridge, public_id: str) -> Path:
    return _folder(bridge) / f"{public_id}.part"


def _write(file: Path, offset: int, data: bytes) -> None:
    """Durable when it returns; what a piece that was cut off left behind it is written over."""
    try:
        file.parent.mkdir(mode=0o700, exist_ok=True)
        new = not file.exists()
        handle = os.open(file, os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.seek(offset)
            out.write(data)
            out.truncate()
            out.flush()
            os.fsync(out.fileno())
        if new:
            _sync(file.parent)
    except OSError as error:
        raise Unavailable(uploads.TOO_MANY, f"the disk does not take the piece ({error.strerror})") from None


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _digest(file: Path) -> str:
    found = hashlib.sha256()
    try:
        with file.open("rb") as source:
            while piece := source.read(READ):
                found.update(piece)
    except FileNotFoundError:
        return ""
    return found.hexdigest()


def _kind(file: Path) -> str:
    """The content type by the first bytes, where the sender said none."""
    with file.open("rb") as source:
        head = source.read(1024)
    if b"%PDF-" in head:
        return "application/pdf"
    starts = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png", b"II": "image/tiff", b"MM": "image/tiff"}
    return next((name for start, name in starts.items() if head.startswith(start)), "application/octet-stream")
