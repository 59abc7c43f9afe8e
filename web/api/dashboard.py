"""DASHBOARD: a row for each connection and route, made once a second for everybody who looks."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends

from engine.ops import read_counts
from engine.ops.read_counts import Pile
from web.api import models, models_base
from web.api.auth import Person
from web.api.bridge import Bridge
from web.api.guard import Engine, need
from web.api.memory import measure
from web.api.session import VERSION

router = APIRouter(prefix="/api/v1/dashboard", tags=["dashboard"])

SPARK = 30
FRESH = 1000
"""Milliseconds for which a made dashboard is handed to everyone."""

_lock = threading.Lock()


@router.get("")
def get_dashboard(person: Annotated[Person, Depends(need("engine"))], bridge: Engine) -> models.Dashboard:
    """The engine, its connections and its routes; no patient's data."""
    del person  # only the right counts
    return dashboard(bridge)


def dashboard(bridge: Bridge) -> models.Dashboard:
    """The dashboard, at most a second old. Blocking."""
    with _lock:
        made = bridge.made_dashboard
        if made is None or bridge.now() - made[0] >= FRESH:
            made = (bridge.now(), _make(bridge))
            bridge.made_dashboard = made
        shown: models.Dashboard = made[1]
        return shown


def _make(bridge: Bridge) -> models.Dashboard:
    piles = bridge.read(read_counts.piles)
    counters = bridge.runtime.counters()
    queue = bridge.runtime.queue()
    held = measure()
    return models.Dashboard(
        engine=models.EngineState(
            version=VERSION,
            started_at=models_base.iso(bridge.started_at),
            pss_mb=held.pss_mb,
            queue=sum(queue.get(part, 0) for part in ("arriving", "queued", "active")),
            writer_queue=bridge.store.queued(),
            wal_bytes=bridge.store.wal_bytes(),
            workers=held.children,
        ),
        connections=_connections(bridge, piles, counters.get("connections", {})),
        routes=_routes(bridge, piles, counters.get("routes", {})),
    )


def _connections(bridge: Bridge, piles: list[Pile], counters: Mapping[str, Any]) -> list[models.ConnectionRow]:
    if bridge.site is None:
        return []
    users = users_of_connections(bridge.site)
    health = bridge.runtime.health()
    rows = []
    for name, connection in bridge.site.connections.items():
        mine = [pile for pile in piles if (pile.route, pile.step) in users.get(name, ())]
        open_piles = [pile for pile in mine if pile.state in ("ready", "running", "waiting")]
        said = health.get(name)
        counted = counters.get(name, {})
        rows.append(
            models.ConnectionRow(
                name=name,
                type=connection.type,
                state=str(said.state) if said else "stopped",
                reason=said.reason if said else "",
                since=models_base.iso(_milliseconds(counted.get("since"))),
                in_=counted.get("in", 0),
                out=counted.get("out", 0),
                waiting=_sum(open_piles),
                oldest=_oldest(open_piles),
                dead=_sum(pile for pile in mine if pile.state == "dead"),
                last_error=counted.get("last_error", ""),
                spark=_spark(counted),
                help=connection.help,
                contact=connection.contact,
            )
        )
    return rows


def _routes(bridge: Bridge, piles: list[Pile], counters: Mapping[str, Any]) -> list[models.RouteRow]:
    rows = []
    for name, route in bridge.site.routes.items() if bridge.site is not None else ():
        mine = [pile for pile in piles if pile.route == name]
        counted = counters.get(name, {})
        states = read_counts.by_state(mine)
        rows.append(
            models.RouteRow(
                name=name,
                revision=route.revision,
                ready=states.get("ready", 0),
                running=states.get("running", 0),
                waiting=states.get("waiting", 0),
                held=states.get("held", 0),
                dead=states.get("dead", 0),
                done_today=counted.get("done_today", counted.get("out", 0)),
                oldest=_oldest(mine),
                last_error=counted.get("last_error", ""),
                spark=_spark(counted),
                help=route.help,
                contact=route.contact,
            )
        )
    return rows


def users_of_connections(site: Any) -> dict[str, set[tuple[str, str]]]:
    """Which steps use a connection: (route, step) by the connection's name."""
    users: dict[str, set[tuple[str, str]]] = {}
    for route in site.routes.values():
        for step in route.steps:
            for name in named_in(step.settings):
                users.setdefault(name, set()).add((route.name, step.id))
    return users


def named_in(settings: Any) -> set[str]:
    """The connections that a step's settings name: a call's `to`, a wait's `in`, a sign's `with`, a poll's call."""
    names = set()
    for word in ("to", "in_", "with_"):
        name = getattr(settings, word, None)
        if isinstance(name, str) and name:
            names.add(name)
    inner = getattr(settings, "call", None)
    return names | named_in(inner) if inner is not None else names


def _sum(piles: Iterable[Pile]) -> int:
    return sum(pile.count for pile in piles)


def _oldest(piles: Iterable[Pile]) -> str | None:
    oldest = min((pile.oldest for pile in piles), default=None)
    found: str | None = models_base.iso(oldest)
    return found


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else int(seconds * 1000)


def _spark(counted: Mapping[str, Any]) -> list[int]:
    numbers = [int(number) for number in counted.get("spark", ())][-SPARK:]
    return [0] * (SPARK - len(numbers)) + numbers
