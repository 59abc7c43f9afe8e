"""All images of a patient: first by document, then what is in none yet; what nobody checked is marked.

`records/whole_pdf.py` makes one PDF of them.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from engine.message import Refused
from engine.store.schema import document
from engine.store.schema_records import batch, document_page, page
from records import loose, sources

REFUSED = "WB-8302"  # a PDF that is not made: it has no page, or too many
MOST_PAGES = 5000
BOOKMARKS = {
    "unclassified": "Not classified / Sin clasificar / 未分类",
    "unchecked": "Not checked / Sin revisar / 未核对",
}


def plan(conn: Connection, patient_id: int) -> list[dict[str, Any]]:
    """The pages in their order, with `bookmark` at the first of each part and `unchecked`; `Refused` when too many."""
    parts = [*_documents(conn, patient_id), *_others(conn, patient_id)]
    keys = [key for _, some, _ in parts for key in some]
    if not 0 < len(keys) <= MOST_PAGES:
        raise Refused(REFUSED, f"a PDF has from 1 to {MOST_PAGES} pages; this record has {len(keys)}")
    found = iter(sources.of_pages(conn, keys))
    return [
        next(found) | {"bookmark": bookmark if place == 0 else "", "unchecked": unchecked}
        for bookmark, some, unchecked in parts
        for place in range(len(some))
    ]


def _documents(conn: Connection, patient_id: int) -> list[tuple[str, list[int], bool]]:
    """Bookmark and pages of each scanned document, by date."""
    query = (
        select(document.c.id, document.c.kind, document.c.title, document.c.date, document_page.c.page)
        .join(document_page, document_page.c.document == document.c.id)
        .where(
            document.c.patient == patient_id,
            document.c.origin == "scan",
            document.c.state == "current",
            document_page.c.version == document.c.version,
        )
        .order_by(document.c.date.desc(), document.c.id, document_page.c.position)
    )
    parts: dict[int, tuple[str, list[int], bool]] = {}
    for row in conn.execute(query):
        bookmark = " ".join(word for word in (row.date, row.title or row.kind) if word)
        parts.setdefault(row.id, (bookmark, [], False))[1].append(row.page)
    return list(parts.values())


def _others(conn: Connection, patient_id: int) -> list[tuple[str, list[int], bool]]:
    """The pages that are in no document: of closed batches, then of those that are worked on."""
    query = loose.of(patient_id, page.c.id, batch.c.state).order_by(page.c.batch, page.c.position)
    checked: list[int] = []
    unchecked: list[int] = []
    for row in conn.execute(query):
        (unchecked if row.state in loose.UNCHECKED else checked).append(row.id)
    parts = [(BOOKMARKS["unclassified"], checked, False), (BOOKMARKS["unchecked"], unchecked, True)]
    return [part for part in parts if part[1]]
