"""Boxes of paper and the progress of back-file projects. They name no patient."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends
from sqlalchemy import Connection

from records import audit, boxes
from records.boxes import Filled
from web.api import models_people as models
from web.api.auth import Person
from web.api.bridge import Bridge
from web.api.guard import Engine, key_of, need, opaque

router = APIRouter(prefix="/api/v1/records", tags=["records"])

Operator = Annotated[Person, Depends(need("scan"))]


@router.post("/boxes/search")
def search_boxes(asked: models.BoxesAsked, person: Operator, bridge: Engine) -> models.Boxes:
    """The newest first, with what came out of each."""
    after = key_of(asked.after)
    rows = bridge.read(lambda conn: boxes.search(conn, asked.project, after, asked.limit + 1))
    shown = rows[: asked.limit]
    following = shown[-1].id if len(rows) > asked.limit else None
    return models.Boxes(items=[_box(row) for row in shown], next=opaque(following))


@router.post("/boxes")
def create_box(asked: models.BoxNew, person: Operator, bridge: Engine) -> models.Box:
    """A new box."""
    at = bridge.now()

    def new(conn: Connection) -> int:
        return boxes.add(conn, asked.model_dump(), by=person.id, at=at)

    return _written(bridge, person, bridge.act(new), "box.create")


@router.patch("/boxes/{id}")
def describe_box(id: models.BoxId, asked: models.BoxPatch, person: Operator, bridge: Engine) -> models.Box:  # noqa: A002
    """Its shelf, its state, and the like; what is not sent stays. `id` is the box's, not the code on it."""
    key = key_of(id) or 0
    said = {name: value for name, value in asked.model_dump(exclude_unset=True).items() if name != "code" or value}

    def change(conn: Connection) -> int:
        return boxes.change(conn, key, said)

    return _written(bridge, person, bridge.act(change), "box.change")


@router.get("/projects")
def get_projects(person: Operator, bridge: Engine) -> models.Projects:
    """How far each project is, and about how many days are left."""
    rows = bridge.read(boxes.projects)
    return models.Projects(items=[models.Project.model_validate(row) for row in rows])


def _written(bridge: Bridge, person: Person, key: int, act: str) -> models.Box:
    at = bridge.now()
    bridge.store.write_now(
        lambda conn: audit.record(conn, at=at, user=person.login, act=act, subject=f"box {key}", origin=person.origin)
    )
    bridge.notify({"records", "scan"})
    return _box(bridge.read(lambda conn: boxes.one(conn, key)))


def _box(row: Filled) -> models.Box:
    return models.Box(**asdict(row) | {"id": opaque(row.id)})
