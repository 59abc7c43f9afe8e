"""READER: what a reader marks as wrong on a document, and what came of it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from sqlalchemy import Row

from records import flags
from web.api import models_records as models
from web.api.auth import Person
from web.api.bridge import Bridge
from web.api.guard import Engine, Number, PublicId, need
from web.api.problems import BAD_REQUEST, Denied
from web.api.rows import readable_document

router = APIRouter(prefix="/api/v1/documents", tags=["records"])

Reader = Annotated[Person, Depends(need("records"))]
Editor = Annotated[Person, Depends(need("edit"))]


@router.post("/{id}/flags")
def flag_document(id: PublicId, asked: models.FlagAsked, person: Reader, bridge: Engine) -> models.DocumentFlags:  # noqa: A002
    """Mark a document, or a page of it, as wrong; it waits in PROBLEMS for who may repair it."""
    if asked.reason == "other" and not asked.note.strip():
        raise Denied(422, BAD_REQUEST, "Say in a note what is wrong.")
    who, at = person.who, bridge.now()
    row = _document(bridge, person, id)
    bridge.store.write_now(
        lambda conn: flags.put(conn, row, place=asked.n, reason=asked.reason, note=asked.note, who=who, at=at)
    )
    return _told(bridge, person, id)


@router.post("/{id}/flags/{number}/answer")
def answer_document_flag(
    id: PublicId,  # noqa: A002
    number: Number,
    asked: models.FlagAnswerAsked,
    person: Editor,
    bridge: Engine,
) -> models.DocumentFlags:
    """What came of a mark: it was repaired, or nothing is wrong."""
    who, at = person.who, bridge.now()
    row = _document(bridge, person, id)
    bridge.store.write_now(
        lambda conn: flags.answer(conn, row, number, answer=asked.answer, note=asked.note, who=who, at=at)
    )
    return _told(bridge, person, id)


def _told(bridge: Bridge, person: Person, public_id: str) -> models.DocumentFlags:
    """All marks of the document as they are now; screens look again."""
    bridge.notify({"records", "problems", f"document:{public_id}"})
    row = _document(bridge, person, public_id)
    return models.DocumentFlags.model_validate({"items": bridge.read(lambda conn: flags.of(conn, row, person.id))})


def _document(bridge: Bridge, person: Person, public_id: str) -> Row[Any]:
    return bridge.read(lambda conn: readable_document(conn, public_id, person))
