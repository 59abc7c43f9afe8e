"""While a connection runs: the end of its certificate is health, and changed files are taken up."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from channels._tls.certificates import Certificates, health_of
from channels._tls.settings import Tls
from channels._tls.voice import Voice
from engine.channel import Health, HealthState
from engine.message import Unavailable
from engine.site.units import SitePath
from tests.channels._tls.authority import Authority
from tests.channels._tls.wire import exchanged
from tests.contracts.fakes import World, make_world

DAY = 86400


@pytest.fixture(name="world")
def fixture_world(reactor: Any, tmp_path: Path) -> World:
    return make_world(reactor, tmp_path)


@pytest.fixture(name="authority")
def fixture_authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "tls")


class Clock:
    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


class It:
    """A connection's certificates with a clock of the test's own."""

    def __init__(self, world: World, tls: Tls | None) -> None:
        self.clock = Clock()
        self.voice = Voice("it", world.services)
        self.certificates = Certificates("it", tls, world.services, self.voice, self.clock)


def test_what_the_end_means() -> None:
    now = datetime(2026, 11, 21, tzinfo=UTC)
    assert health_of(None, now) is None
    assert health_of(now + timedelta(days=31), now) is None
    assert health_of(now + timedelta(days=29, hours=5), now) == Health(
        HealthState.DEGRADED, "the certificate ends in 29 days"
    )
    assert health_of(now - timedelta(seconds=1), now) == Health(HealthState.DOWN, "the certificate ended on 2026-11-20")


async def test_the_end_comes_nearer(world: World, authority: Authority) -> None:
    it = It(world, authority.server(days=40.5))
    await it.certificates.start()
    it.voice.say(HealthState.UP)
    for days in (5, 6, 10, 1, 30):
        it.clock.now += days * DAY
        await it.certificates.look()
    it.certificates.stop()
    it.voice.say(HealthState.STOPPED)
    states = [(health.state.value, health.reason.split(" on ")[0]) for health in world.health]
    assert states == [
        ("up", ""),
        ("degraded", "the certificate ends in 29 days"),
        ("degraded", "the certificate ends in 19 days"),
        ("degraded", "the certificate ends in 18 days"),
        ("down", "the certificate ended"),
        ("up", ""),
        ("stopped", ""),
    ]


async def test_a_renewed_certificate_is_taken_up_without_a_restart(
    world: World, reactor: Any, authority: Authority
) -> None:
    it = It(world, authority.server("old.example", days=3))
    await it.certificates.start()
    it.voice.say(HealthState.UP)
    server = it.certificates.server()
    caller = It(world, authority.client(server_name="new.example"))
    await caller.certificates.start()
    try:
        before = await exchanged(reactor, server, caller.certificates.client("127.0.0.1"))
        authority.server("new.example")
        await it.certificates.look()
        after = await exchanged(reactor, server, caller.certificates.client("127.0.0.1"))
    finally:
        it.certificates.stop()
        caller.certificates.stop()
    assert before[1] != b"hello"
    assert after[1] == b"hello"
    assert [health.state for health in world.health] == [HealthState.DEGRADED, HealthState.UP]


async def test_a_broken_change_keeps_the_good_one_and_says_so(world: World, reactor: Any, authority: Authority) -> None:
    tls = authority.server()
    it = It(world, tls)
    await it.certificates.start()
    it.voice.say(HealthState.UP)
    assert tls.certificate is not None
    good = tls.certificate.read_bytes()
    tls.certificate.write_text("half of a f")
    await it.certificates.look()
    caller = It(world, authority.client())
    await caller.certificates.start()
    _, answer = await exchanged(reactor, it.certificates.server(), caller.certificates.client("127.0.0.1"))
    tls.certificate.write_bytes(good)
    await it.certificates.look()
    it.certificates.stop()
    caller.certificates.stop()
    assert answer == b"hello"
    assert [health.state.value for health in world.health] == ["up", "degraded", "up"]
    assert "server.pem is not a PEM file" in world.health[1].reason


async def test_files_that_cannot_be_used_at_the_start(world: World, tmp_path: Path) -> None:
    it = It(world, Tls(ca=SitePath(tmp_path / "gone.pem")))
    with pytest.raises(Unavailable, match="WB-3101"):
        await it.certificates.start()
    it.certificates.stop()
    assert [health.state for health in world.health] == [HealthState.DOWN]


async def test_without_settings_nothing_is_watched(world: World, reactor: Any) -> None:
    timers = set(reactor.getDelayedCalls())
    it = It(world, None)
    await it.certificates.start()
    assert set(reactor.getDelayedCalls()) <= timers
    one = it.certificates.client("his.example")
    assert it.certificates.client("his.example") is one
    it.certificates.stop()
