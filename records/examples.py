"""What clerks have decided, as examples to learn from: the kind of each filed document, and its text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, func, select

from engine.store.schema import document
from engine.store.schema_records import doc_kind, document_page, page_text
from records.suggest import MOST_PAGES

OF_A_KIND = 400
"""The newest so many of each kind: enough to learn from, and old forms are forgotten."""


def count_since(conn: Connection, at: int) -> int:
    """How many documents were filed or changed by clerks since then."""
    mine = select(func.count()).select_from(document).where(document.c.origin == "scan", document.c.changed_at > at)
    return int(conn.execute(mine).scalar_one())


def examples(conn: Connection, of_a_kind: int = OF_A_KIND) -> Iterator[dict[str, Any]]:
    """`{kind, group, text}`: group is the patient's number in the database, which says no more than "the same"."""
    for (kind,) in conn.execute(select(doc_kind.c.code).where(doc_kind.c.active == 1)).all():
        chosen = conn.execute(
            select(document.c.id, document.c.patient, document.c.version)
            .where(document.c.kind == kind, document.c.origin == "scan", document.c.state == "current")
            .order_by(document.c.id.desc())
            .limit(of_a_kind)
        ).all()
        for row in chosen:
            text = _text(conn, row.id, row.version)
            if text:
                yield {"kind": kind, "group": str(row.patient), "text": text}


def _text(conn: Connection, key: int, version: int) -> str:
    texts = conn.execute(
        select(page_text.c.text)
        .join(document_page, document_page.c.page == page_text.c.page)
        .where(document_page.c.document == key, document_page.c.version == version)
        .order_by(document_page.c.position)
        .limit(MOST_PAGES)
    )
    return "\n".join(row[0] for row in texts)
