"""RECORDS: documents found by the words on their pages and by what was filed about them."""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import APIRouter, Depends
from sqlalchemy import Connection

from records import search
from web.api import models_records as models
from web.api.auth import Person
from web.api.guard import Engine, key_of, need, opaque
from web.api.rows import owner_of

router = APIRouter(prefix="/api/v1/records", tags=["records"])

Reader = Annotated[Person, Depends(need("records"))]


@router.post("/search")
def search_records(asked: models.RecordsAsked, person: Reader, bridge: Engine) -> models.SearchHits:
    """Documents that have all words on one of their pages (without words, all), those of the latest day first.

    A document without a date has the day on which it was filed; those of one day come as they were filed.

    Withdrawn documents are found by those who may edit. `next` with fewer documents than `limit`, even none, means that
    time ran out: ask again from there. Every patient that is shown has a row in the audit.
    """
    began = time.monotonic()
    after = key_of(asked.after)
    found = bridge.read(lambda conn: search.search(conn, _asked(conn, asked, person), after, asked.limit))
    bridge.audit_each(person, "records.search", sorted({hit.owner for hit in found.items}))
    items = [models.SearchHit.model_validate(hit) for hit in found.items]
    return models.SearchHits(items=items, next=opaque(found.next), ms=round((time.monotonic() - began) * 1000))


def _asked(conn: Connection, asked: models.RecordsAsked, person: Person) -> search.Asked:
    states = tuple(asked.states) if "edit" in person.rights else ()
    return search.Asked(
        text=asked.text, patient=None if asked.patient is None else _patient(conn, asked.patient),
        kinds=tuple(asked.kinds), departments=tuple(asked.departments), since=asked.since, until=asked.until,
        author=asked.author, states=states or ("current",), order=asked.order,
    )  # fmt: skip


def _patient(conn: Connection, public_id: str) -> int:
    """The patient's number in the table; of a merged one the number of the one who stayed."""
    return int(owner_of(conn, public_id).id)
