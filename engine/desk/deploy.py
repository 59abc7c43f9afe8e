"""Putting a plan to work, all or nothing: unchanged connections keep their sockets, changed ones are handed over."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from twisted.internet.defer import CancelledError, gatherResults

from engine.desk.channels import Channels
from engine.desk.plan import Plan
from engine.message import Failure, Unavailable
from engine.runtime.gates import limits_of
from engine.runtime.runtime import Runtime
from engine.site.model import Site

log = logging.getLogger(__name__)

HAND_OVER = 30.0
"""Seconds that calls under way get to end before a changed connection is handed over; else nothing is changed."""


class NotDone(Exception):
    """The old configuration runs on. connection: the one because of which."""

    def __init__(self, connection: str, reason: str) -> None:
        super().__init__(reason)
        self.connection = connection
        self.reason = reason


class Deploy:
    """One deployment: `go` returns when the new site is at work, or raises `NotDone` with the old one at work."""

    def __init__(self, runtime: Runtime, channels: Channels, new: Site, plan: Plan) -> None:
        self._runtime = runtime
        self._channels = channels
        self._old = runtime.site
        self._new = new
        self._changed = list(plan.connections.changed)
        self._added = list(plan.connections.added)
        self._removed = list(plan.connections.removed)
        self._fresh: dict[str, Any] = {}

    async def go(self, commit: Callable[[], Awaitable[Any]]) -> None:
        """commit: writes down what is deployed; when it fails, nothing is."""
        self._build()
        held = [name for name in [*self._changed, *self._removed] if name in self._runtime.sinks]
        try:
            await self._quiet(held)
            await self._swap(commit)
        finally:
            for name in held:
                known = self._runtime.site.connections.get(name)
                self._runtime.gate(name).release(limits_of(known) if known is not None else None)
        for name in self._removed:
            self._runtime.forget_connection(name)

    def _build(self) -> None:
        for name in [*self._changed, *self._added]:
            try:
                self._fresh[name] = self._channels.build(self._new.connections[name])
            except CancelledError:
                raise
            except Exception as error:  # a channel that cannot be made is a fault of the text
                reason = error.reason if isinstance(error, Failure) else type(error).__name__
                raise NotDone(name, f"cannot be made: {reason}") from error

    async def _quiet(self, names: list[str]) -> None:
        """New calls wait, those under way end."""
        quiet = gatherResults([self._runtime.gate(name).hold() for name in names], consumeErrors=True)
        timer = self._runtime.reactor.callLater(HAND_OVER, quiet.cancel)
        try:
            await quiet
        except Exception as error:
            busy = [name for name in names if self._runtime.gate(name).in_flight]
            if timer.active() or not busy:
                raise
            raise NotDone(busy[0], f"calls were still under way after {round(HAND_OVER)} s") from error
        finally:
            if timer.active():
                timer.cancel()

    async def _swap(self, commit: Callable[[], Awaitable[Any]]) -> None:
        stopped = [name for name in [*self._changed, *self._removed] if name in self._channels.by_name]
        for name in stopped:
            await self._channels.stop(name)
        self._runtime.use(self._new)
        try:
            for name in self._removed:
                self._channels.drop(name)
            for name, channel in self._fresh.items():
                self._channels.put(name, channel)
                await self._start(name)
            try:
                await commit()
            except Unavailable as error:
                raise NotDone("", f"{error.code} {error.reason}") from error
        except BaseException:
            await self._back(stopped)
            raise

    async def _start(self, name: str) -> None:
        if self._runtime.is_stopped(name):
            return
        reason = await self._channels.try_start(name)
        if reason:
            raise NotDone(name, f"does not start: {reason}")

    async def _back(self, stopped: list[str]) -> None:
        """The old configuration, with new channels of the old settings in place of those that were stopped."""
        log.error("reload: going back to the old configuration")
        for name in self._fresh:
            if name in self._channels.by_name:
                await self._channels.stop(name)
        self._runtime.use(self._old)
        for name in self._added:
            self._channels.drop(name)
            self._runtime.forget_connection(name)
        for name in stopped:
            self._channels.put(name, self._channels.build(self._old.connections[name]))
            if not self._runtime.is_stopped(name):
                await self._channels.start(name)
