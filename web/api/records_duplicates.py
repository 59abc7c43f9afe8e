"""DUPLICATES: pages that are there twice, side by side, each pair decided once; nothing is deleted."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from records import pairs
from web.api.auth import Person
from web.api.guard import Engine, Number, key_of, need, opaque
from web.api.models_duplicates import Decided, DecisionAsked, Duplicates, DuplicatesAsked

router = APIRouter(prefix="/api/v1/records/duplicates", tags=["records"])

Clerk = Annotated[Person, Depends(need("duplicates"))]


@router.post("/search")
def search_duplicates(asked: DuplicatesAsked, person: Clerk, bridge: Engine) -> Duplicates:
    """Open pairs, newest first; the look at each patient is recorded."""
    after = key_of(asked.after)
    items, following = bridge.read(lambda conn: pairs.search(conn, after, asked.limit))
    bridge.audit_each(person, "duplicates.search", sorted(pairs.patients_of(items)))
    return Duplicates.model_validate({"items": items, "next": opaque(following), "open": bridge.read(pairs.waiting)})


@router.post("/{id}/decide")
def decide_duplicate(id: Number, asked: DecisionAsked, person: Clerk, bridge: Engine) -> Decided:  # noqa: A002
    """Two pages that are alike, one page twice, or one at the wrong patient (then repair it)."""
    at = bridge.now()
    who = person.who
    bridge.act(lambda conn: pairs.decide(conn, id, asked.decision, who=who, at=at, note=asked.note))
    bridge.notify({"records", "duplicates"})
    return Decided(id=id, state=asked.decision, open=bridge.read(pairs.waiting))
