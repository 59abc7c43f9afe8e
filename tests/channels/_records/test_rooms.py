"""Rooms are woken by their own topic only, go on after a failure, and end."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from channels._records.rooms import Rooms


class Counting:
    topic = "work:take"
    pause = 1.0

    def __init__(self, fails: int = 0) -> None:
        self.rounds = 0
        self.fails = fails
        self.stopped = False

    async def round(self) -> None:
        self.rounds += 1
        if self.rounds <= self.fails:
            raise ValueError("a bug")

    async def stop(self) -> None:
        self.stopped = True


class LongRound(Counting):
    def __init__(self) -> None:
        super().__init__()
        self.told = 0
        self.goes_on: Deferred[None] = Deferred()

    async def round(self) -> None:
        await self.goes_on

    def woken(self) -> None:
        self.told += 1


class Bell:
    def __init__(self) -> None:
        self.listeners: list[Callable[[set[str]], None]] = []

    def ring(self, *topics: str) -> None:
        for listener in self.listeners:
            listener(set(topics))


def services(clock: Clock, bell: Bell) -> Any:
    extra = {"subscribe": bell.listeners.append, "unsubscribe": bell.listeners.remove}
    return SimpleNamespace(reactor=clock, spawn=lambda _, work: Deferred.fromCoroutine(work), extra=extra)


async def test_woken_by_its_topic() -> None:
    clock, bell, room, other = Clock(), Bell(), Counting(), Counting()
    other.topic = "work:read"
    rooms = Rooms(services(clock, bell), [room, other])
    await rooms.start()
    assert (room.rounds, other.rounds) == (1, 1)
    bell.ring("work:take", "scan")
    assert (room.rounds, other.rounds) == (2, 1)
    clock.advance(1.0)
    assert (room.rounds, other.rounds) == (3, 2)
    await rooms.stop()
    assert room.stopped
    assert other.stopped
    assert bell.listeners == []
    clock.advance(5.0)
    assert room.rounds == 3


async def test_a_room_that_listens_is_told_in_the_middle_of_its_round() -> None:
    clock, bell, room = Clock(), Bell(), LongRound()
    rooms = Rooms(services(clock, bell), [room])
    await rooms.start()
    bell.ring("work:read")
    assert room.told == 0
    bell.ring("work:take")
    assert room.told == 1
    room.goes_on.callback(None)
    await rooms.stop()


async def test_a_failure_is_no_end() -> None:
    clock, bell, room = Clock(), Bell(), Counting(fails=2)
    rooms = Rooms(services(clock, bell), [room])
    await rooms.start()
    clock.advance(1.0)
    clock.advance(1.0)
    assert room.rounds == 3
    await rooms.stop()
