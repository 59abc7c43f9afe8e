"""Pairs of pages that may be the same, shown side by side and decided once by a person. Nothing is ever deleted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, literal_column, select, text, update

from engine.message import Refused
from engine.store.schema import document, patient
from engine.store.schema_records import batch, draft, duplicate, page, scan_file
from records import audit
from records.assign import Who
from records.recipe import key as recipe_key
from records.states import PageState

DECIDED = "WB-8050"  # a pair of pages that was decided already, or is not there

DECISIONS = ("both", "same", "patient")
SHOWN = (PageState.KEPT, PageState.RESCAN)
COUNTED = 1000
BRIEF = ("number", "name", "birth_date", "sex")

_OPEN = text("duplicate.state = 'open'")
"""As the index has it."""


def search(conn: Connection, after: int | None, limit: int) -> tuple[list[dict[str, Any]], int | None]:
    """Open pairs whose pages are both of a record, newest first, and where the next ones begin."""
    a, b = page.alias("a"), page.alias("b")
    query = (
        select(duplicate.c.id, duplicate.c.a, duplicate.c.b, duplicate.c.why, duplicate.c.distance)
        .join(a, a.c.id == duplicate.c.a)
        .join(b, b.c.id == duplicate.c.b)
        .where(_OPEN, a.c.state.in_(SHOWN), b.c.state.in_(SHOWN))
        .order_by(duplicate.c.id.desc())
        .limit(limit + 1)
    )
    if after is not None:
        query = query.where(duplicate.c.id < after)
    rows = conn.execute(query).all()
    sides = _sides(conn, {key for row in rows[:limit] for key in (row.a, row.b)})
    items = [
        {"id": row.id, "why": row.why, "distance": row.distance, "a": sides[row.a], "b": sides[row.b]}
        for row in rows[:limit]
    ]
    return items, items[-1]["id"] if len(rows) > limit else None


def waiting(conn: Connection) -> int:
    """How many are not decided, `COUNTED` at most."""
    some = select(literal_column("1")).select_from(duplicate).where(_OPEN).limit(COUNTED).subquery()
    return int(conn.execute(select(func.count()).select_from(some)).scalar_one())


def decide(conn: Connection, number: int, decision: str, *, who: Who, at: int, note: str = "") -> None:
    """Write what a person decided, and in the same commit its audit for the patients of the two pages. Once a pair."""
    done = conn.execute(
        update(duplicate)
        .where(duplicate.c.id == number, duplicate.c.state == "open")
        .values(state=decision, by=who.id, decided_at=at, note=note.strip()[:200])
    )
    if done.rowcount != 1:
        raise Refused(DECIDED, "the pair was decided already, or is not there")
    row = conn.execute(select(duplicate.c.a, duplicate.c.b).where(duplicate.c.id == number)).one()
    of = select(page.c.patient).where(page.c.id.in_((row.a, row.b)), page.c.patient.is_not(None)).distinct()
    for owner in [*conn.execute(of.order_by(page.c.patient)).scalars()] or [None]:
        audit.record(
            conn, at=at, user=who.login, act=f"duplicates.{decision}", patient=owner, subject=str(number),
            origin=who.origin,
        )  # fmt: skip


def patients_of(items: Sequence[dict[str, Any]]) -> set[int]:
    """The numbers of the patients whom a list of pairs shows."""
    return {side["patient"]["key"] for item in items for side in (item["a"], item["b"]) if side["patient"]}


def _sides(conn: Connection, keys: set[int]) -> dict[int, dict[str, Any]]:
    columns: list[Any] = [
        page.c.id, page.c.public_id, page.c.recipe, page.c.number, page.c.state, page.c.width, page.c.height,
        page.c.created_at, scan_file.c.name.label("file"), batch.c.public_id.label("batch"),
        document.c.public_id.label("document"), func.coalesce(document.c.title, draft.c.title, "").label("title"),
        patient.c.id.label("owner"), patient.c.public_id.label("owner_id"),
        *(patient.c[name].label(f"owner_{name}") for name in BRIEF),
    ]  # fmt: skip
    query = (
        select(*columns)
        .join(scan_file, scan_file.c.id == page.c.file)
        .join(batch, batch.c.id == page.c.batch)
        .outerjoin(draft, draft.c.id == page.c.draft)
        .outerjoin(document, document.c.id == draft.c.document)
        .outerjoin(patient, patient.c.id == page.c.patient)
        .where(page.c.id.in_(keys))
    )
    return {row.id: _side(row) for row in conn.execute(query)}


def _side(row: Row[Any]) -> dict[str, Any]:
    found = row._mapping
    owner = {"id": found["owner_id"], "key": row.owner} | {name: found[f"owner_{name}"] for name in BRIEF}
    return {
        "page": row.public_id, "r": recipe_key(row.recipe), "number": row.number, "state": row.state, "file": row.file,
        "width": row.width, "height": row.height, "at": row.created_at, "patient": owner if row.owner else None,
        "document": row.document, "title": row.title, "batch": row.batch,
    }  # fmt: skip
