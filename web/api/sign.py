"""SIGNING QUEUE and REPORT: what waits for a physician, and the physician's word."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from fastapi.responses import FileResponse

from engine.ops import read_order, read_sign, read_values
from web.api import models, models_runs
from web.api.auth import Person
from web.api.bridge import Bridge
from web.api.files import send
from web.api.guard import Engine, RunId, need
from web.api.problems import CANNOT_SIGN, Denied, not_found
from web.api.signer import signer_of, why_no_word, why_not

router = APIRouter(prefix="/api/v1/sign", tags=["sign"])

Physician = Annotated[Person, Depends(need("sign"))]


@router.get("/queue")
def get_queue(person: Physician, bridge: Engine) -> models_runs.SignQueue:
    """What waits for a signature: mine (a job of mine runs, or only I may sign) and the pool."""
    rows = bridge.read(lambda conn: read_sign.queue(conn, person.id))
    mine = [row for row in rows if row.job is not None and row.job.owner_me and not row.job.ended]
    taken = {row.run_id for row in mine}
    bridge.audit_each(person, "sign.list", sorted({row.patient for row in rows if row.patient is not None}))
    return models_runs.SignQueue(
        mine=[models_runs.SignRow.model_validate(row) for row in mine],
        pool=[models_runs.SignRow.model_validate(row) for row in rows if row.run_id not in taken],
    )


@router.get("/{run_id}")
def get_report(run_id: RunId, person: Physician, bridge: Engine) -> models_runs.SignReport:
    """A report beside its order and patient."""
    found = _report(bridge, person, run_id, "sign.read")
    reason = why_not(bridge.read(lambda conn: signer_of(conn, person.id)), found)
    order = bridge.read(lambda conn: read_order.order_fields(conn, found.run, bridge.blobs))
    rows = bridge.read(lambda conn: read_sign.queue(conn, person.id))
    document = found.document
    return models_runs.SignReport(
        run_id=run_id,
        status=found.run.status,
        state=found.run.state,
        title=found.title,
        order=order,
        patient=models.PatientRow.model_validate(found.patient) if found.patient else None,
        document=models_runs.SignDocument(
            url=f"/api/v1/sign/{run_id}/document",
            sha256=document.sha256,
            size=read_values.size_of(document, bridge.blobs),
            pages=None,
        )
        if document
        else None,
        matches=[models_runs.Match.model_validate(match) for match in found.matches],
        job=models_runs.SignJob.model_validate(found.job) if found.job else None,
        blocked=found.run.blocked or None,
        can_sign=reason is None,
        why_not=reason,
        phone_url=bridge.phone,
        next=_after([row.run_id for row in rows], run_id),
    )


def _after(queue: list[str], run_id: str) -> str | None:
    """The report that follows in the queue, or its first one."""
    rest = queue[queue.index(run_id) + 1 :] + queue[: queue.index(run_id)] if run_id in queue else queue
    return rest[0] if rest else None


@router.get("/{run_id}/document", response_class=FileResponse)
def get_report_document(run_id: RunId, person: Physician, bridge: Engine) -> Response:
    """The PDF that would be signed; recorded."""
    found = _report(bridge, person, run_id, "sign.open")
    if found.document is None:
        raise not_found()
    blob = found.document
    return send(bridge, read_values.Content("blob", "application/pdf", None, blob, blob.size), f"report-{run_id[:8]}")


@router.post("/{run_id}/sign")
def sign(run_id: RunId, person: Physician, bridge: Engine) -> models_runs.SignJob:
    """Ask the provider for this physician's signature; the answer comes later, on the phone."""
    found = bridge.read(lambda conn: read_sign.report(conn, run_id, person.id))
    if found is None:
        raise not_found()
    reason = why_not(bridge.read(lambda conn: signer_of(conn, person.id)), found)
    if reason is not None:
        raise Denied(409, CANNOT_SIGN, reason)
    bridge.audit(person, "sign.request", patient=found.patient.key if found.patient else None, run=found.run.seq)
    bridge.act(lambda conn: bridge.acts.sign(conn, run_id, person.id))
    jobs = bridge.read(lambda conn: read_sign.newest_jobs(conn, [found.run.seq], person.id))
    return models_runs.SignJob.model_validate(jobs[found.run.seq])


@router.post("/{run_id}/refuse", status_code=204)
def refuse(run_id: RunId, asked: models_runs.ReasonAsked, person: Physician, bridge: Engine) -> None:
    """This report will not be signed."""
    _must_have_a_say(bridge, person, run_id)
    bridge.act(lambda conn: bridge.acts.refuse(conn, run_id, person.id, asked.reason))


@router.post("/{run_id}/reread", status_code=204)
def reread(run_id: RunId, person: Physician, bridge: Engine) -> None:
    """I have read the change of the order: signing is open again."""
    _must_have_a_say(bridge, person, run_id)
    bridge.act(lambda conn: bridge.acts.reread(conn, run_id, person.id))


@router.post("/{run_id}/cancel", status_code=204)
def withdraw(run_id: RunId, person: Physician, bridge: Engine) -> None:
    """Withdraw a job that was not answered on the phone."""
    bridge.act(lambda conn: bridge.acts.withdraw(conn, run_id, person.id))


def _must_have_a_say(bridge: Bridge, person: Person, run_id: str) -> None:
    found = bridge.read(lambda conn: read_sign.report(conn, run_id, person.id))
    if found is None:
        raise not_found()
    reason = why_no_word(bridge.read(lambda conn: signer_of(conn, person.id)), found)
    if reason is not None:
        raise Denied(403, CANNOT_SIGN, reason)


def _report(bridge: Bridge, person: Person, run_id: str, act: str) -> read_sign.Report:
    """The report, with the look written down first."""
    found = bridge.read(lambda conn: read_sign.report(conn, run_id, person.id))
    if found is None:
        raise not_found()
    bridge.audit(person, act, patient=found.patient.key if found.patient else None, run=found.run.seq)
    return found
