"""What the dashboard shows of the last hour, in memory: numbers and errors without any content."""

from __future__ import annotations

import time
from collections import deque
from typing import Any

from engine.site.model import Site

MINUTES = 30


class Spark:
    """Events per minute of the last `MINUTES`, oldest first."""

    def __init__(self) -> None:
        self._counts: deque[int] = deque([0] * MINUTES, maxlen=MINUTES)
        self._minute = self._now()

    def add(self) -> None:
        self._turn()
        self._counts[-1] += 1

    def values(self) -> list[int]:
        self._turn()
        return list(self._counts)

    def _turn(self) -> None:
        passed = min(MINUTES, self._now() - self._minute)
        self._counts.extend([0] * passed)
        self._minute += passed if passed < MINUTES else self._now() - self._minute

    def _now(self) -> int:
        return int(time.monotonic() // 60)


class Counter:
    def __init__(self) -> None:
        self.came_in = 0
        self.went_out = 0
        self.repeats = 0
        self.errors = 0
        self.last_error = ""
        self.since = time.time()
        self.spark = Spark()

    def as_dict(self) -> dict[str, Any]:
        return {
            "in": self.came_in, "out": self.went_out, "repeats": self.repeats, "errors": self.errors,
            "last_error": self.last_error, "since": self.since, "spark": self.spark.values(),
        }  # fmt: skip


class Counters:
    """By connection and by route."""

    def __init__(self, site: Site) -> None:
        self._connections = {name: Counter() for name in site.connections}
        self._routes = {name: Counter() for name in site.routes}
        self.bugs = 0

    def received(self, connection: str, route: str, kind: str) -> None:
        counter = self._connections[connection]
        counter.came_in += 1
        counter.repeats += kind == "repeat"
        counter.spark.add()
        self._routes[route].came_in += 1
        self._routes[route].spark.add()

    def refused(self, connection: str, reason: str) -> None:
        counter = self._connections[connection]
        counter.came_in += 1
        counter.errors += 1
        counter.last_error = reason
        counter.spark.add()

    def sent(self, connection: str) -> None:
        counter = self._connections[connection]
        counter.went_out += 1
        counter.spark.add()

    def failed(self, connection: str, reason: str) -> None:
        counter = self._connections[connection]
        counter.errors += 1
        counter.last_error = reason

    def settled(self, route: str, state: str) -> None:
        counter = self._routes.get(route)
        if counter is not None and state in ("done", "filtered", "cancelled"):
            counter.went_out += 1

    def changed(self, connection: str) -> None:
        self._connections[connection].since = time.time()

    def as_dict(self) -> dict[str, Any]:
        return {
            "connections": {name: counter.as_dict() for name, counter in self._connections.items()},
            "routes": {name: counter.as_dict() for name, counter in self._routes.items()},
            "bugs": self.bugs,
        }
