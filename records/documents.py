"""Documents in a patient's record. Pure functions inside a store operation."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, bindparam, insert, select

from engine.message import Blob, Refused, document_id
from engine.store.schema import blob as blobs
from engine.store.schema import document
from engine.store.schema_records import document_version
from engine.store.sql import Statement
from records import patients, reader

REFUSED = "WB-3014"  # there is no such patient, or no document

P = bindparam

_KNOWN = Statement(
    select(document.c.public_id).where((document.c.effect == P("by")) | (document.c.public_id == P("of")))
)
_INSERT = Statement(
    insert(document).values(
        public_id=P("public_id"), patient=P("owner"), kind=P("kind"), title=P("title"), blob=P("sha256"),
        run=P("run"), effect=P("effect"), created_at=P("at"),
    )
)  # fmt: skip
_BLOB = Statement(
    insert(blobs).prefix_with("OR IGNORE")
    .values(sha256=P("sha256"), size=P("size"), content_type=P("content_type"), name=P("name"), at=P("at"))
)  # fmt: skip


def file_document(
    conn: Connection,
    *,
    number: str,
    kind: str,
    title: str,
    blob: Blob,
    run: int,
    run_id: str,
    effect: str,
    at: int,
) -> dict[str, Any]:
    """File a document under the patient with this number; its `id` and link `path`.

    The same effect again, and the same bytes of the same run, file nothing new. The id is the one that
    `document_id` gives, so a message that announced the document before has it right.
    """
    public_id = document_id(run_id, blob.sha256)
    known = _KNOWN.run(conn, by=effect, of=public_id).fetchone()
    if known is None:
        owner = patients.key_of(conn, number)
        if owner is None:
            raise Refused(REFUSED, "no patient has this number")
        _BLOB.run(conn, sha256=blob.sha256, size=blob.size, content_type=blob.content_type, name=blob.name[:200], at=at)
        _INSERT.run(
            conn, public_id=public_id, owner=owner, kind=kind[:60], title=title[:200], sha256=blob.sha256,
            run=run, effect=effect, at=at,
        )  # fmt: skip
    filed = public_id if known is None else str(known[0])
    return {"id": filed, "path": f"/d/{filed}"}


def read(conn: Connection, public_id: str, version: int = 0) -> Blob | None:
    """The PDF of a document as it is now, in this version (0: the newest); None: there is none.

    For a version with pages that a repair gave to another patient the newest one stands: they are not sent out again.
    """
    row = conn.execute(select(document).where(document.c.public_id == public_id)).one_or_none()
    if row is None:
        return None
    name = str(row.blob)
    if version and version != row.version and version not in reader.foreign(conn, row.id):
        of = (document_version.c.document == row.id, document_version.c.version == version)
        name = conn.execute(select(document_version.c.blob).where(*of)).scalar_one_or_none() or ""
    found = conn.execute(select(blobs).where(blobs.c.sha256 == name)).one_or_none()
    return None if found is None else Blob(found.sha256, found.size, found.content_type, f"{public_id}.pdf")
