"""Do something again and again; unlike `LoopingCall`, a failure is logged and does not end it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import deferLater

log = logging.getLogger(__name__)


class Repeat:
    """Runs `work` every `seconds` (counted from its end) until `stop`; `poke` runs it at once."""

    def __init__(self, reactor: Any, name: str, seconds: float, work: Callable[[], Awaitable[Any]]) -> None:
        self._reactor = reactor
        self._name = name
        self._seconds = seconds
        self._work = work
        self._pause: Deferred[Any] | None = None
        self._poked = False
        self._stopped = False
        self.failures = 0

    async def run(self) -> None:
        """To be spawned through `engine.tasks`."""
        while not self._stopped:
            self._poked = False
            try:
                await self._work()
            except CancelledError:
                raise
            except Exception as error:  # noqa: BLE001 - the next round may succeed; it is counted and said
                self.failures += 1
                log.error("%s: %s", self._name, type(error).__name__)
            await self._rest()

    def poke(self) -> None:
        """Run again now, or right after the round that is under way."""
        self._poked = True
        if self._pause is not None:
            self._pause.cancel()

    def stop(self) -> None:
        self._stopped = True
        self.poke()

    async def _rest(self) -> None:
        if self._poked or self._stopped:
            return
        self._pause = deferLater(self._reactor, self._seconds, lambda: None)
        try:
            await self._pause
        except CancelledError:
            if not self._poked:
                raise
        finally:
            self._pause = None
