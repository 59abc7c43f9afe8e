"""Routes as the screens show them: what was deployed when, and how many runs stand at each step."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, func, select

from engine.ops.read import IS_UNFINISHED
from engine.store.schema import revision, run

SHOWN = 100
"""Revisions of one route that are listed, the newest first."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """A revision of a route. `open`: unfinished runs that are on it. `by`: empty when it came with a start."""

    revision: str
    deployed_at: int
    by: str
    open: int


@dataclass(frozen=True, slots=True)
class Place:
    """The unfinished runs of one revision in one state at one step."""

    revision: str
    step: str
    state: str
    count: int
    oldest: int


@dataclass(frozen=True, slots=True)
class Kept:
    """The canonical text of a revision, as data."""

    deployed_at: int
    source: Any = field(repr=False)


def places(conn: Connection, route: str) -> list[Place]:
    """Where the unfinished runs of a route stand."""
    columns = (run.c.revision, run.c.step, run.c.state)
    query = (
        select(*columns, func.count(), func.min(run.c.since))
        .where(run.c.route == route, IS_UNFINISHED)
        .group_by(*columns)
    )
    return [Place(row[0], row[1] or "", *row[2:]) for row in conn.execute(query)]


def revisions(conn: Connection, route: str) -> list[Deployed]:
    """What was deployed, the newest first."""
    open_runs: dict[str, int] = {}
    for place in places(conn, route):
        open_runs[place.revision] = open_runs.get(place.revision, 0) + place.count
    query = (
        select(revision.c.revision, revision.c.deployed_at, revision.c.by)
        .where(revision.c.route == route)
        .order_by(revision.c.deployed_at.desc(), revision.c.revision)
        .limit(SHOWN)
    )
    return [Deployed(*row, open_runs.get(row[0], 0)) for row in conn.execute(query)]


def deployments(conn: Connection) -> dict[tuple[str, str], tuple[int, str]]:
    """When each revision of each route came and by whom, by route and revision."""
    rows = conn.execute(select(revision.c.route, revision.c.revision, revision.c.deployed_at, revision.c.by))
    return {(row[0], row[1]): (row[2], row[3]) for row in rows}


def kept(conn: Connection, route: str, wanted: str) -> Kept | None:
    """A revision by its whole name, as it was deployed."""
    query = select(revision.c.deployed_at, revision.c.text).where(
        revision.c.route == route, revision.c.revision == wanted
    )
    row = conn.execute(query).first()
    return Kept(row.deployed_at, json.loads(row.text)) if row else None
