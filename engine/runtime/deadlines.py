"""Time limits that hardly ever strike: kept together and looked at now and then, instead of one timer each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

LOOK = 1.0
"""Seconds between two looks: a limit strikes so much late at most."""


class Deadlines:
    """Each entry is set and cleared once; `reactor` is only asked for the time and for one timer."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._open: dict[int, tuple[float, Callable[[], None]]] = {}
        self._next = 0
        self._timer: Any = None

    def __len__(self) -> int:
        return len(self._open)

    def set(self, seconds: float, strike: Callable[[], None]) -> int:
        """Call `strike` when so many seconds have passed; the number clears it."""
        self._next += 1
        self._open[self._next] = (self._reactor.seconds() + seconds, strike)
        if self._timer is None or not self._timer.active():
            self._timer = self._reactor.callLater(min(LOOK, seconds), self._look)
        return self._next

    def clear(self, number: int) -> bool:
        """Whether it had not struck."""
        return self._open.pop(number, None) is not None

    def close(self) -> None:
        """Nothing strikes any more."""
        self._open.clear()
        if self._timer is not None and self._timer.active():
            self._timer.cancel()

    def _look(self) -> None:
        now = self._reactor.seconds()
        over = [number for number, (end, _) in self._open.items() if end <= now]
        struck = [self._open.pop(number)[1] for number in over]
        if self._open:
            self._timer = self._reactor.callLater(LOOK, self._look)
        for strike in struck:
            strike()
