"""What the dashboard and the metrics show since the start, in memory: numbers and errors without any content."""

from __future__ import annotations

import time
from collections import deque
from typing import Any

from engine.site.model import Site

MINUTES = 30
HISTORY = 50
"""Changes of a connection's health that are kept."""


class Spark:
    """Events per minute of the last `MINUTES`, oldest first."""

    def __init__(self) -> None:
        self._counts: deque[int] = deque([0] * MINUTES, maxlen=MINUTES)
        self._minute = self._now()

    def add(self) -> None:
        if time.monotonic() // 60 != self._minute:
            self._turn()
        self._counts[-1] += 1

    def values(self) -> list[int]:
        self._turn()
        return list(self._counts)

    def rate(self) -> float:
        """Events in the last sixty seconds: this minute's, and the share of the last one that is still in sight."""
        self._turn()
        passed = time.monotonic() / 60 % 1
        return round(self._counts[-1] + self._counts[-2] * (1 - passed), 1)

    def _turn(self) -> None:
        passed = min(MINUTES, self._now() - self._minute)
        if passed:
            self._counts.extend([0] * passed)
            self._minute += passed if passed < MINUTES else self._now() - self._minute

    def _now(self) -> int:
        return int(time.monotonic() // 60)


class Counter:
    """One connection's or route's. came_in counts what was refused and repeated, too; failed: calls that went wrong."""

    def __init__(self) -> None:
        self.came_in = 0
        self.went_out = 0
        self.repeats = 0
        self.refused = 0
        self.failed = 0
        self.last_error = ""
        self.last_error_at: float | None = None
        self.since = time.time()
        self.came = Spark()
        self.went = Spark()
        self.history: deque[tuple[float, str, str]] = deque(maxlen=HISTORY)

    def wrong(self, reason: str) -> None:
        self.last_error = reason
        self.last_error_at = time.time()

    def as_dict(self) -> dict[str, Any]:
        came, went = self.came.values(), self.went.values()
        return {
            "in": self.came_in, "out": self.went_out, "repeats": self.repeats, "refused": self.refused,
            "failed": self.failed, "errors": self.refused + self.failed, "last_error": self.last_error,
            "last_error_at": self.last_error_at, "since": self.since, "rate_in": self.came.rate(),
            "rate_out": self.went.rate(), "spark": [one + other for one, other in zip(came, went, strict=True)],
        }  # fmt: skip


class Counters:
    """By connection and by route; one that a reload brought begins when it is first heard of."""

    def __init__(self, site: Site) -> None:
        self._connections = {name: Counter() for name in site.connections}
        self._routes = {name: Counter() for name in site.routes}
        self.bugs = 0

    def received(self, connection: str, route: str, kind: str) -> None:
        counter = self._connection(connection)
        counter.came_in += 1
        counter.repeats += kind == "repeat"
        counter.came.add()
        if route not in self._routes:
            self._routes[route] = Counter()
        self._routes[route].came_in += 1
        self._routes[route].came.add()

    def refused(self, connection: str, reason: str) -> None:
        counter = self._connection(connection)
        counter.came_in += 1
        counter.refused += 1
        counter.wrong(reason)
        counter.came.add()

    def sent(self, connection: str) -> None:
        counter = self._connection(connection)
        counter.went_out += 1
        counter.went.add()

    def failed(self, connection: str, reason: str) -> None:
        counter = self._connection(connection)
        counter.failed += 1
        counter.wrong(reason)

    def settled(self, route: str, state: str) -> None:
        counter = self._routes.get(route)
        if counter is not None and state in ("done", "filtered", "cancelled"):
            counter.went_out += 1
            counter.went.add()

    def changed(self, connection: str, state: str = "", reason: str = "") -> None:
        """Its health is now this."""
        counter = self._connection(connection)
        counter.since = time.time()
        if state:
            counter.history.append((counter.since, state, reason))

    def history(self, connection: str) -> list[tuple[float, str, str]]:
        """The last changes of a connection's health, oldest first: seconds since 1970, state, reason."""
        known = self._connections.get(connection)
        return list(known.history) if known else []

    def as_dict(self) -> dict[str, Any]:
        return {
            "connections": {name: counter.as_dict() for name, counter in self._connections.items()},
            "routes": {name: counter.as_dict() for name, counter in self._routes.items()},
            "bugs": self.bugs,
        }

    def _connection(self, name: str) -> Counter:
        found = self._connections.get(name)
        if found is None:
            found = self._connections[name] = Counter()
        return found
