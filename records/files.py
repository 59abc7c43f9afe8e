"""Files that scanners dropped or that were uploaded, until their pages are in a batch.

Pure functions inside a store operation. A file's bytes are durable before it is added; nothing is opened here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select, text, update

from engine.message import Blob, Refused
from engine.store.schema import blob as blobs
from engine.store.schema_records import batch as batches
from engine.store.schema_records import page, scan_file
from engine.store.sql import Statement
from records.states import BatchState, FileState

NO_STATION = "WB-8001"  # a scanned file without a station
NOT_FAILED = "WB-8002"  # a file that is to be tried again or dismissed, and did not fail

TRIES = 3
"""After so many failures of our own (a worker that died, a disk that was full) a person looks."""
LONGEST = 40
_UNFIT = re.compile(r"[^\w.-]+")

UNJOINED = text("scan_file.state != 'joined'")
"""As the index has it, so that files of years need not be looked at."""

P = bindparam

_KNOWN = Statement(select(scan_file.c.id, scan_file.c.state).where(scan_file.c.key == P("of")))
_BLOB = Statement(
    insert(blobs).prefix_with("OR IGNORE")
    .values(sha256=P("sha256"), size=P("size"), content_type=P("content_type"), name=P("name"), at=P("at"))
)  # fmt: skip


def add(
    conn: Connection,
    *,
    key: str,
    station: str,
    name: str,
    blob: Blob,
    meta: Mapping[str, Any],
    at: int,
    batch: str | None = None,
) -> dict[str, Any]:
    """A file is taken: `{id, state, new}`. The same key again adds nothing.

    key: of the effect or the upload, 64 characters at most. station: its code, or the folder in which the file was
    dropped, whose first part is the station. meta: what the sender says of it (device, settings, its
    clock). batch: public id of the batch that it is meant for; without it a header sheet or the station decides.
    """
    known = _KNOWN.one(conn, of=key)
    if known is not None:
        return {"id": int(known[0]), "state": str(known[1]), "new": False}
    station = _UNFIT.sub("-", station.strip().strip("/").partition("/")[0]).strip("-")
    if not station or len(station) > LONGEST:
        raise Refused(NO_STATION, f"a scanned file comes from a station; its code has 1 to {LONGEST} characters")
    keep_blob(conn, blob, at)
    wanted = {"wanted": batch} if batch else {}
    added = conn.execute(
        insert(scan_file).values(
            key=key, batch=_open(conn, batch), station=station, name=_short(name), blob=blob.sha256, size=blob.size,
            content_type=blob.content_type[:100], state=FileState.TAKEN, meta={**meta, **wanted}, at=at,
        )
    )  # fmt: skip
    assert added.inserted_primary_key is not None
    return {"id": int(added.inserted_primary_key[0]), "state": str(FileState.TAKEN), "new": True}


def keep_blob(conn: Connection, blob: Blob, at: int) -> None:
    """Say in the book of blobs what a blob is."""
    _BLOB.run(conn, sha256=blob.sha256, size=blob.size, content_type=blob.content_type, name=blob.name[:200], at=at)


def due(conn: Connection, most: int = 20, station: str | None = None) -> list[Row[Any]]:
    """The files whose pages are to be made (of one station), oldest first."""
    query = select(scan_file).where(scan_file.c.state == FileState.TAKEN, UNJOINED)
    if station is not None:
        query = query.where(scan_file.c.station == station)
    return list(conn.execute(query.order_by(scan_file.c.id).limit(most)))


def stations(conn: Connection) -> list[str]:
    """The stations that have such files, the longest waiting first."""
    query = select(scan_file.c.station).where(scan_file.c.state == FileState.TAKEN, UNJOINED)
    return list(conn.execute(query.group_by(scan_file.c.station).order_by(func.min(scan_file.c.id))).scalars())


def missing(conn: Connection, file: Row[Any]) -> list[int]:
    """Numbers of the file's pages that are in no batch yet and not known as unreadable; its count must be known."""
    have = set(conn.execute(select(page.c.number).where(page.c.file == file.id)).scalars())
    have |= set(file.meta.get("bad", ()))
    return [number for number in range(1, file.pages + 1) if number not in have]


def counted(conn: Connection, file_id: int, pages: int) -> None:
    """How many pages a file has is known."""
    conn.execute(update(scan_file).where(scan_file.c.id == file_id).values(pages=pages))


def tried(conn: Connection, file_id: int, code: str, reason: str) -> bool:
    """Our own means failed; whether it is to be tried again, else the caller lets it fail."""
    mine = (scan_file.c.id == file_id) & (scan_file.c.state == FileState.TAKEN)
    conn.execute(update(scan_file).where(mine).values(attempts=scan_file.c.attempts + 1, code=code, reason=reason))
    return bool(conn.execute(select(scan_file.c.attempts).where(scan_file.c.id == file_id)).scalar_one() < TRIES)


def fail(conn: Connection, file_id: int, code: str, reason: str) -> None:
    """The file cannot be read, or not all of it: it stays listed until a person tries it again or dismisses it."""
    conn.execute(
        update(scan_file)
        .where(scan_file.c.id == file_id, scan_file.c.state == FileState.TAKEN)
        .values(state=FileState.FAILED, code=code, reason=reason)
    )


def retry(conn: Connection, file_id: int) -> None:
    """Try a failed file again; pages that are in a batch already stay as they are."""
    row = _failed(conn, file_id)
    meta = {name: value for name, value in row.meta.items() if name != "bad"}
    conn.execute(
        update(scan_file)
        .where(scan_file.c.id == file_id)
        .values(state=FileState.TAKEN, attempts=0, code="", reason="", meta=meta)
    )


def dismiss(conn: Connection, file_id: int, *, by: int, reason: str, at: int) -> None:
    """A person says that a failed file, or what could not be read of it, need not be."""
    row = _failed(conn, file_id)
    if not reason.strip():
        raise Refused(NOT_FAILED, "a file is dismissed with a reason")
    said = {"by": by, "at": at, "reason": reason.strip()[:200]}
    conn.execute(
        update(scan_file)
        .where(scan_file.c.id == file_id)
        .values(state=FileState.DISMISSED, meta={**row.meta, "dismissed": said})
    )


def _open(conn: Connection, public_id: str | None) -> int | None:
    """The batch with this id, if it takes pages: it waits for the file from now on."""
    if public_id is None:
        return None
    mine = select(batches.c.id).where(
        batches.c.public_id == public_id, batches.c.state.in_((BatchState.OPEN, BatchState.STOPPED))
    )
    return conn.execute(mine).scalar_one_or_none()


def _failed(conn: Connection, file_id: int) -> Row[Any]:
    row = conn.execute(select(scan_file).where(scan_file.c.id == file_id)).one_or_none()
    if row is None or row.state != FileState.FAILED:
        raise Refused(NOT_FAILED, "the file did not fail")
    return row


def _short(name: str) -> str:
    """The last 200 characters: the end of a file's name tells it from its neighbours."""
    return name.strip()[-200:] or "scan"
