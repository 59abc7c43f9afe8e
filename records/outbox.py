"""What is told onward of scanned documents: rows written in the commit of the change, handed to the route later.

The body is made here and kept, so a repeat after a crash hands the same bytes under the same identity.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lxml import etree
from sqlalchemy import Connection, bindparam, insert, select, update

from engine.store.schema import document, patient
from engine.store.schema_records import doc_kind, outbox
from engine.store.sql import Statement

FILED, REPLACED, WITHDRAWN = "document_filed", "document_replaced", "document_withdrawn"
OPERATIONS = (FILED, REPLACED, WITHDRAWN)
CHANGED = "document_changed"
"""Any of them: what a route receives that wants all of a document's changes one after the other."""

_BARE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML cannot hold."""

P = bindparam
_DUE = Statement(
    select(outbox.c.id, outbox.c.operation, outbox.c.body)
    .where(outbox.c.handed_at.is_(None), outbox.c.id > P("after"))
    .order_by(outbox.c.id)
    .limit(P("most"))
)


@dataclass(frozen=True, slots=True)
class Row:
    """One message that is due."""

    id: int
    operation: str
    body: str = field(repr=False)


def put(conn: Connection, *, operation: str, document_id: int, at: int, reason: str = "") -> int:
    """Write what this document is now into the outbox, as the body of `operation`; the row's number.

    Documents that a route filed are not announced: 0. Before a change of patient, call it for the old one.
    """
    row = conn.execute(select(document).where(document.c.id == document_id)).mappings().one()
    if row["origin"] != "scan":
        return 0
    owner = conn.execute(select(patient).where(patient.c.id == row["patient"])).mappings().one()
    kind = conn.execute(select(doc_kind).where(doc_kind.c.code == row["kind"])).mappings().first()
    body = _body(operation, row, owner, kind, reason)
    values = {"operation": operation, "document": document_id, "version": row["version"], "body": body, "at": at}
    key = conn.execute(insert(outbox).values(values)).inserted_primary_key
    assert key is not None
    return int(key[0])


def due(conn: Connection, most: int, after: int = 0) -> list[Row]:
    """What is not handed over yet, in the order in which it was written."""
    return [Row(row[0], row[1], row[2]) for row in _DUE.all(conn, most=most, after=after)]


def handed(conn: Connection, row: int, at: int, code: str = "", reason: str = "") -> None:
    """The engine has it (or, with a code, will never take it)."""
    done = {"handed_at": at, "code": code, "reason": reason}
    conn.execute(update(outbox).where(outbox.c.id == row, outbox.c.handed_at.is_(None)).values(done))


def _body(operation: str, row: Any, owner: Any, kind: Any, reason: str) -> str:
    root = etree.Element("document", operation=operation)
    flat = {"id": row["public_id"], "link": f"/d/{row['public_id']}"}
    flat |= {name: row[name] for name in ("version", "kind", "title", "date", "department", "author", "episode")}
    flat |= {"pages": row["pages"], "reason": reason}
    _fill(root, flat)
    codes = etree.SubElement(root, "codes")
    _fill(codes, {name: kind[name] if kind else "" for name in ("family", "loinc", "kdl")})
    whose = etree.SubElement(root, "patient")
    _fill(whose, {name: owner[name] for name in ("number", "name", "birth_date", "sex")})
    _fill(whose, {"visit": (owner["details"] or {}).get("visit", "")})
    return etree.tostring(root, encoding="unicode")


def _fill(parent: Any, fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        etree.SubElement(parent, name).text = _BARE.sub("", str(value))
