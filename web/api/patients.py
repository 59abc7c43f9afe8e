"""PATIENT: found by number or name; orders, documents, messages, and who looked."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from engine.ops import read_audit, read_patients
from web.api import models
from web.api.auth import Person
from web.api.bridge import Bridge
from web.api.guard import AfterQuery, Engine, LimitQuery, PublicId, key_of, need, opaque
from web.api.problems import not_found

router = APIRouter(prefix="/api/v1/patients", tags=["patients"])

Reader = Annotated[Person, Depends(need("patients"))]


@router.post("/search")
def search_patients(asked: models.PatientsAsked, person: Reader, bridge: Engine) -> models.Patients:
    """Patients whose number or name begins with the text."""
    after = key_of(asked.after)
    page = bridge.read(lambda conn: read_patients.search(conn, asked.text.strip(), after, asked.limit))
    bridge.audit_each(person, "patient.list", [row.key for row in page.items])
    items = [models.PatientRow.model_validate(row) for row in page.items]
    return models.Patients(items=items, next=opaque(page.next))


@router.get("/{id}")
def get_patient(id: PublicId, person: Reader, bridge: Engine) -> models.Patient:  # noqa: A002 - the address's word
    """Name, birth, sex, number and the further details that were sent."""
    return models.Patient.model_validate(_patient(bridge, person, id, "patient.read"))


@router.get("/{id}/orders")
def get_patient_orders(
    id: PublicId,  # noqa: A002
    person: Reader,
    bridge: Engine,
    after: AfterQuery = None,
    limit: LimitQuery = 50,
) -> models.PatientOrders:
    """The patient's orders, newest first."""
    known = _patient(bridge, person, id, "patient.orders")
    page = bridge.read(lambda conn: read_patients.orders(conn, known.number, key_of(after), limit))
    items = [models.PatientOrder.model_validate(row) for row in page.items]
    return models.PatientOrders(items=items, next=opaque(page.next))


@router.get("/{id}/documents")
def get_patient_documents(
    id: PublicId,  # noqa: A002
    person: Reader,
    bridge: Engine,
    after: AfterQuery = None,
    limit: LimitQuery = 50,
) -> models.PatientDocuments:
    """What is filed under this patient, newest first."""
    known = _patient(bridge, person, id, "patient.documents")
    page = bridge.read(lambda conn: read_patients.documents(conn, known.key, key_of(after), limit))
    items = [models.PatientDocument.model_validate(row) for row in page.items]
    return models.PatientDocuments(items=items, next=opaque(page.next))


@router.get("/{id}/messages")
def get_patient_messages(
    id: PublicId,  # noqa: A002
    person: Reader,
    bridge: Engine,
    after: AfterQuery = None,
    limit: LimitQuery = 50,
) -> models.PatientMessages:
    """The messages about this patient, newest first, bodies closed."""
    known = _patient(bridge, person, id, "patient.messages")
    page = bridge.read(lambda conn: read_patients.messages(conn, known.number, key_of(after), limit))
    items = [models.PatientMessage.model_validate(row) for row in page.items]
    return models.PatientMessages(items=items, next=opaque(page.next))


@router.get("/{id}/access")
def get_patient_access(
    id: PublicId,  # noqa: A002
    person: Reader,
    bridge: Engine,
    after: AfterQuery = None,
    limit: LimitQuery = 50,
) -> models.PatientAccess:
    """Who looked at this patient, newest first."""
    known = _patient(bridge, person, id, "patient.access")
    page = bridge.read(lambda conn: read_audit.access_log(conn, known.key, key_of(after), limit))
    items = [models.Access.model_validate(row) for row in page.items]
    return models.PatientAccess(items=items, next=opaque(page.next))


def _patient(bridge: Bridge, person: Person, public_id: str, act: str) -> read_patients.PatientRow:
    """The patient, with the look written down first."""
    known = bridge.read(lambda conn: read_patients.by_public_id(conn, public_id))
    if known is None:
        raise not_found()
    bridge.audit(person, act, patient=known.key)
    return known
