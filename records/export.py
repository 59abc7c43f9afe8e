"""Documents out of the record: as one PDF, or as a ZIP with a manifest by which anybody can check it.

`plan` asks the store; `pack` and `join` are jobs of a worker.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, select

from engine.message import Refused
from engine.store.schema import document, patient

REFUSED = "WB-8311"  # an export that is empty, too large, or has a file that cannot be read
MOST_DOCUMENTS = 1000
MOST_BYTES = 2 * 1024**3
MOST_PAGES = 10_000
PIECE = 256 * 1024
ATTRIBUTES = ("kind", "title", "date", "department", "author", "episode", "details", "version", "pages", "origin")
BRIEF = ("number", "name", "birth_date", "sex")


def plan(conn: Connection, rows: Sequence[Row[Any]]) -> list[dict[str, Any]]:
    """What a worker needs of these documents (rows of `document`), in this order."""
    if not 0 < len(rows) <= MOST_DOCUMENTS:
        raise Refused(REFUSED, f"an export has from 1 to {MOST_DOCUMENTS} documents; this has {len(rows)}")
    owners = {row.id: row for row in conn.execute(select(patient).where(patient.c.id.in_({r.patient for r in rows})))}
    return [
        {
            "id": row.public_id,
            "blob": row.blob,
            "attributes": {name: row._mapping[name] for name in ATTRIBUTES},
            "patient": {name: owners[row.patient]._mapping[name] for name in BRIEF},
        }
        for row in rows
    ]


def of_patient(conn: Connection, patient_id: int) -> Sequence[Row[Any]]:
    """The current documents of a patient, newest first; one more than may be exported."""
    mine = (document.c.patient == patient_id, document.c.state == "current")
    query = select(document).where(*mine).order_by(document.c.date.desc(), document.c.id.desc())
    return conn.execute(query.limit(MOST_DOCUMENTS + 1)).all()


def pack(items: Sequence[Mapping[str, Any]], out: str, exported: Mapping[str, Any]) -> dict[str, Any]:
    """Write the ZIP: each document as `<id>.pdf`, and `manifest.json` with attributes, size and SHA-256 of each.

    items: of `plan`, with `path`. exported: `{by, at}` for the manifest.
    """
    _bounded(items)
    listed = []
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED, allowZip64=True) as target:
        for one in items:
            name = f"{one['id']}.pdf"
            size, digest = _copied(target, name, Path(one["path"]))
            if digest != one["blob"]:
                raise Refused(REFUSED, "a document's bytes are damaged; nothing was exported")
            said = {"id": one["id"], "file": name, "size": size, "sha256": digest, "patient": one["patient"]}
            listed.append(said | dict(one["attributes"]))
        manifest = {**exported, "documents": listed}
        target.writestr("manifest.json", json.dumps(manifest, ensure_ascii=False, indent=1))
    return {"documents": len(listed), "size": Path(out).stat().st_size}


def _copied(target: zipfile.ZipFile, name: str, path: Path) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as source, target.open(name, "w", force_zip64=True) as file:
        while piece := source.read(PIECE):
            digest.update(piece)
            size += len(piece)
            file.write(piece)
    return size, digest.hexdigest()


def join(items: Sequence[Mapping[str, Any]], out: str) -> dict[str, Any]:
    """Write one PDF of all documents, a bookmark each."""
    import pikepdf

    _bounded(items)
    opened = []
    try:
        with pikepdf.new() as target:
            with target.open_outline() as outline:
                for one in items:
                    source = pikepdf.open(one["path"])
                    opened.append(source)
                    outline.root.append(pikepdf.OutlineItem(_label(one["attributes"]), len(target.pages)))
                    target.pages.extend(source.pages)
                    if len(target.pages) > MOST_PAGES:
                        raise Refused(REFUSED, f"an export as one PDF has at most {MOST_PAGES} pages")
            target.save(out)
            return {"documents": len(opened), "pages": len(target.pages), "size": Path(out).stat().st_size}
    except pikepdf.PdfError as error:
        raise Refused(REFUSED, f"a document cannot be read as PDF ({type(error).__name__})") from None
    finally:
        for source in opened:
            source.close()


def _label(attributes: Mapping[str, Any]) -> str:
    return f"{attributes['date']} {attributes['title'] or attributes['kind']}".strip()


def _bounded(items: Sequence[Mapping[str, Any]]) -> None:
    total = 0
    for one in items:
        path = Path(one["path"])
        if not path.is_file():
            raise Refused(REFUSED, "the bytes of a document are missing; nothing was exported")
        total += path.stat().st_size
    if total > MOST_BYTES:
        raise Refused(REFUSED, f"an export has at most {MOST_BYTES >> 30} GiB")
