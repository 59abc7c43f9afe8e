"""CONNECTION: one connection with its queue, health, settings and certificate; and the acts on it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends

from engine.message import Failure
from engine.ops import read_counts
from web.api import models_base, models_engine, texts
from web.api.auth import Person
from web.api.bridge import Bridge
from web.api.dashboard import dashboard, users_of_connections
from web.api.desk import Deed, ask, desk_of, perform
from web.api.guard import Engine, Name, need
from web.api.problems import not_found

router = APIRouter(prefix="/api/v1/connections", tags=["engine"])

Looking = Annotated[Person, Depends(need("engine"))]
Operator = Annotated[Person, Depends(need("operate"))]

FRESH = 600.0
"""Seconds for which a certificate's end is not read again."""

_ends: dict[str, tuple[float, Any, datetime | None]] = {}


@router.get("/{name}")
def get_connection(name: Name, person: Looking, bridge: Engine) -> models_engine.ConnectionPage:
    """A connection; no secret and no patient's data."""
    del person
    connection = connection_of(bridge, name)
    site = bridge.site
    assert site is not None
    row = next(row for row in dashboard(bridge).connections if row.name == name)
    receives = [
        f"{route.name}: {route.receive.operation}" if route.receive.operation else route.name
        for route in site.routes.values()
        if name in route.receive.from_
    ]
    return models_engine.ConnectionPage(
        row=row,
        settings=texts.settings_of(connection),
        health=[
            models_engine.HealthChange(at=models_base.iso(int(at * 1000)), state=state, reason=reason)
            for at, state, reason in reversed(bridge.runtime.health_history(name))
        ],
        receives=receives,
        uses=_uses(bridge, name),
        certificate_ends=_time(certificate_ends(connection)),
    )


@router.post("/{name}/probe")
async def probe_connection(name: Name, person: Operator, bridge: Engine) -> models_engine.Probed:
    """Ask the peer whether it is there and takes us."""
    del person
    connection_of(bridge, name)
    try:
        answer = await ask(desk_of(bridge).probe(name))
    except Failure as error:
        return models_engine.Probed(ok=False, text=f"{error.code} {error.reason}", findings=[])
    return probed(answer)


@router.post("/{name}/{deed}", status_code=204)
async def operate_connection(
    name: Name, deed: Deed, asked: models_engine.OperateAsked, person: Operator, bridge: Engine
) -> None:
    """Stop, start, pause or resume it; the note stays beside it."""
    connection_of(bridge, name)
    await perform(bridge, person, deed, "connection", name, asked.note)


def probed(answer: Any) -> models_engine.Probed:
    """A desk's answer: None or a text is well, a mapping says more."""
    if isinstance(answer, Mapping):
        findings = [str(one) for one in answer.get("findings", ())]
        return models_engine.Probed(
            ok=bool(answer.get("ok", True)), text=str(answer.get("text", "")), findings=findings
        )
    findings = [str(one) for one in answer] if isinstance(answer, list | tuple) else []
    return models_engine.Probed(ok=True, text=answer if isinstance(answer, str) else "", findings=findings)


def connection_of(bridge: Bridge, name: str) -> Any:
    """The site's connection of this name; 404 without."""
    found = bridge.site.connections.get(name) if bridge.site is not None else None
    if found is None:
        raise not_found()
    return found


def certificate_ends(connection: Any) -> datetime | None:
    """When the connection's own certificate ends; None when it has none, or it cannot be read."""
    tls = connection.tls
    if tls is None:
        return None
    read_at, of, ends = _ends.get(connection.name, (float("-inf"), None, None))
    if of != tls or time.monotonic() - read_at > FRESH:
        ends = _read_end(tls)
        _ends[connection.name] = (time.monotonic(), tls, ends)
    return ends


def _read_end(tls: Any) -> datetime | None:
    from channels._tls.material import expiry

    try:
        return expiry(tls)
    except (OSError, ValueError, Failure):
        return None  # its health says so


def _uses(bridge: Bridge, name: str) -> list[models_engine.Use]:
    site = bridge.site
    assert site is not None
    users = users_of_connections(site).get(name, set())
    piles = bridge.read(read_counts.piles)
    uses = []
    for route in site.routes.values():
        for step in route.steps:
            if (route.name, step.id) not in users:
                continue
            mine = [pile for pile in piles if (pile.route, pile.step) == (route.name, step.id)]
            oldest = min((pile.oldest for pile in mine), default=None)
            uses.append(
                models_engine.Use(
                    route=route.name,
                    step=step.id,
                    verb=step.verb,
                    counts=read_counts.by_state(mine),
                    oldest=models_base.iso(oldest),
                )
            )
    return uses


def _time(moment: datetime | None) -> str | None:
    found: str | None = models_base.iso(int(moment.timestamp() * 1000)) if moment is not None else None
    return found
