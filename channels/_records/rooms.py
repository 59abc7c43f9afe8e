"""Starts and stops the rooms, and wakes each when something was written that it waits for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol, runtime_checkable

from engine.channel import Services
from engine.repeat import Repeat


class Room(Protocol):
    """One kind of background work. `topic` wakes it; `round` does what is due and returns; it is called again."""

    topic: str
    pause: float

    def round(self) -> Awaitable[None]: ...
    def stop(self) -> Awaitable[None]: ...


@runtime_checkable
class Listening(Protocol):
    """A room whose round goes on while there is work, and takes up what is written meanwhile."""

    def woken(self) -> None: ...


class Rooms:
    """All rooms of one connection. A round that fails is logged and tried again after the room's pause."""

    def __init__(self, services: Services, rooms: list[Room]) -> None:
        self._services = services
        self._rooms = rooms
        self._repeats: list[tuple[Room, Repeat]] = []
        self._tasks: list[Any] = []

    async def start(self) -> None:
        """Each room looks at once for what a crash left, then when it is woken, and slowly by itself."""
        for room in self._rooms:
            name = f"records {type(room).__name__.lower()}"
            repeat = Repeat(self._services.reactor, name, room.pause, room.round)
            self._repeats.append((room, repeat))
            self._tasks.append(self._services.spawn(name, repeat.run()))
        subscribe: Callable[[Any], None] | None = self._services.extra.get("subscribe")
        if subscribe is not None:
            subscribe(self._woken)

    async def stop(self) -> None:
        """What is under way is left where it is: it is continued at the next start."""
        unsubscribe: Callable[[Any], None] | None = self._services.extra.get("unsubscribe")
        if unsubscribe is not None:
            unsubscribe(self._woken)
        repeats, self._repeats = self._repeats, []
        tasks, self._tasks = self._tasks, []
        for _, repeat in repeats:
            repeat.stop()
        for task in tasks:
            task.cancel()
        for room, _ in repeats:
            await room.stop()

    def _woken(self, topics: set[str]) -> None:
        for room, repeat in self._repeats:
            if room.topic in topics:
                repeat.poke()
                if isinstance(room, Listening):
                    room.woken()
