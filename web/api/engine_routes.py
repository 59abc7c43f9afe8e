"""ROUTES and ROUTE: what is deployed, its steps drawn with what stands at each, its revisions; going back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi import Path as Word
from starlette.concurrency import run_in_threadpool

from engine.message import Refused
from engine.ops import read_routes
from web.api import models_base, models_engine, texts
from web.api.auth import Person
from web.api.bridge import Bridge
from web.api.dashboard import dashboard
from web.api.desk import Deed, ask, desk_of, perform, plan_of
from web.api.diagram import draw
from web.api.guard import Engine, Name, need
from web.api.problems import not_found

router = APIRouter(prefix="/api/v1/routes", tags=["engine"])

Looking = Annotated[Person, Depends(need("engine"))]
Operator = Annotated[Person, Depends(need("operate"))]
RevisionName = Annotated[str, Word(pattern="^[0-9A-Za-z]{1,64}$")]

LARGEST = 256 * 1024
"""Bytes of a transform that is shown."""
RELOAD = "engine.reload"


@router.get("")
async def get_routes(person: Looking, bridge: Engine) -> models_engine.Routes:
    """Every route with its revision, and what the edited text would change."""
    del person
    plan = plan_of(await ask(desk_of(bridge).plan())) if bridge.desk is not None else None
    return models_engine.Routes(routes=await run_in_threadpool(_entries, bridge), plan=plan)


def _entries(bridge: Bridge) -> list[models_engine.RouteEntry]:
    deployed = bridge.read(read_routes.deployments)
    entries = []
    for row in dashboard(bridge).routes:
        at, by = deployed.get((row.name, row.revision), (None, ""))
        entries.append(models_engine.RouteEntry(row=row, deployed_at=models_base.iso(at), deployed_by=by))
    return entries


@router.get("/{name}")
def get_route(name: Name, person: Looking, bridge: Engine) -> models_engine.RoutePage:
    """One route: its diagram with the runs at each step, its text, its revisions."""
    del person
    route = route_of(bridge, name)
    assert bridge.site is not None
    places = bridge.read(lambda conn: read_routes.places(conn, name))
    at, oldest = _by_step(places)
    listed = bridge.read(lambda conn: read_routes.revisions(conn, name))
    operation = f" {route.receive.operation}" if route.receive.operation else ""
    return models_engine.RoutePage(
        row=next(row for row in dashboard(bridge).routes if row.name == name),
        diagram=draw(route, bridge.site.policies, at, oldest),
        text=texts.as_yaml(route.source),
        receives=[f"{connection}{operation}" for connection in route.receive.from_],
        revisions=[
            models_engine.Revision(
                revision=one.revision,
                deployed_at=models_base.iso(one.deployed_at),
                deployed_by=one.by,
                open=one.open,
                current=one.revision == route.revision,
            )
            for one in listed
        ],
    )


@router.get("/{name}/revisions/{revision}")
def get_revision(name: Name, revision: RevisionName, person: Looking, bridge: Engine) -> models_engine.RevisionText:
    """The text of a revision with the transforms that it names, to be compared."""
    del person
    found = bridge.read(lambda conn: read_routes.kept(conn, name, revision))
    if found is None:
        raise not_found()
    folder = bridge.state / "revisions" / revision
    return models_engine.RevisionText(
        revision=revision, text=texts.as_yaml(found.source), files=_files(found.source, folder)
    )


@router.post("/reload")
async def reload(asked: models_engine.ReloadAsked, person: Operator, bridge: Engine) -> models_engine.Plan:
    """Deploy what is on disk, or take a route back to an earlier revision; all or nothing."""
    desk = desk_of(bridge)
    if bool(asked.route) != bool(asked.revision):
        raise Refused("WB-7602", "name a route and its revision, or neither")
    made = await ask(desk.reload(person.login, None, asked.route or None, asked.revision or None))
    plan = plan_of(made)
    if not plan.problems:
        await run_in_threadpool(_write_down, bridge, person, plan)
    bridge.made_dashboard = None
    bridge.runtime.poke()
    return plan


@router.post("/{name}/{deed}", status_code=204)
async def operate_route(
    name: Name, deed: Deed, asked: models_engine.OperateAsked, person: Operator, bridge: Engine
) -> None:
    """Stop, start, pause or resume a route; its runs keep their places."""
    route_of(bridge, name)
    await perform(bridge, person, deed, "route", name, asked.note)


def route_of(bridge: Bridge, name: str) -> Any:
    """The site's route of this name; 404 without."""
    found = bridge.route(name)
    if found is None:
        raise not_found()
    return found


def _write_down(bridge: Bridge, person: Person, plan: models_engine.Plan) -> None:
    names = [change.name for change in plan.changes if change.kind == "route"]
    for name in names:
        route = bridge.route(name)
        bridge.audit(person, RELOAD, subject=f"{name} {route.revision[:12] if route else ''}")


def _by_step(places: list[read_routes.Place]) -> tuple[dict[str, dict[str, int]], dict[str, int]]:
    at: dict[str, dict[str, int]] = {}
    oldest: dict[str, int] = {}
    for place in places:
        states = at.setdefault(place.step, {})
        states[place.state] = states.get(place.state, 0) + place.count
        oldest[place.step] = min(oldest.get(place.step, place.oldest), place.oldest)
    return at, oldest


def _files(source: Any, folder: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in sorted(set(_transforms(source))):
        path = folder / name
        try:
            inside = path.resolve().is_relative_to(folder.resolve())
            if inside and path.is_file() and path.stat().st_size <= LARGEST:
                found[name] = path.read_text("utf-8", "replace")
        except OSError:
            continue  # pruned meanwhile
    return found


def _transforms(node: Any) -> list[str]:
    if isinstance(node, Mapping):
        return [name for inner in node.values() for name in _transforms(inner)]
    if isinstance(node, list):
        return [name for inner in node for name in _transforms(inner)]
    return [node] if isinstance(node, str) and node.startswith("transforms/") else []
