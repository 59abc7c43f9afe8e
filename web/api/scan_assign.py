"""ASSIGN: patients looked up, candidates of a page, pages assigned; each with the patient's row echoed and recorded."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from sqlalchemy import Connection, Row, select

from engine.store.schema_records import page
from records import acts, assign, lookup, proposals, whose
from records.assign import Mismatch, Wanted
from web.api import models_people as models
from web.api.auth import Person
from web.api.bridge import Bridge
from web.api.guard import Engine, PublicId, need
from web.api.models_scan import BatchChanged, PatientBrief
from web.api.problems import MEDIA_TYPE, not_found, problem
from web.api.scan_batches import changed, found

router = APIRouter(prefix="/api/v1/scan", tags=["scan"])

Operator = Annotated[Person, Depends(need("scan"))]
CONTRADICTED: dict[int | str, dict[str, Any]] = {
    409: {"model": models.Contradiction, "description": "The page contradicts the patient"}
}


@router.post("/patients/lookup")
def lookup_patients(asked: models.LookupAsked, person: Operator, bridge: Engine) -> models.PatientsFound:
    """Patients by what was typed or scanned, the surest first. Each that is shown is recorded."""
    rows = bridge.read(lambda conn: lookup.lookup(conn, asked.text, asked.limit))
    bridge.audit_each(person, "patient.lookup", [row.key for row in rows])
    return models.PatientsFound(items=[models.PatientFound.model_validate(row) for row in rows])


@router.post("/batches/{id}/candidates")
def get_candidates(
    id: PublicId,  # noqa: A002
    asked: models.CandidatesAsked,
    person: Operator,
    bridge: Engine,
) -> models.PageCandidates:
    """Whose a page may be: by its label, its text, its file's name, the page before, who comes."""
    today = datetime.fromtimestamp(bridge.now() / 1000, UTC).date().isoformat()

    def read(conn: Connection) -> list[whose.Candidate]:
        return whose.candidates(conn, _page(conn, found(conn, id), asked.page), today)

    rows = bridge.read(read)
    bridge.audit_each(person, "patient.lookup", [row.patient.key for row in rows])
    items = [
        models.PageCandidate(
            patient=PatientBrief.model_validate(row.patient), why=row.why, page=asked.page,
            place=list(row.place) if row.place is not None else None,
        )
        for row in rows
    ]  # fmt: skip
    return models.PageCandidates(items=items)


@router.post("/batches/{id}/assign", response_model=BatchChanged, responses=CONTRADICTED)
def assign_pages(id: PublicId, asked: models.AssignAsked, person: Operator, bridge: Engine) -> Any:  # noqa: A002
    """Give pages to a patient. 409 WB-8201 names the fields that the pages say otherwise; with a note it is proposed,
    and another person confirms it."""
    wanted = Wanted(asked.pages, asked.patient, asked.how, asked.note)
    against = bridge.read(lambda conn: assign.contradictions(conn, found(conn, id).id, wanted))

    def do(conn: Connection, row: Row[Any], at: int) -> acts.Touched:
        return assign.assign(conn, row.id, wanted, against, who=person.who, at=at)

    try:
        return changed(bridge, person, id, do)
    except Mismatch as stopped:
        _recorded(bridge, person, id, stopped.fields)
        return _contradiction(stopped)


@router.post("/batches/{id}/assign/confirm")
def confirm_assignment(id: PublicId, asked: models.ConfirmAsked, person: Operator, bridge: Engine) -> BatchChanged:  # noqa: A002
    """The second person's word on what a first one proposed against a contradiction."""
    return changed(
        bridge, person, id, lambda conn, row, at: assign.confirm(conn, row.id, asked.act, who=person.who, at=at)
    )


@router.post("/batches/{id}/assign/refuse")
def refuse_assignment(id: PublicId, asked: models.ConfirmAsked, person: Operator, bridge: Engine) -> BatchChanged:  # noqa: A002
    """What was proposed against a contradiction is not right, or is taken back. Nothing was assigned."""
    return changed(
        bridge, person, id, lambda conn, row, at: proposals.refuse(conn, row.id, asked.act, who=person.who, at=at)
    )


def _page(conn: Connection, batch: Row[Any], public_id: str) -> Row[Any]:
    row = conn.execute(select(page).where(page.c.public_id == public_id, page.c.batch == batch.id)).one_or_none()
    if row is None:
        raise not_found()
    return row


def _recorded(bridge: Bridge, person: Person, batch: str, fields: Sequence[str]) -> None:
    bridge.audit(person, "page.assign.stopped", subject=f"{batch}: {', '.join(fields)}")


def _contradiction(stopped: Mismatch) -> Response:
    body = json.loads(problem(409, stopped.code, stopped.reason))
    body |= {"fields": stopped.fields, "pages": stopped.pages}
    return Response(json.dumps(body), 409, media_type=MEDIA_TYPE)
