"""The control desk of the running engine, reached from asyncio: stop, start, pause, resume, probe, plan, reload.

The desk is Deferred-coloured and lives in the reactor's thread; an endpoint that uses it is `async def`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Any, Literal, Protocol

from starlette.concurrency import run_in_threadpool
from twisted.internet.defer import Deferred

from engine.message import Unavailable
from web.api.auth import Person
from web.api.bridge import Bridge, future
from web.api.models_engine import Change, Fault, Plan

NO_DESK = "WB-7601"

Kind = Literal["connection", "route"]
Deed = Literal["stop", "start", "pause", "resume"]


class Desk(Protocol):
    """What operators and analysts do to a running daemon. Deferred-coloured."""

    def stop(self, kind: str, name: str, by: str, note: str) -> Awaitable[Any]: ...
    def start(self, kind: str, name: str, by: str) -> Awaitable[Any]: ...
    def pause(self, kind: str, name: str, by: str, note: str) -> Awaitable[Any]: ...
    def resume(self, kind: str, name: str, by: str) -> Awaitable[Any]: ...
    def probe(self, name: str) -> Awaitable[Any]: ...
    def plan(self) -> Awaitable[Any]: ...
    def reload(self, by: str, folder: Any, route: str | None, revision: str | None) -> Awaitable[Any]: ...


def desk_of(bridge: Bridge) -> Desk:
    """The desk; `Unavailable` where the engine was started without one."""
    if bridge.desk is None:
        raise Unavailable(NO_DESK, "this engine has no control desk")
    found: Desk = bridge.desk
    return found


async def ask(answer: Awaitable[Any]) -> Any:
    """Await what a desk's method returned, from asyncio."""
    return await future(Deferred.fromCoroutine(_driven(answer)))


async def _driven(answer: Awaitable[Any]) -> Any:
    return await answer


async def perform(bridge: Bridge, person: Person, deed: Deed, kind: Kind, name: str, note: str) -> None:
    """Stop, start, pause or resume; who did it is written to the audit before, so that nothing is done unseen."""
    desk = desk_of(bridge)
    await run_in_threadpool(bridge.audit, person, f"engine.{deed}", subject=f"{kind} {name}")
    if deed == "stop":
        await ask(desk.stop(kind, name, person.login, note))
    elif deed == "pause":
        await ask(desk.pause(kind, name, person.login, note))
    elif deed == "start":
        await ask(desk.start(kind, name, person.login))
    else:
        await ask(desk.resume(kind, name, person.login))
    bridge.made_dashboard = None
    bridge.runtime.poke()


def plan_of(made: Any) -> Plan:
    """The desk's plan as the screens read it."""
    told: Mapping[str, Any] = made if isinstance(made, Mapping) else made.as_dict()
    changes = [
        Change(kind=kind, name=name, change=change, detail=detail)
        for kind, part in (("route", "routes"), ("connection", "connections"))
        for change, names in dict(told.get(part, {})).items()
        for name, detail in _named(names)
    ]
    problems = [
        Fault(place=str(one.get("place", "")), code=str(one.get("code", "")), text=str(one.get("text", "")),
              advice=str(one.get("advice", "")))
        for one in told.get("problems", ())
    ]  # fmt: skip
    notes = [str(one) for one in told.get("notes", ())]
    return Plan(changes=changes, notes=notes, problems=problems, applied=bool(told.get("applied", False)))


def _named(names: Any) -> list[tuple[str, str]]:
    if isinstance(names, Mapping):
        return [(str(name), str(detail)) for name, detail in names.items()]
    return [(str(name), "") for name in names]
