"""What a browser's connection may cost: seconds until a request's headers are here, and how many may wait for one.

uvicorn ends a connection that is quiet after an answer, but neither one that never asks nor one that dribbles.
"""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

HEADERS = 30.0
"""Seconds that a connection may take over the headers of its next request."""
WAITING = 200
"""Connections without a request; beyond it the one that waits longest makes room for the newest."""

_waits = itertools.count(1)


class Connection(H11Protocol):
    """One connection of the web server."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._end: asyncio.TimerHandle | None = None
        self.began = 0
        """Which of the waits of all connections its last one was: the loop's clock is the same for many of them."""

    @property
    def waits(self) -> bool:
        """Whether it will be ended if no request comes."""
        return self._end is not None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()
        waiting = [one for one in self.connections if isinstance(one, Connection) and one.waits]
        if len(waiting) > WAITING:
            min(waiting, key=lambda one: one.began).end()

    def end(self) -> None:
        """At once; it does not count as one that waits any more."""
        self._forget()
        self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        super().handle_events()
        self._watch()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch()

    def _watch(self) -> None:
        cycle: Any = self.cycle  # None before the first request, whatever its annotation says
        if self.transport.is_closing() or not (cycle is None or cycle.response_complete):
            self._forget()
        elif self._end is None:
            self._end = self.loop.call_later(HEADERS, self.transport.abort)
            self.began = next(_waits)

    def _forget(self) -> None:
        if self._end is not None:
            self._end.cancel()
            self._end = None
