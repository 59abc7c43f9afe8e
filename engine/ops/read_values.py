"""Opening what is masked elsewhere: a run's value, a message's body. The caller writes the audit row."""

from __future__ import annotations

import codecs
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, Row, select

from engine.message import Blob, Refused
from engine.store.schema import blob, message, value

SHOWN = 256 * 1024
"""Bytes of a text that a screen gets; the rest is downloaded as a file."""

TEXT_KINDS = ("xml", "text", "json", "hl7")


class BlobPaths(Protocol):
    def path(self, blob: Blob) -> Path: ...


@dataclass(frozen=True, slots=True)
class Opened:
    """`text` is None for bytes."""

    kind: str
    content_type: str
    text: str | None = field(repr=False)
    size: int
    truncated: bool


@dataclass(frozen=True, slots=True)
class Content:
    """Where bytes are: in the row (`data`) or in the blob store."""

    kind: str
    content_type: str
    data: bytes | None = field(repr=False)
    blob: Blob | None
    size: int

    def head(self, blobs: BlobPaths, limit: int) -> bytes:
        """The first `limit` bytes."""
        if self.blob is None:
            return (self.data or b"")[:limit]
        try:
            with blobs.path(self.blob).open("rb") as stream:
                return stream.read(limit)
        except FileNotFoundError:
            raise Refused("WB-5001", f"blob {self.blob.sha256[:12]} is missing") from None


def find_value(conn: Connection, run: Row[Any], name: str) -> Content | None:
    """A value of a run; `body` of a run that has none of its own is its message's."""
    row = conn.execute(select(value).where(value.c.run == run.seq, value.c.name == name)).first()
    if row is None:
        return find_body(conn, run.message_id) if name == "body" else None
    if row.kind == "blob":
        named = Blob(*json.loads(row.data))
        return Content("blob", named.content_type, None, named, named.size)
    # A large value lies in a blob of its own, which nothing else lists.
    kept = find_blob(conn, row.blob) if row.blob else None
    return Content(row.kind, _type_of(row.kind), row.data, kept, kept.size if kept else len(row.data or b""))


def find_body(conn: Connection, message_id: str) -> Content | None:
    """The body of a message as it arrived."""
    columns = (message.c.content_type, message.c.size, message.c.body, message.c.blob)
    row = conn.execute(select(*columns).where(message.c.id == message_id)).first()
    if row is None:
        return None
    readable = any(word in row.content_type for word in ("xml", "json", "text", "soap", "hl7"))
    kept = Blob(row.blob, row.size, row.content_type) if row.blob else None
    return Content("text" if readable else "bytes", row.content_type, row.body, kept, row.size)


def find_blob(conn: Connection, sha256: str) -> Blob:
    """The blob with its size and type as far as the table knows them; else of size 0."""
    row = conn.execute(select(blob).where(blob.c.sha256 == sha256)).first()
    return Blob(row.sha256, row.size, row.content_type, row.name) if row else Blob(sha256, 0)


def size_of(kept: Blob, blobs: BlobPaths) -> int:
    """The size of a blob, asked of the disk where nobody wrote it down; 0 when it is gone."""
    if kept.size:
        return kept.size
    path = blobs.path(kept)
    return path.stat().st_size if path.is_file() else 0


def open_content(content: Content, blobs: BlobPaths) -> Opened:
    """The text of a content, cut at `SHOWN` between characters; bytes stay closed."""
    size = size_of(content.blob, blobs) if content.blob else content.size
    if content.kind not in TEXT_KINDS:
        return Opened(content.kind, content.content_type, None, size, False)
    head = content.head(blobs, SHOWN)
    text = codecs.getincrementaldecoder(_encoding(content.content_type, head))("replace").decode(head)
    return Opened(content.kind, content.content_type, text, size, size > len(head))


def _encoding(content_type: str, head: bytes) -> str:
    """By `charset=`; of HL7 without one by MSH-18."""
    if "hl7" in content_type and "charset=" not in content_type:
        return _of_hl7(head)
    _, _, rest = content_type.lower().partition("charset=")
    name = rest.partition(";")[0].strip(" \"'")
    try:
        return codecs.lookup(name).name if name else "utf-8"
    except LookupError:
        return "utf-8"


def _of_hl7(head: bytes) -> str:
    fields = head.split(b"\r", 1)[0].split(b"|")
    named = fields[17].split(b"~")[0].decode("ascii", "replace").upper() if len(fields) > 17 else ""
    return {"GB 18030-2000": "gb18030", "8859/1": "latin-1"}.get(named, "utf-8")


_TYPES = {"xml": "application/xml", "json": "application/json", "text": "text/plain", "hl7": "application/hl7-v2"}


def _type_of(kind: str) -> str:
    return _TYPES.get(kind, "application/octet-stream")
