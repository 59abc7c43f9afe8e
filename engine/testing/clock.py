"""The time of a test: it stands still until the test lets it pass, so 72 hours take milliseconds.

Everything that is worked on (sockets, threads, processes) stays with the real reactor; only waiting is virtual.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable
from typing import Any

START = 1_767_571_200_000
"""2026-01-05 00:00 UTC, a Monday: the same in each run, so that what goes out is the same too."""


class Clock:
    """UTC milliseconds; only `set` moves it."""

    def __init__(self, start: int = START) -> None:
        self.start = start
        self._now = start

    def now(self) -> int:
        return self._now

    def set(self, at: int) -> None:
        self._now = max(self._now, at)


class Timer:
    """One `callLater`, as Twisted's `IDelayedCall`."""

    def __init__(self, at: float, work: Callable[[], Any]) -> None:
        self.at = at
        self.work = work
        self._state = "waits"

    def active(self) -> bool:
        return self._state == "waits"

    def cancel(self) -> None:
        self._state = "cancelled"

    def getTime(self) -> float:
        return self.at

    def fire(self) -> None:
        self._state = "called"
        self.work()


class VirtualReactor:
    """A reactor whose later calls wait for the clock; the rest is the real one's. `end` drops all that is to come."""

    def __init__(self, reactor: Any, clock: Clock, after: Callable[[], None] = lambda: None) -> None:
        self._reactor = reactor
        self._after = after
        self._clock = clock
        self._timers: list[tuple[float, int, Timer]] = []
        self._number = itertools.count()
        self._soon = 0
        self._lock = threading.Lock()
        self.ended = False

    @property
    def soon(self) -> int:
        """Calls that are on their way into the reactor."""
        return self._soon

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reactor, name)

    def seconds(self) -> float:
        return self._clock.now() / 1000

    def callLater(self, seconds: float, work: Callable[..., Any], *args: Any, **more: Any) -> Timer:
        """A call without delay is the next turn of the real reactor."""
        timer = Timer(self.seconds() + seconds, lambda: work(*args, **more))
        if self.ended:
            return timer
        if seconds <= 0:
            self._count(1)
            self._reactor.callLater(0, self._arrived, timer.fire, timer)
        else:
            heapq.heappush(self._timers, (timer.at, next(self._number), timer))
        return timer

    def callFromThread(self, work: Callable[..., Any], *args: Any, **more: Any) -> None:
        self._count(1)
        self._reactor.callFromThread(self._arrived, lambda: work(*args, **more))

    def _arrived(self, work: Callable[[], Any], timer: Timer | None = None) -> None:
        self._count(-1)
        if not self.ended and (timer is None or timer.active()):
            work()
        self._after()

    def _count(self, more: int) -> None:
        with self._lock:
            self._soon += more

    def due(self) -> bool:
        """Call all whose time has come; whether there were any."""
        called = False
        while self._timers and self._timers[0][0] <= self.seconds() and not self.ended:
            timer = heapq.heappop(self._timers)[2]
            if timer.active():
                called = True
                timer.fire()
        return called

    def next(self) -> float | None:
        """When the next timer is due."""
        while self._timers and not self._timers[0][2].active():
            heapq.heappop(self._timers)
        return self._timers[0][0] if self._timers else None

    def end(self) -> None:
        """Nothing that was to come will come: as for a process that is no more."""
        self.ended = True
        self._timers.clear()
