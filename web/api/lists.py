"""LISTS: kinds of documents, departments and stations, edited row by row; their YAML out and in; what was learnt."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from sqlalchemy import Connection

from engine.ops import models
from engine.site.problems import Invalid, Problem
from records import audit, list_rows, lists
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
    return bridge.read(_lists)


def _lists(conn: Connection) -> models_lists.Lists:
    return models_lists.Lists.model_validate({**lists.shown(conn), "versions": list_rows.versions(conn)})


@router.get("/used")
def get_lists_used(person: Keeper, bridge: Engine) -> models_lists.ListUse:
    """How often each code is used: what is used is never deleted."""
    return models_lists.ListUse.model_validate(bridge.read(list_rows.used))


@router.put("/{name}")
def put_list(
    name: models_lists.ListName, asked: models_lists.ListAsked, person: Keeper, bridge: Engine
) -> models_lists.ListSaved:
    """Write one list, if it still is what the editor saw (else 409 WB-8505); or every fault in it, and nothing done."""
    try:
        wanted = list_rows.read(name, asked.items)
    except Invalid as error:
        return _saved(bridge, {"added": [], "changed": [], "retired": []}, error.problems)

    def save(conn: Connection) -> dict[str, list[str]]:
        done = list_rows.save(conn, name, wanted, asked.version)
        said = [f"{word} {', '.join(codes)}" for word, codes in done.items() if codes]
        if said:
            subject = f"{name}: {'; '.join(said)}"
            audit.record(
                conn, at=bridge.now(), user=person.login, act="lists.change", subject=subject, origin=person.origin
            )
        return done

    done = bridge.act(save)
    bridge.notify(TOPICS)
    return _saved(bridge, done, ())


def _saved(bridge: Bridge, done: dict[str, list[str]], problems: Iterable[Problem]) -> models_lists.ListSaved:
    faults = [_row_fault(problem) for problem in sorted(problems, key=lambda one: one.place.line)]
    changes = models_lists.ListChanges.model_validate(done)
    return models_lists.ListSaved(changes=changes, faults=faults, lists=bridge.read(_lists))


def _row_fault(problem: Problem) -> models_lists.RowFault:
    return models_lists.RowFault(
        row=max(0, problem.place.line - 1), field=problem.place.file, code=problem.code, text=problem.text,
        advice=problem.advice,
    )  # fmt: skip


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
    def write(conn: Connection) -> dict[str, dict[str, list[str]]]:
        done = lists.write(conn, wanted)
        audit.record(
            conn, at=bridge.now(), user=person.login, act="lists.import", subject="lists", origin=person.origin
        )
        return done

    found = bridge.act(write)
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
