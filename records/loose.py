"""A patient's pages that are in no document yet: in work, and of these the ones that nobody has checked.

They are read as they are: a page that moves into a document, or to another patient, is not here any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, or_, select

from engine.store.schema import document
from engine.store.schema_records import batch, document_page, draft, page
from records import recipe
from records.states import BatchState, PageState

MOST = 2000
"""Pages that are listed."""
UNCHECKED = (BatchState.OPEN, BatchState.STOPPED)
"""Batches that nobody has closed: their pages are not checked."""


def held() -> Any:
    """Whether a page is in a document as it is now; one that left its document is in none."""
    newest = (document_page.c.document == document.c.id) & (document_page.c.version == document.c.version)
    found = select(document_page.c.page).join(document, newest).where(document_page.c.page == page.c.id)
    return found.correlate(page).exists()


def of(patient_id: int, *columns: Any) -> Select[Any]:
    """A question for these columns of the patient's loose pages, with `page`, `batch` and `draft` joined."""
    return (
        select(*columns)
        .select_from(page)
        .join(batch, batch.c.id == page.c.batch)
        .outerjoin(draft, draft.c.id == page.c.draft)
        .where(page.c.patient == patient_id, page.c.state.in_((PageState.KEPT, PageState.RESCAN)))
        .where(or_(draft.c.document.is_(None), ~held()))
    )


def pages(conn: Connection, patient_id: int) -> list[dict[str, Any]]:
    """`{n, page, width, height, r, checked, at}`, those that nobody has checked first, each part in its order."""
    query = of(patient_id, page, batch.c.state.label("of_batch")).order_by(
        batch.c.state.not_in(UNCHECKED), page.c.batch, page.c.position
    )
    return [_shown(row, place) for place, row in enumerate(conn.execute(query.limit(MOST)).all(), 1)]


def page_row(conn: Connection, patient_id: int, public_id: str) -> Row[Any] | None:
    """The row of `page` of this id, if it is one of them."""
    return conn.execute(of(patient_id, page).where(page.c.public_id == public_id)).one_or_none()


def work(conn: Connection, patient_id: int) -> dict[str, Any]:
    """How many they are, since when, and the ids of the ones that nobody has checked, by batch."""
    query = of(patient_id, page.c.public_id, page.c.created_at, batch.c.public_id.label("of"), batch.c.state)
    rows: Sequence[Row[Any]] = conn.execute(query.order_by(page.c.batch, page.c.position)).all()
    unchecked: dict[str, list[str]] = {}
    for row in rows[:MOST]:
        if row.state in UNCHECKED:
            unchecked.setdefault(row.of, []).append(row.public_id)
    in_work = {"pages": len(rows), "since": min(row.created_at for row in rows)} if rows else None
    return {"in_work": in_work, "unchecked": [{"batch": name, "pages": ids} for name, ids in unchecked.items()]}


def _shown(row: Row[Any], place: int) -> dict[str, Any]:
    width, height = recipe.turned(row.recipe, row.width, row.height)
    return {
        "n": place, "page": row.public_id, "width": width, "height": height, "r": recipe.key(row.recipe),
        "checked": row.of_batch not in UNCHECKED, "at": row.created_at,
    }  # fmt: skip
