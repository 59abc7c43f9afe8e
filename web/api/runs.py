"""WAYBILL: one run or message; opening what is masked; what an operator may do."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from fastapi.responses import FileResponse

from engine.ops import read, read_values, read_waybill
from web.api import models_runs
from web.api.auth import Person
from web.api.bridge import Bridge
from web.api.edited import send_edited
from web.api.files import send
from web.api.guard import Engine, Name, RunId, need
from web.api.problems import not_found

router = APIRouter(prefix="/api/v1", tags=["runs"])

Operator = Annotated[Person, Depends(need("runs"))]


@router.get("/runs/{id}")
def get_run(id: RunId, person: Operator, bridge: Engine) -> models_runs.Waybill:  # noqa: A002 - the address's word
    """The waybill of a run; bodies stay closed."""
    found = run_waybill(bridge, id, names="names" in person.rights)
    bridge.audit(person, "run.read", patient=found.patient, run=found.seq)
    return models_runs.Waybill.model_validate(found)


def run_waybill(bridge: Bridge, run_id: str, *, names: bool) -> read_waybill.Waybill:
    """The waybill with the steps of the run's own revision."""
    row = bridge.read(lambda conn: read.run_by_id(conn, run_id))
    route = bridge.runtime.route(row.route, row.revision) if row else None
    steps = route.steps if route else ()
    found = bridge.read(lambda conn: read_waybill.run_waybill(conn, run_id, steps, names=names))
    if found is None:
        raise not_found()
    return found


@router.get("/messages/{id}")
def get_message(id: RunId, person: Operator, bridge: Engine) -> models_runs.Waybill:  # noqa: A002
    """The waybill of a message."""
    found = bridge.read(lambda conn: read_waybill.message_waybill(conn, id))
    if found is None:
        raise not_found()
    bridge.audit(person, "message.read", subject=id)
    return models_runs.Waybill.model_validate(found)


@router.post("/runs/{id}/values/{name}/open")
def open_value(id: RunId, name: Name, person: Operator, bridge: Engine) -> models_runs.OpenedValue:  # noqa: A002
    """The text of a value; recorded."""
    content = _value(bridge, person, id, name)
    return models_runs.OpenedValue.model_validate(read_values.open_content(content, bridge.blobs))


@router.get("/runs/{id}/values/{name}/file", response_class=FileResponse)
def get_value_file(id: RunId, name: Name, person: Operator, bridge: Engine) -> Response:  # noqa: A002
    """The bytes of a value; recorded."""
    return send(bridge, _value(bridge, person, id, name), f"{name}-{id[:8]}")


@router.post("/messages/{id}/body/open")
def open_body(id: RunId, person: Operator, bridge: Engine) -> models_runs.OpenedValue:  # noqa: A002
    """The body of a message as it arrived; recorded."""
    content = bridge.read(lambda conn: read_values.find_body(conn, id))
    if content is None:
        raise not_found()
    bridge.audit(person, "message.open", subject=id)
    return models_runs.OpenedValue.model_validate(read_values.open_content(content, bridge.blobs))


def _value(bridge: Bridge, person: Person, run_id: str, name: str) -> read_values.Content:
    row = bridge.read(lambda conn: read.run_by_id(conn, run_id))
    content = bridge.read(lambda conn: read_values.find_value(conn, row, name)) if row else None
    if row is None or content is None:
        raise not_found()
    known = bridge.read(lambda conn: read.patient_of_run(conn, row.seq))
    bridge.audit(person, "value.open", patient=known.id if known else None, run=row.seq, subject=name)
    return content


@router.post("/runs/{id}/retry", status_code=204)
def retry_run(id: RunId, asked: models_runs.NoteAsked, person: Operator, bridge: Engine) -> None:  # noqa: A002
    """Try the current step again."""
    bridge.act(lambda conn: bridge.acts.retry(conn, id, person.login, asked.note, origin=person.origin))


@router.post("/runs/{id}/cancel", status_code=204)
def cancel_run(id: RunId, asked: models_runs.NoteAsked, person: Operator, bridge: Engine) -> None:  # noqa: A002
    """End the run without its result."""
    bridge.act(lambda conn: bridge.acts.cancel(conn, id, person.login, asked.note, origin=person.origin))


@router.post("/runs/{id}/retry_from", status_code=204)
def retry_run_from(id: RunId, asked: models_runs.RetryFromAsked, person: Operator, bridge: Engine) -> None:  # noqa: A002
    """Go on at an earlier step: what it and later ones left is made anew."""
    bridge.act(
        lambda conn: bridge.acts.retry_from(conn, id, asked.step, person.login, asked.note, origin=person.origin)
    )


@router.post("/runs/{id}/release", status_code=204)
def release_order(id: RunId, asked: models_runs.NoteAsked, person: Operator, bridge: Engine) -> None:  # noqa: A002
    """Let the runs go that wait behind this one because they have its order key."""
    bridge.act(lambda conn: bridge.acts.release(conn, id, person.login, asked.note, origin=person.origin))


@router.post("/runs/{id}/edit")
async def edit_run(
    id: RunId,  # noqa: A002
    asked: models_runs.EditAsked,
    person: Operator,
    bridge: Engine,
) -> models_runs.NewRun:
    """Send it with another body: a new message and a new run, linked to this one. Read as its route reads, before."""
    made = await send_edited(bridge, person, id, asked.body, asked.note)
    return models_runs.NewRun(run_id=made)


@router.post("/runs/{id}/answer", status_code=204)
def answer_run(id: RunId, asked: models_runs.AnswerAsked, person: Operator, bridge: Engine) -> None:  # noqa: A002
    """The answer of a person to what the route asks."""
    bridge.act(lambda conn: bridge.acts.answer(conn, id, asked.answer, person.login, asked.note, origin=person.origin))


@router.post("/runs/{id}/doubt", status_code=204)
def answer_doubt(id: RunId, asked: models_runs.DoubtAsked, person: Operator, bridge: Engine) -> None:  # noqa: A002
    """What became of an effect in doubt: it arrived, send it again, or ask the peer."""
    bridge.act(
        lambda conn: bridge.acts.answer_doubt(conn, id, asked.answer, person.login, asked.note, origin=person.origin)
    )
