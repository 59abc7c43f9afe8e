"""LISTS: kinds of documents, departments and stations; their YAML out and in; what the machine has learnt."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from engine.ops import models
from engine.site.problems import Invalid, Problem
from records import lists
from web.api import models_lists
from web.api.auth import Person
from web.api.bridge import Bridge
from web.api.guard import Engine, Number, Signed, need

router = APIRouter(prefix="/api/v1/lists", tags=["lists"])

Keeper = Annotated[Person, Depends(need("lists"))]
TOPICS = {"lists", "work:sort"}


@router.get("")
def get_lists(person: Signed, bridge: Engine) -> models_lists.Lists:
    """What everybody who files and searches chooses from."""
    return models_lists.Lists.model_validate(bridge.read(lists.shown))


@router.get("/export", response_class=Response)
def export_lists(person: Keeper, bridge: Engine) -> Response:
    """The lists as YAML: edit it, and import it."""
    headers = {"Content-Disposition": 'attachment; filename="lists.yaml"', "Cache-Control": "no-store"}
    return Response(bridge.read(lists.exported), media_type="application/yaml", headers=headers)


@router.post("/import")
def import_lists(asked: models_lists.ImportAsked, person: Keeper, bridge: Engine) -> models_lists.ImportResult:
    """What the text would change, or every fault in it; with `apply` it is done, whole or not at all."""
    try:
        wanted = lists.read(asked.yaml)
    except Invalid as error:
        faults = [_fault(problem) for problem in error.problems]
        return models_lists.ImportResult(applied=False, changes={}, faults=faults)
    if asked.apply:
        found = _write(bridge, person, wanted)
    else:
        found = bridge.read(lambda conn: lists.changes(conn, wanted))
    changes = {name: models_lists.ListChanges.model_validate(one) for name, one in found.items()}
    return models_lists.ImportResult(applied=asked.apply, changes=changes, faults=[])


def _write(bridge: Bridge, person: Person, wanted: lists.Lists) -> dict[str, dict[str, list[str]]]:
    found = bridge.act(lambda conn: lists.write(conn, wanted))
    bridge.audit(person, "lists.import", subject="lists")
    bridge.notify(TOPICS)
    return found


def _fault(problem: Problem) -> models_lists.ListFault:
    place = problem.place
    return models_lists.ListFault(
        line=place.line, column=place.column, code=problem.code, text=problem.text, advice=problem.advice
    )


@router.get("/models")
def get_models(person: Keeper, bridge: Engine) -> list[models_lists.TrainedModel]:
    """What was learnt, newest first, with what it did on documents that it had not seen."""
    rows = bridge.read(models.newest)
    return [models_lists.TrainedModel.model_validate(row) for row in rows]


@router.post("/models/{id}/use", status_code=204)
def use_model(id: Number, person: Keeper, bridge: Engine) -> None:  # noqa: A002
    """Put an older or refused model to work."""
    bridge.act(lambda conn: models.use(conn, id, person.login))
    bridge.notify(TOPICS)
