"""`timer_in` keeps the contract of a source. Its peer is the clock: it waits for no answer and hands in no name."""

from __future__ import annotations

from typing import Any, ClassVar

from twisted.internet.defer import Deferred

from channels.timer_in import Channel, Settings
from engine.channel import HealthState
from engine.message import Refused, Unavailable
from engine.site.settings import Duration
from tests.contracts.base import Answer, SourceContract, sleep, until
from tests.contracts.fakes import FakeInbox, World


class Clock:
    def __init__(self) -> None:
        self.now = 1_795_240_800.0

    def __call__(self) -> float:
        return self.now


class TestTimerIn(SourceContract):
    TYPE = "timer_in"
    ANSWERS: ClassVar[bool] = False

    def settings(self, world: World) -> Settings:
        return Settings(every=Duration(60), operation="AddRisAppBillRt")

    def channel(self, world: World) -> Channel:
        self.clock = Clock()
        return Channel("it", self.settings(world), world.services, self.clock, 0.01)

    async def deliver(self, channel: Any, world: World) -> Answer:
        """The next minute comes. What the clock `sees` is what became of its tick."""
        self.clock.now += 60
        tick, outcome, bugs = self.clock.now, channel._inbox.outcome, len(world.bugs)
        reactor = world.services.reactor
        if isinstance(outcome, BaseException):
            await until(reactor, lambda: world.state is HealthState.DEGRADED or len(world.bugs) > bugs, 15)
            if isinstance(outcome, Unavailable):
                return Answer.BUSY
            return Answer.REFUSED if isinstance(outcome, Refused) else Answer.FAILED
        await until(reactor, lambda: channel.last >= tick, 15)
        return Answer.ACCEPTED

    async def test_it_hands_in_once_and_answers(self, world: World) -> None:
        inbox = FakeInbox()
        async for channel in self.running(world, inbox):
            assert await self.deliver(channel, world) is Answer.ACCEPTED
            await sleep(world.services.reactor, 0.05)
        (incoming,) = inbox.accepted
        assert (incoming.connection, incoming.operation) == ("it", "AddRisAppBillRt")
        assert incoming.identity is not None
        assert not world.bugs

    async def test_what_no_route_can_receive_is_kept_and_refused(self, world: World) -> None:
        """A tick that no route receives is nothing to keep: the health says so until one does."""
        inbox = FakeInbox(frozenset())
        async for channel in self.running(world, inbox):
            self.clock.now += 60
            await until(world.services.reactor, lambda: world.state is HealthState.DEGRADED, 15)
            assert "no route receives" in world.health[-1].reason
            inbox.known = frozenset({"AddRisAppBillRt"})
            assert await self.deliver(channel, world) is Answer.ACCEPTED
        assert not inbox.rejected

    async def test_a_bug_is_loud_and_does_not_kill_it(self, world: World) -> None:
        inbox = FakeInbox()
        inbox.outcome = RuntimeError("a bug")
        async for channel in self.running(world, inbox):
            assert await self.deliver(channel, world) is Answer.FAILED
            assert {type(bug) for bug in world.bugs} == {RuntimeError}
            inbox.outcome = None
            assert await self.deliver(channel, world) is Answer.ACCEPTED

    async def test_stopped_before_it_is_durable_nobody_is_told_yes(self, world: World, reactor: Any) -> None:
        """The tick that was cut off comes again."""
        inbox = FakeInbox()
        inbox.outcome = Deferred()
        channel = self.channel(world)
        await channel.start(inbox)
        before = channel.last
        self.clock.now += 60
        await until(reactor, lambda: inbox.waiting, 15)
        await channel.stop()
        assert (channel.last, inbox.accepted) == (before, [])
