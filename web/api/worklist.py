"""WORKLIST: the orders by status."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from engine.ops import read_worklist
from web.api import models
from web.api.auth import Person
from web.api.guard import Engine, key_of, need, opaque

router = APIRouter(prefix="/api/v1/worklist", tags=["worklist"])


@router.post("/search")
def search_worklist(
    asked: models.WorklistAsked, person: Annotated[Person, Depends(need("worklist"))], bridge: Engine
) -> models.Worklist:
    """The orders of a status, newest first; `text` is the beginning of a name, number, order or examination."""
    after, names, signer = key_of(asked.after), "names" in person.rights, "sign" in person.rights
    page, counts = bridge.read(
        lambda conn: (
            read_worklist.worklist(conn, asked.status, asked.text, after, asked.limit, names=names, signer=signer),
            read_worklist.counts(conn),
        )
    )
    bridge.audit(person, "worklist.list", subject=f"{asked.status}, {len(page.items)} rows{_span(page.items)}")
    items = [models.WorklistRow.model_validate(row) for row in page.items]
    return models.Worklist(items=items, next=opaque(page.next), counts=counts)


def _span(rows: list[read_worklist.WorkRow]) -> str:
    """Which runs were shown, so that the audit can tell whose names."""
    return f", runs {rows[-1].seq} to {rows[0].seq}" if rows else ""
