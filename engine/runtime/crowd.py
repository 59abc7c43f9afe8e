"""Listeners wait a moment where there is more to do than gets done: first what is here is done, then more is taken.

So a fast route is paced by what it delivers, while messages whose way takes long are accepted at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred

from engine.tasks import Once

PATIENCE = 0.02
"""Seconds that a listener waits."""
BRISK, LONGEST = 5, 0.5
"""While so many get done in `PATIENCE` seconds, waiting on is better than putting messages by: so long at most."""
SLOW = 1.0
"""Seconds for which nobody waits at a place that was seen to get little done."""


class Crowd:
    """Those who wait at one place. full: whether it has enough to do. slow: as `SLOW`."""

    def __init__(self, reactor: Any, full: Callable[[], bool], slow: float = 0.0) -> None:
        self._reactor = reactor
        self._full = full
        self._slow = slow
        self._waiting: deque[tuple[float, Deferred[None]]] = deque()
        self._finished = 0  # since it was looked at
        self._timer: Any = None
        self._slow_until = 0.0

    def __len__(self) -> int:
        return len(self._waiting)

    def turn(self) -> Deferred[None] | None:
        """For a listener: None, or when to go on."""
        if not self._full():
            return None
        now = self._reactor.seconds()
        if now < self._slow_until:
            return None
        waiting: Once[None] = Once(lambda _: None)
        self._waiting.append((now, waiting))
        if self._timer is None:
            self._finished = 0
            self._timer = self._reactor.callLater(PATIENCE, self._out_of_patience)
        return waiting

    def finished(self) -> None:
        """One got done."""
        self._finished += 1
        if self._waiting and not self._full():
            self._let_in()

    def look(self) -> None:
        """There may be room."""
        if self._waiting and not self._full():
            self._let_in()

    def release(self) -> None:
        """Nobody waits any more."""
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None
        while self._waiting:
            self._let_in()

    def _out_of_patience(self) -> None:
        self._timer = None
        brisk, self._finished = self._finished >= BRISK, 0
        now = self._reactor.seconds()
        if not brisk:
            self._slow_until = now + self._slow
        since = now - (LONGEST if brisk else PATIENCE)
        while self._waiting and self._waiting[0][0] <= since:
            self._let_in()
        if self._waiting:
            self._timer = self._reactor.callLater(PATIENCE, self._out_of_patience)

    def _let_in(self) -> None:
        waiting = self._waiting.popleft()[1]
        if not waiting.called:
            waiting.callback(None)
