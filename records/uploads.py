"""Files that come over the network in pieces: what has been begun, how far it is, and that it is whole.

Pure functions inside a store operation. The pieces lie in a folder of the state; `received` says how many bytes of them
are on the disk, and is written after them, so that a crash is answered with a piece that is sent again. The same file
again (station, hash and name) is the same upload: a sender that lost the answer finds it done.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from sqlalchemy import Connection, Row, func, insert, select, text, update

from engine.message import Blob, Refused, Unavailable
from engine.store.schema_records import upload
from records import batches, files

BAD = "WB-8601"  # an upload that cannot be: its size, its hash, its name or its station
UNKNOWN = "WB-8602"  # there is no such upload, or it is over
DIFFERENT = "WB-8603"  # what arrived is not what was announced: the hash differs
TOO_MANY = "WB-8604"  # more uploads are open than may be
ELSEWHERE = "WB-8605"  # a piece begins where the upload is not
FORGOTTEN = "WB-8606"  # nothing came for so long that the pieces were removed

LARGEST = 2 << 30
"""Bytes of one file."""
PIECE = 8 << 20
"""Bytes of one piece at most."""
MOST_OPEN = 200
OLD = 7 * 86_400_000
"""Milliseconds without a piece after which an open upload is removed."""
UNDONE = text("upload.state != 'done'")
"""As the index has it, so that uploads of years need not be looked at."""
TYPES = ("application/pdf", "image/jpeg", "image/png", "image/tiff")

State = Literal["open", "done", "refused"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is announced. batch: public id of the batch that it is meant for. sender: of whom, without a patient."""

    station: str
    name: str
    sha256: str
    size: int
    content_type: str = ""
    batch: str = ""
    sender: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Upload:
    """How far one is. received: bytes that are durable."""

    id: str
    state: State
    received: int
    size: int
    sha256: str
    name: str
    station: str
    content_type: str
    meta: Mapping[str, Any]


def begin(conn: Connection, wanted: Wanted, *, by: int | None, at: int) -> Upload:
    """A new upload, or the one that is known: open (go on at `received`), or done. One that was refused begins anew."""
    _check(wanted)
    same = (upload.c.station == wanted.station, upload.c.sha256 == wanted.sha256, upload.c.name == _short(wanted.name))
    known = conn.execute(select(upload).where(*same)).one_or_none()
    if known is not None and known.state != "refused":
        return _of(known)
    _room(conn)
    meta = {**(wanted.sender or {}), **({"batch": wanted.batch} if wanted.batch else {})}
    if known is not None:
        again = {"state": "open", "received": 0, "meta": meta, "by": by, "at": at, "size": wanted.size}
        conn.execute(update(upload).where(upload.c.id == known.id).values(**again))
        return get(conn, known.public_id)
    public = secrets.token_hex(8)
    content_type = wanted.content_type if wanted.content_type in TYPES else ""
    conn.execute(
        insert(upload).values(
            public_id=public, sha256=wanted.sha256, size=wanted.size, name=_short(wanted.name), station=wanted.station,
            content_type=content_type, meta=meta, state="open", by=by, at=at,
        )
    )  # fmt: skip
    return get(conn, public)


def get(conn: Connection, public_id: str) -> Upload:
    """Raises `Refused` for one that is not known."""
    row = conn.execute(select(upload).where(upload.c.public_id == public_id)).one_or_none()
    if row is None:
        raise Refused(UNKNOWN, "there is no such upload")
    return _of(row)


def expected(conn: Connection, public_id: str, offset: int, length: int) -> Upload:
    """The upload, when a piece of this length may be written at this place. A read."""
    found = get(conn, public_id)
    if found.state != "open":
        raise Refused(UNKNOWN, "this upload is over")
    if offset != found.received:
        raise Refused(ELSEWHERE, f"the upload is at {found.received}")
    if length > PIECE or offset + length > found.size:
        raise Refused(BAD, "the piece is longer than what was announced")
    return found


def advance(conn: Connection, public_id: str, offset: int, received: int, at: int) -> Upload:
    """The bytes up to `received` are on the disk."""
    moved = conn.execute(
        update(upload)
        .where(upload.c.public_id == public_id, upload.c.state == "open", upload.c.received == offset)
        .values(received=received, at=at)
    )
    if moved.rowcount != 1:
        raise Refused(ELSEWHERE, "another piece was written meanwhile")
    return get(conn, public_id)


def finish(conn: Connection, public_id: str, blob: Blob, at: int) -> Upload:
    """All is here and is what was announced: it is a scanned file now. Once; a repeat adds nothing."""
    found = get(conn, public_id)
    if found.state == "refused":
        raise Refused(UNKNOWN, "this upload is over")
    meta = dict(found.meta)
    batch = meta.pop("batch", None)
    files.add(
        conn, key=f"upload:{public_id}", station=found.station, name=found.name, blob=blob, meta=meta, at=at,
        batch=batch,
    )  # fmt: skip
    conn.execute(update(upload).where(upload.c.public_id == public_id).values(state="done", at=at))
    return get(conn, public_id)


def refuse(conn: Connection, public_id: str, code: str, reason: str, at: int) -> None:
    """It is over, and why; PROBLEMS lists it. Its sender may begin it anew."""
    found = get(conn, public_id)
    if found.state == "open":
        meta = {**found.meta, "code": code, "reason": reason}
        values = {"state": "refused", "received": 0, "meta": meta, "at": at}
        conn.execute(update(upload).where(upload.c.public_id == public_id).values(**values))


def sweep(conn: Connection, at: int, most: int = 20) -> list[str]:
    """End uploads that were left for long; whose pieces may be removed."""
    left_alone = (upload.c.state == "open", UNDONE, upload.c.at < at - OLD)
    old = select(upload.c.public_id).where(*left_alone).limit(most)
    left = [str(name) for name in conn.execute(old).scalars()]
    for public_id in left:
        refuse(conn, public_id, FORGOTTEN, "nothing came for a week: its sender begins it anew", at)
    return left


def open_ones(conn: Connection) -> set[str]:
    """Those whose pieces are needed; at most `MOST_OPEN`."""
    return set(conn.execute(select(upload.c.public_id).where(upload.c.state == "open", UNDONE)).scalars())


def _check(wanted: Wanted) -> None:
    if not 0 < wanted.size <= LARGEST:
        raise Refused(BAD, f"a file has 1 to {LARGEST} bytes")
    if not re.fullmatch(r"[0-9a-f]{64}", wanted.sha256):
        raise Refused(BAD, "the hash is the SHA-256 in 64 small hexadecimal digits")
    if not wanted.name.strip() or any(ord(char) < 32 for char in wanted.name):
        raise Refused(BAD, "the file has no name")
    if not batches.is_station(wanted.station):
        raise Refused(BAD, "a station's code has 1 to 40 characters and no slash")


def _room(conn: Connection) -> None:
    mine = select(func.count()).select_from(upload).where(upload.c.state == "open", UNDONE)
    count = conn.execute(mine).scalar_one()
    if count >= MOST_OPEN:
        raise Unavailable(TOO_MANY, f"{MOST_OPEN} uploads are open already; try again later")


def _of(row: Row[Any]) -> Upload:
    return Upload(
        row.public_id, cast(State, row.state), row.received, row.size, row.sha256, row.name, row.station,
        row.content_type, row.meta,
    )  # fmt: skip


def _short(name: str) -> str:
    """The last 200 characters, without folders."""
    return re.split(r"[/\\]", name.strip())[-1][-200:] or "scan"
