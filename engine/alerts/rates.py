"""How many messages a connection had in the last hour: samples of its counters, in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

EVERY = 10.0
"""Seconds between two samples that are kept; a longer window takes fewer."""
KEPT = 400
"""Samples of one connection: a window is cut into at most so many."""


class Rates:
    """Counts since the start of the engine, looked at again and again; a window before the start is not known."""

    def __init__(self) -> None:
        self._samples: dict[tuple[str, float], deque[tuple[float, int]]] = {}

    def sample(self, windows: Iterable[tuple[str, float]], counted: Mapping[str, int], now: float) -> None:
        """windows: connection and seconds. counted: messages since the start. now: monotonic seconds."""
        wanted = set(windows)
        for gone in set(self._samples) - wanted:
            del self._samples[gone]
        for name, over in wanted:
            kept = self._samples.setdefault((name, over), deque())
            if not kept or now - kept[-1][0] >= max(EVERY, over / KEPT) or over < EVERY:
                kept.append((now, counted.get(name, 0)))
            while len(kept) > 1 and kept[1][0] <= now - over:
                kept.popleft()

    def count(self, name: str, over: float, count: int, now: float) -> tuple[int, bool]:
        """Messages in the last `over` seconds, and whether all of that time was seen."""
        kept = self._samples.get((name, over))
        if not kept:
            return 0, False
        at, first = kept[0]
        return max(0, count - first), now - at >= over


def counted(told: Mapping[str, Any], received: Iterable[str]) -> dict[str, int]:
    """What counts of each connection: what came in where a route receives from it, else what went out."""
    sources = set(received)
    return {
        name: int(one.get("in" if name in sources else "out", 0)) for name, one in told.get("connections", {}).items()
    }
