"""`timer_in` with a clock of the test's own: ticks, restarts, missed ones, and a clock that jumps."""

from __future__ import annotations

import json
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from channels.timer_in import Channel, Settings, between, latest
from engine.channel import HealthState
from engine.message import Unavailable
from engine.site.nodes import parse_yaml
from engine.site.problems import Invalid
from engine.site.settings import Context, Duration, build
from tests.contracts.base import until
from tests.contracts.fakes import FakeInbox, World, make_world
from tests.contracts.test_timer_in import Clock

HOUR, DAY = 3600.0, 86400.0
EVERY = Settings(every=Duration(300))


@pytest.fixture(name="world")
def fixture_world(reactor: Any, tmp_path: Path) -> World:
    return make_world(reactor, tmp_path)


@pytest.fixture(name="zone")
def fixture_zone() -> Iterator[Any]:
    """Sets this process's time zone for a test."""
    before = os.environ.get("TZ")

    def use(name: str) -> None:
        os.environ["TZ"] = name
        time.tzset()

    yield use
    os.environ.pop("TZ")
    if before is not None:
        os.environ["TZ"] = before
    time.tzset()


def local(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def shown(moment: float) -> str:
    return datetime.fromtimestamp(moment).astimezone().isoformat(timespec="minutes")


@asynccontextmanager
async def ticking(world: World, settings: Settings, clock: Clock, inbox: FakeInbox) -> AsyncIterator[Channel]:
    channel = Channel("it", settings, world.services, clock, 0.005)
    inbox.known = frozenset({"tick"})
    await channel.start(inbox)
    try:
        yield channel
    finally:
        await channel.stop()


async def over(channel: Channel, tick: float) -> None:
    await until(channel.services.reactor, lambda: channel.last == tick, 15)


def ticks(inbox: FakeInbox) -> list[tuple[float, int]]:
    bodies = [json.loads(incoming.body) for incoming in inbox.accepted]
    return [(datetime.fromisoformat(body["at"]).timestamp(), body["missed"]) for body in bodies]


def test_every_so_often() -> None:
    assert latest(EVERY, 1200.0) == 1200.0
    assert latest(EVERY, 1499.9) == 1200.0
    assert between(EVERY, 300.0, 1200.0) == 2
    assert between(EVERY, 900.0, 1200.0) == 0
    assert between(Settings(every=Duration(1)), 1.0, DAY) == 1000


def test_times_of_the_day(zone: Any) -> None:
    zone("Asia/Shanghai")
    settings = Settings(at=("18:30", "06:00"))
    assert shown(latest(settings, local("2026-11-21T06:00"))) == "2026-11-21T06:00+08:00"
    assert shown(latest(settings, local("2026-11-21T05:59"))) == "2026-11-20T18:30+08:00"
    weekdays = Settings(at=("06:00",), days=("mon", "fri"))
    assert shown(latest(weekdays, local("2026-11-22T12:00"))) == "2026-11-20T06:00+08:00"
    assert shown(latest(Settings(at=("06:00",), days=("sun",)), local("2026-11-21T12:00"))).startswith("2026-11-15")
    assert between(settings, local("2026-11-19T18:30"), local("2026-11-21T06:00")) == 2


def test_an_hour_that_is_skipped_and_one_that_comes_twice(zone: Any) -> None:
    zone("Europe/Madrid")
    settings = Settings(at=("02:30",))
    assert shown(latest(settings, local("2026-03-29T23:00"))) == "2026-03-29T03:30+02:00"
    assert shown(latest(settings, local("2026-10-25T23:00"))) == "2026-10-25T02:30+02:00"


async def test_a_tick_is_a_message(world: World) -> None:
    clock, inbox = Clock(), FakeInbox()
    start = clock.now
    async with ticking(world, EVERY, clock, inbox) as channel:
        assert channel.last == start
        for _ in range(3):
            clock.now += 300
            await over(channel, clock.now)
    assert ticks(inbox) == [(start + 300, 0), (start + 600, 0), (start + 900, 0)]
    assert len({incoming.identity for incoming in inbox.accepted}) == 3


@pytest.mark.parametrize(("missed", "wanted"), [("skip", []), ("once", [(7200.0, 23)])])
async def test_a_restart_after_two_hours(world: World, missed: Any, wanted: list[tuple[float, int]]) -> None:
    clock, settings = Clock(), Settings(every=Duration(300), missed=missed)
    start = clock.now
    async with ticking(world, settings, clock, FakeInbox()) as channel:
        clock.now += 300
        await over(channel, clock.now)
    inbox = FakeInbox()
    async with ticking(world, settings, clock, inbox) as channel:
        await over(channel, start + 300)
    assert not inbox.accepted, "the same tick comes once"
    clock.now = start + 300 + 7200 + 100
    async with ticking(world, settings, clock, inbox) as channel:
        await over(channel, start + 300 + 7200)
    assert [(moment - start - 300, count) for moment, count in ticks(inbox)] == wanted


async def test_the_clock_jumps(world: World) -> None:
    clock, inbox = Clock(), FakeInbox()
    start = clock.now
    async with ticking(world, EVERY, clock, inbox) as channel:
        clock.now = start + 310
        await over(channel, start + 300)
        clock.now = start - HOUR
        await until(world.services.reactor, lambda: world.state is HealthState.DEGRADED, 15)
        assert "minutes before the last tick" in world.health[-1].reason
        clock.now = start + DAY + 200
        await over(channel, start + DAY)
        await until(world.services.reactor, lambda: world.state is HealthState.UP, 15)
        clock.now = start + DAY + 300
        await over(channel, start + DAY + 300)
    assert ticks(inbox) == [(start + 300, 0), (start + DAY + 300, 0)]


async def test_what_is_not_taken_is_asked_again(world: World) -> None:
    clock, inbox = Clock(), FakeInbox()
    inbox.outcome = Unavailable("WB-1012", "the engine is full")
    async with ticking(world, EVERY, clock, inbox) as channel:
        clock.now += 300
        await until(world.services.reactor, lambda: world.state is HealthState.DEGRADED, 15)
        inbox.outcome = None
        await over(channel, clock.now)
    assert len(inbox.accepted) == 1


async def test_a_broken_file_of_the_last_tick(world: World) -> None:
    file = world.services.state / "timers" / "it.json"
    file.parent.mkdir()
    for text in ("", "[]", '{"last": "x"}'):
        file.write_text(text)
        clock = Clock()
        async with ticking(world, EVERY, clock, FakeInbox()) as channel:
            assert channel.last == clock.now


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{}", "`every` or `at`"),
        ("{every: 5m, at: ['06:00']}", "`every` or `at`"),
        ("{every: 25h}", "from 1s to 24h"),
        ("{every: 5m, days: [mon]}", "`days` is for `at`"),
        ("{at: ['6:00']}", "times of the day"),
        ("{at: ['24:00']}", "times of the day"),
        ("{at: ['06:00'], days: [monday]}", "did you mean `mon`"),
    ],
)
def test_settings_that_are_refused(text: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(Invalid) as error:
        build(Settings, parse_yaml(text, "routes.yaml"), Context(tmp_path))
    assert reason in " ".join(problem.line() for problem in error.value.problems)
