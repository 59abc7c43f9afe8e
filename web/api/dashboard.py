"""DASHBOARD: a row for each connection and route, made once a second for everybody who looks."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends

from engine.ops import read_counts, read_pauses
from engine.ops.read_counts import Pile
from engine.ops.read_pauses import Pause
from web.api import models_base, models_engine
from web.api.auth import Person
from web.api.bridge import Bridge
from web.api.guard import Engine, need
from web.api.memory import measure
from web.api.session import VERSION

router = APIRouter(prefix="/api/v1/dashboard", tags=["engine"])

SPARK = 30
FRESH = 1000
"""Milliseconds for which a made dashboard is handed to everyone."""
OPEN = ("ready", "running", "waiting")

_lock = threading.Lock()


@router.get("")
def get_dashboard(person: Annotated[Person, Depends(need("engine"))], bridge: Engine) -> models_engine.Dashboard:
    """The engine, its connections and its routes; no patient's data."""
    del person  # only the right counts
    return dashboard(bridge)


def dashboard(bridge: Bridge) -> models_engine.Dashboard:
    """The dashboard, at most a second old. Blocking."""
    with _lock:
        made = bridge.made_dashboard
        if made is None or bridge.now() - made[0] >= FRESH:
            made = (bridge.now(), _make(bridge))
            bridge.made_dashboard = made
        shown: models_engine.Dashboard = made[1]
        return shown


@dataclass(frozen=True, slots=True)
class _Seen:
    """What all rows are made of."""

    by_step: Mapping[tuple[str, str], list[Pile]]
    by_route: Mapping[str, list[Pile]]
    pauses: Mapping[tuple[str, str], Pause]
    connections: Mapping[str, Any]
    routes: Mapping[str, Any]
    health: Mapping[str, Any]

    @classmethod
    def now(cls, bridge: Bridge) -> _Seen:
        piles = bridge.read(read_counts.piles)
        by_step: dict[tuple[str, str], list[Pile]] = {}
        by_route: dict[str, list[Pile]] = {}
        for pile in piles:
            by_step.setdefault((pile.route, pile.step), []).append(pile)
            by_route.setdefault(pile.route, []).append(pile)
        counted = bridge.runtime.counters()
        return cls(
            by_step, by_route, bridge.read(read_pauses.pauses),
            counted.get("connections", {}), counted.get("routes", {}), bridge.runtime.health(),
        )  # fmt: skip


def _make(bridge: Bridge) -> models_engine.Dashboard:
    queue = bridge.runtime.queue()
    held = measure()
    seen = _Seen.now(bridge)
    site = bridge.site
    users = users_of_connections(site) if site is not None else {}
    return models_engine.Dashboard(
        engine=models_engine.EngineState(
            version=VERSION,
            started_at=models_base.iso(bridge.started_at),
            pss_mb=held.pss_mb,
            queue=sum(queue.get(part, 0) for part in ("arriving", "queued", "active")),
            writer_queue=bridge.store.queued(),
            wal_bytes=bridge.store.wal_bytes(),
            workers=held.children,
        ),
        connections=[_connection(seen, one, users.get(name, set())) for name, one in site.connections.items()]
        if site is not None
        else [],
        routes=[_route(seen, one) for one in site.routes.values()] if site is not None else [],
    )


def _connection(seen: _Seen, connection: Any, users: Iterable[tuple[str, str]]) -> models_engine.ConnectionRow:
    name = connection.name
    mine = [pile for user in users for pile in seen.by_step.get(user, ())]
    open_piles = [pile for pile in mine if pile.state in OPEN]
    said = seen.health.get(name)
    counted = seen.connections.get(name, {})
    states = read_counts.by_state(mine)
    return models_engine.ConnectionRow(
        name=name,
        type=connection.type,
        state=str(said.state) if said else "stopped",
        reason=said.reason if said else "",
        since=models_base.iso(_milliseconds(counted.get("since"))),
        in_=counted.get("in", 0),
        refused=counted.get("refused", 0),
        repeats=counted.get("repeats", 0),
        failed=counted.get("failed", 0),
        **_traffic(counted),
        counts=states,
        waiting=_sum(open_piles),
        oldest=_oldest(open_piles),
        dead=states.get("dead", 0),
        pause=_pause(seen, "connection", name),
        help=connection.help,
        contact=connection.contact,
    )


def _route(seen: _Seen, route: Any) -> models_engine.RouteRow:
    mine = seen.by_route.get(route.name, [])
    counted = seen.routes.get(route.name, {})
    states = read_counts.by_state(mine)
    traffic = _traffic(counted)
    traffic["done_today"] = traffic.pop("out")
    return models_engine.RouteRow(
        name=route.name,
        revision=route.revision,
        ready=states.get("ready", 0),
        running=states.get("running", 0),
        waiting=states.get("waiting", 0),
        held=states.get("held", 0),
        dead=states.get("dead", 0),
        in_=counted.get("in", 0),
        **traffic,
        oldest=_oldest(mine),
        pause=_pause(seen, "route", route.name),
        help=route.help,
        contact=route.contact,
    )


def _traffic(counted: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "out": counted.get("out", 0),
        "rate_in": counted.get("rate_in", 0.0),
        "rate_out": counted.get("rate_out", 0.0),
        "last_error": counted.get("last_error", ""),
        "spark": _spark(counted),
    }


def _pause(seen: _Seen, kind: str, name: str) -> models_engine.Pause | None:
    found = seen.pauses.get((kind, name))
    return models_engine.Pause.model_validate(found) if found else None


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
