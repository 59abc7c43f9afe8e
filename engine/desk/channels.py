"""The channels of a running engine: built from the site, started, tried again, stopped, and replaced one by one."""

from __future__ import annotations

import hashlib
import logging
import os
from typing import Any

from twisted.internet.defer import CancelledError, DeferredLock
from twisted.internet.task import deferLater

from engine.channel import Health, HealthState, Services
from engine.message import Failure
from engine.registry import Registry
from engine.runtime.runtime import Runtime
from engine.site.model import Connection
from engine.site.secrets import SecretMissing
from engine.site.walk import secret_names

log = logging.getLogger(__name__)

FIRST = 1.0
LONGEST = 60.0
"""Seconds until a channel that did not start is tried again: at first, and at most."""


class Channels:
    """`by_name` holds what is built; `started` the names of those that run, in the order of their start."""

    def __init__(self, reactor: Any, runtime: Runtime, registry: Registry) -> None:
        self._reactor = reactor
        self._runtime = runtime
        self._registry = registry
        self.services: Services | None = None
        self.by_name: dict[str, Any] = {}
        self.started: list[str] = []
        self.closing = False
        self._retried: dict[str, Any] = {}
        self._renewing = DeferredLock()
        self._salt = os.urandom(16)
        self._sealed: dict[str, str] = {}

    def build(self, connection: Connection) -> Any:
        """A channel of this connection, not started: it does no I/O. Raises what its settings do not allow."""
        module = self._registry.channel(connection.type)
        return module.Channel(connection.name, connection.settings, self.services)

    def put(self, name: str, channel: Any) -> None:
        """From now on this is the connection's channel."""
        self.by_name[name] = channel
        self._sealed[name] = self._seal(self._runtime.site.connections[name])
        if hasattr(channel, "call"):
            self._runtime.sinks[name] = channel
        else:
            self._runtime.sinks.pop(name, None)

    def drop(self, name: str) -> None:
        """The connection is no more."""
        self.by_name.pop(name, None)
        self._runtime.sinks.pop(name, None)

    def secret_changed(self, connection: Connection) -> bool:
        """Whether a secret of this connection has another value than when its channel was put to work."""
        return self._sealed.get(connection.name, "") != self._seal(connection)

    def _seal(self, connection: Connection) -> str:
        """Tells values apart without keeping them."""
        assert self.services is not None
        sealed = hashlib.sha256(self._salt)
        for name in secret_names(connection.settings):
            try:
                sealed.update(self.services.secret(name).encode() + b"\0")
            except SecretMissing:
                sealed.update(b"missing\0")
        return sealed.hexdigest()

    def is_source(self, name: str) -> bool:
        known = self._runtime.site.connections.get(name)
        return known is not None and known.type.endswith("_in")

    async def start(self, name: str) -> str:
        """Why it does not start (then it is tried again and again), or empty. The others run all the same."""
        reason = await self.try_start(name)
        if reason:
            self.try_again(name)
        return reason

    def try_again(self, name: str) -> None:
        """In the background, until it starts or is stopped."""
        if not self.closing:
            self._retried[name] = self._runtime.spawn(f"start {name}", self._again(name))

    async def try_start(self, name: str) -> str:
        """Once. Why it does not start, or empty."""
        self._give_up(name)
        try:
            self.started.append(name)
            await self.by_name[name].start(self._runtime.inbox)
        except CancelledError:
            self._not_started(name)
            raise
        except Exception as error:  # noqa: BLE001 - whatever one channel meets (a port in use), the rest must run
            why = error.reason if isinstance(error, Failure) else type(error).__name__
            log.error("connection %s does not start: %s", name, why)
            self._not_started(name)
            self._runtime.set_health(name, Health(HealthState.DOWN, f"does not start: {why}"))
            return str(why)
        return ""

    async def stop(self, name: str) -> None:
        """Stop it, whatever state it is in; the rest must stop in order all the same."""
        self._give_up(name)
        self._not_started(name)
        try:
            await self.by_name[name].stop()
        except CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - see above
            log.error("connection %s does not stop cleanly: %s", name, type(error).__name__)

    async def renew(self, name: str) -> str:
        """Start a new channel in place of one that is stopped or never started; why it does not start, or empty."""
        await self._renewing.acquire()
        try:
            if name in self.by_name:
                await self.stop(name)
            self.put(name, self.build(self._runtime.site.connections[name]))
            return await self.try_start(name)
        finally:
            self._renewing.release()

    async def _again(self, name: str) -> None:
        """Try until it starts. A channel that failed half-way is stopped, and a new one is tried."""
        pause = FIRST
        while self._wanted(name):
            await deferLater(self._reactor, pause, lambda: None)
            task = self._retried.pop(name, None)  # `renew` must not end the very coroutine that calls it
            if not self._wanted(name):
                return
            reason = await self.renew(name)
            if not reason:
                log.info("connection %s has started after all", name)
                return
            if task is not None:
                self._retried[name] = task
            pause = min(LONGEST, pause * 2)

    def _wanted(self, name: str) -> bool:
        mark = self._runtime.paused.connections.get(name)
        return not self.closing and name in self.by_name and (mark is None or mark.state != "stopped")

    def _give_up(self, name: str) -> None:
        task = self._retried.pop(name, None)
        if task is not None:
            task.cancel()

    def _not_started(self, name: str) -> None:
        if name in self.started:
            self.started.remove(name)
