"""Asking every connection of a site how it is, without starting the engine: for `waybill check`."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from twisted.internet import defer, task, threads
from twisted.internet.defer import Deferred

from engine.channel import Health, HealthState, Services
from engine.message import Failure
from engine.registry import Registry
from engine.runtime.reactor import install
from engine.site.model import Connection, Site
from engine.site.secrets import SecretMissing, Secrets
from engine.site.units import Listen
from engine.site.walk import leaves

T = TypeVar("T")


def probe_all(site: Site, registry: Registry, timeout: float) -> dict[str, Health]:
    """The health of each connection whose channel has `probe()`, all asked at the same time. Runs a reactor."""
    found: dict[str, Health] = {}

    async def ask(reactor: Any) -> None:
        services = _services(reactor, site)
        asked = [
            Deferred.fromCoroutine(_keep(found, connection, registry, services, timeout))
            for connection in site.connections.values()
            if not listens(connection)
        ]
        await defer.gatherResults(asked, consumeErrors=True)

    try:
        task.react(lambda reactor: Deferred.fromCoroutine(ask(reactor)), _reactor=install())
    except SystemExit as end:
        if end.code:
            raise
    return {name: found[name] for name in site.connections if name in found}


def listens(connection: Connection) -> bool:
    """Whether it is a listener: nobody to reach, and its port belongs to the daemon that may be running."""
    return any(isinstance(value, Listen) for _, value in leaves(connection.settings))


async def _keep(
    found: dict[str, Health], connection: Connection, registry: Registry, services: Services, timeout: float
) -> None:
    try:
        channel = registry.channel(connection.type).Channel(connection.name, connection.settings, services)
        if not hasattr(channel, "probe"):
            return
        answer = Deferred.fromCoroutine(_probe(channel))
        found[connection.name] = await answer.addTimeout(timeout, services.reactor)
    except (Failure, SecretMissing) as error:
        found[connection.name] = Health(HealthState.DOWN, str(error))
    except defer.TimeoutError:
        found[connection.name] = Health(HealthState.DOWN, f"no answer within {timeout:g} s")
    except OSError as error:
        found[connection.name] = Health(HealthState.DOWN, f"{type(error).__name__}: {error.strerror or 'no answer'}")


async def _probe(channel: Any) -> Health:
    health = await channel.probe()
    return health if isinstance(health, Health) else Health(HealthState.UP)


class _Threads:
    """The reactor's own pool: enough for one question to each connection."""

    def run(self, pool: str, work: Callable[..., T], *args: Any) -> Awaitable[T]:
        return threads.deferToThread(work, *args)


class _Closed:
    """Stands where only a running engine has something; a probe that needs it is a fault of that channel."""

    def __getattr__(self, name: str) -> Any:
        raise Failure("WB-6032", "it can be asked only while the engine runs")


def _services(reactor: Any, site: Site) -> Services:
    closed: Any = _Closed()
    state = Path(os.environ.get("WAYBILL_STATE") or site.folder / "var")
    return Services(
        reactor=reactor,
        site=site.folder,
        state=state,
        store=closed,
        blobs=closed,
        threads=_Threads(),
        workers=closed,
        files=closed,
        secret=Secrets(site.folder).get,
        health=lambda name, health: None,
        spawn=lambda name, work: Deferred.fromCoroutine(work),  # type: ignore[arg-type]
    )
