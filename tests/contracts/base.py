"""The contract that every channel passes: `SourceContract` for what brings messages in, `SinkContract` for effects.

A channel's file `tests/contracts/test_<type>.py` subclasses one (or both), says how its peer behaves, and inherits the
tests. What a channel cannot do is left out of its `MOODS`, where a reader sees it.
"""

from __future__ import annotations

import dataclasses
import enum
import importlib
import logging
import re
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.logger import ILogObserver, formatEvent, globalLogPublisher
from zope.interface import implementer

from engine.channel import HealthState
from engine.message import Failure, InDoubt, Refused, Request, Response, Unavailable
from tests.contracts.fakes import NAME, FakeInbox, Untouchable, World, make_world

LINE = re.compile(r"WB-\d{4} [^\r\n]+")


class Answer(enum.Enum):
    """What the peer of a source saw."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    BUSY = "busy"
    FAILED = "failed"
    LOST = "lost"


class Mood(enum.Enum):
    """How the peer of a sink behaves. DOUBT: it takes the request and its answer never comes."""

    GOOD = "good"
    DOWN = "down"
    REFUSES = "refuses"
    DOUBT = "doubt"


async def sleep(reactor: Any, seconds: float) -> None:
    """Let the reactor work for a while."""
    await deferLater(reactor, seconds)


async def until(reactor: Any, condition: Callable[[], Any], seconds: float = 5.0) -> None:
    """Poll until the condition holds."""
    for _ in range(int(seconds / 0.01)):
        if condition():
            return
        await deferLater(reactor, 0.01)
    raise AssertionError("the condition did not come true in time")


class _Lines(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self.lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@implementer(ILogObserver)
class _Events:
    def __init__(self, lines: list[str]) -> None:
        self.lines = lines

    def __call__(self, event: Any) -> None:
        failure = event.get("log_failure")
        self.lines.append(formatEvent(event) + (failure.getTraceback() if failure else ""))


class ChannelContract:
    """What sources and sinks have in common. `TYPE` is the word in routes.yaml."""

    TYPE: ClassVar[str]
    SECRETS: ClassVar[dict[str, str]] = {}

    @pytest.fixture(autouse=True)
    def nothing_of_a_patient_is_logged(self) -> Iterator[list[str]]:
        """The planted name appears in no log line of any test of the contract."""
        lines: list[str] = []
        handler = _Lines(lines)
        root = logging.getLogger()
        level = root.level
        observe: Any = _Events(lines)
        root.addHandler(handler)
        root.setLevel(logging.DEBUG)
        globalLogPublisher.addObserver(observe)
        yield lines
        globalLogPublisher.removeObserver(observe)
        root.setLevel(level)
        root.removeHandler(handler)
        assert not [line for line in lines if NAME in line]

    @pytest.fixture(name="world")
    def fixture_world(self, reactor: Any, tmp_path: Path) -> World:
        """Real blobs, threads and store in a temporary folder."""
        return make_world(reactor, tmp_path, self.SECRETS)

    @property
    def module(self) -> ModuleType:
        """The channel's module, found as the registry finds it."""
        return importlib.import_module(f"channels.{self.TYPE}")

    def settings(self, world: World) -> Any:
        """Settings of a channel that would work; override it."""
        raise AssertionError(f"{type(self).__name__} does not say its settings")

    def channel(self, world: World) -> Any:
        """A new channel named `it`."""
        return self.module.Channel("it", self.settings(world), world.services)

    def test_settings_are_documented_and_frozen(self) -> None:
        _documented(self.module.Settings)

    def test_the_module_and_the_channel_are_documented(self) -> None:
        assert (self.module.__doc__ or "").strip()
        assert (self.module.Channel.__doc__ or "").strip()

    def test_constructing_does_no_io(self, world: World) -> None:
        settings = self.settings(world)
        names = {part.name for part in dataclasses.fields(world.services)} - {"site", "state", "extra"}
        untouchable: dict[str, Any] = {name: Untouchable(name) for name in names}
        silent = dataclasses.replace(world.services, **untouchable)
        before = sorted(world.services.state.parent.rglob("*"))
        self.module.Channel("it", settings, silent)
        assert sorted(world.services.state.parent.rglob("*")) == before


class SourceContract(ChannelContract):
    """A source: its peer hands something in, and is answered when the inbox has taken it.

    ANSWERS: whether the peer waits for an answer (False: a folder; then `deliver` tells from what became of the file).
    """

    ANSWERS: ClassVar[bool] = True

    async def deliver(self, channel: Any, world: World) -> Answer:
        """Hand in one good message with the planted name, as a peer would, and say what the peer saw; override it."""
        raise AssertionError(f"{type(self).__name__} does not say how to deliver")

    async def deliver_bad(self, channel: Any, world: World) -> Answer:
        """Hand in something that no route can receive; override it."""
        raise AssertionError(f"{type(self).__name__} does not say what is bad")

    async def running(self, world: World, inbox: FakeInbox) -> AsyncIterator[Any]:
        """A started channel, stopped at the end."""
        channel = self.channel(world)
        await channel.start(inbox)
        try:
            yield channel
        finally:
            await channel.stop()

    async def test_start_and_stop_are_clean_and_may_repeat(self, world: World, reactor: Any) -> None:
        await sleep(reactor, 0)  # the test's own time limit is a timer that starts now
        readers, timers = set(reactor.getReaders()), _timers(reactor)
        for _ in range(2):
            channel = self.channel(world)
            await channel.start(FakeInbox())
            assert [health.state for health in world.health[-1:]] == [HealthState.UP]
            await channel.stop()
            await channel.stop()
            assert [health.state for health in world.health[-1:]] == [HealthState.STOPPED]
        assert set(reactor.getReaders()) - readers == set()
        assert _timers(reactor) - timers == set()

    async def test_it_hands_in_once_and_answers(self, world: World) -> None:
        inbox = FakeInbox()
        async for channel in self.running(world, inbox):
            assert await self.deliver(channel, world) is Answer.ACCEPTED
        assert [incoming.connection for incoming in inbox.accepted] == ["it"]
        assert NAME.encode() in inbox.accepted[0].body
        assert NAME not in repr(inbox.accepted[0])
        assert not world.bugs

    async def test_what_no_route_can_receive_is_kept_and_refused(self, world: World) -> None:
        inbox = FakeInbox()
        async for channel in self.running(world, inbox):
            assert await self.deliver_bad(channel, world) is Answer.REFUSED
            assert await self.deliver(channel, world) is Answer.ACCEPTED
        (_, code, reason), *more = inbox.rejected
        assert not more
        assert LINE.fullmatch(f"{code} {reason}")
        assert NAME not in reason

    async def test_a_full_engine_reaches_the_peer(self, world: World) -> None:
        inbox = FakeInbox()
        inbox.outcome = Unavailable("WB-1012", "the engine is full")
        async for channel in self.running(world, inbox):
            assert await self.deliver(channel, world) is Answer.BUSY
            assert not inbox.accepted
            inbox.outcome = None
            assert await self.deliver(channel, world) is Answer.ACCEPTED

    async def test_a_refusal_reaches_the_peer(self, world: World) -> None:
        inbox = FakeInbox()
        inbox.outcome = Refused("WB-1013", "no route receives this")
        async for channel in self.running(world, inbox):
            assert await self.deliver(channel, world) is Answer.REFUSED

    async def test_no_answer_before_it_is_durable(self, world: World, reactor: Any) -> None:
        inbox = FakeInbox()
        gate: Deferred[Any] = Deferred()
        inbox.outcome = gate
        answers: list[Answer] = []
        async for channel in self.running(world, inbox):
            delivery = Deferred.fromCoroutine(self.deliver(channel, world))
            await until(reactor, lambda: inbox.waiting)
            await sleep(reactor, 0.05)
            assert not delivery.called
            gate.callback(None)
            answers.append(await delivery)
        assert answers == [Answer.ACCEPTED]

    async def test_stopped_before_it_is_durable_nobody_is_told_yes(self, world: World, reactor: Any) -> None:
        inbox = FakeInbox()
        inbox.outcome = Deferred()
        channel = self.channel(world)
        await channel.start(inbox)
        delivery = Deferred.fromCoroutine(self.deliver(channel, world))
        await until(reactor, lambda: inbox.waiting)
        await channel.stop()
        if self.ANSWERS:
            assert await delivery in (Answer.LOST, Answer.BUSY)
        else:
            delivery.addBoth(_settled).cancel()
        assert not inbox.accepted

    async def test_a_bug_is_loud_and_does_not_kill_it(self, world: World) -> None:
        inbox = FakeInbox()
        inbox.outcome = RuntimeError(f"a bug met {NAME}")
        async for channel in self.running(world, inbox):
            assert await self.deliver(channel, world) is Answer.FAILED
            assert [type(bug) for bug in world.bugs] == [RuntimeError]
            inbox.outcome = None
            assert await self.deliver(channel, world) is Answer.ACCEPTED

    async def test_health_changes_are_reported_once(self, world: World) -> None:
        async for channel in self.running(world, FakeInbox()):
            await self.deliver(channel, world)
            await self.deliver(channel, world)
        states = [health.state for health in world.health]
        assert states[-2:] == [HealthState.UP, HealthState.STOPPED]
        assert all(one != two for one, two in zip(world.health, world.health[1:], strict=False))


class SinkContract(ChannelContract):
    """A sink: one request, and success or one of the three failures.

    MOODS: how its peer can behave. GOOD is asked of all; another is left out where the peer has no such state.
    """

    MOODS: ClassVar[frozenset[Mood]] = frozenset(Mood)

    async def peer(self, world: World, mood: Mood) -> None:
        """Bring the peer into this mood before the channel is made; override it. It ends with the test."""
        raise AssertionError(f"{type(self).__name__} does not say how its peer behaves")

    async def end(self, world: World) -> None:
        """End the peer."""

    def request(self, world: World) -> Request:
        """One good request that carries the planted name, with a timeout of at most a second; override it."""
        raise AssertionError(f"{type(self).__name__} does not say what to ask")

    def effects(self, world: World) -> int:
        """How often the peer did it, counted at the peer; override it."""
        raise AssertionError(f"{type(self).__name__} does not count its effects")

    async def called(self, world: World, mood: Mood, times: int = 1) -> Response | Failure:
        """The outcome of the last call to a peer in this mood."""
        if mood not in self.MOODS:
            assert mood is not Mood.GOOD
            return Failure("WB-0000", "this peer has no such mood")
        outcome: Response | Failure = Failure("WB-0000", "never called")
        await self.peer(world, mood)
        channel = self.channel(world)
        try:
            await start(channel)
            for _ in range(times):
                try:
                    outcome = await channel.call(self.request(world))
                except Failure as failure:
                    outcome = failure
            for _ in range(2):
                await stop(channel)
        finally:
            await self.end(world)
        return outcome

    def test_calls_are_documented_and_frozen(self) -> None:
        assert self.module.CALLS
        for word, call in self.module.CALLS.items():
            assert word
            _documented(call)

    async def test_success(self, world: World) -> None:
        outcome = await self.called(world, Mood.GOOD)
        assert isinstance(outcome, Response), outcome
        assert NAME not in repr(outcome)
        assert self.effects(world) == 1
        assert HealthState.UP in [health.state for health in world.health]

    async def test_a_peer_that_is_away_is_unavailable_and_health_says_so(self, world: World) -> None:
        outcome = await self.called(world, Mood.DOWN)
        if Mood.DOWN in self.MOODS:
            self.one_line(outcome, Unavailable)
            assert self.effects(world) == 0
            troubled = [health for health in world.health if health.state in (HealthState.DEGRADED, HealthState.DOWN)]
            assert troubled
            assert all(health.reason for health in troubled)

    async def test_a_peer_that_refuses(self, world: World) -> None:
        outcome = await self.called(world, Mood.REFUSES)
        if Mood.REFUSES in self.MOODS:
            self.one_line(outcome, Refused)

    async def test_no_answer_is_doubt_within_the_timeout(self, world: World, reactor: Any) -> None:
        before = reactor.seconds()
        outcome = await self.called(world, Mood.DOUBT)
        if Mood.DOUBT in self.MOODS:
            self.one_line(outcome, InDoubt)
            assert reactor.seconds() - before < self.request(world).timeout + 3

    async def test_a_repeat_is_what_the_channel_says(self, world: World) -> None:
        request = self.request(world)
        repeat = self.channel(world).repeat(request.operation, request.arguments)
        assert repeat in ("same", "ask", "unknown")
        if repeat == "same":
            outcome = await self.called(world, Mood.GOOD, times=2)
            assert isinstance(outcome, Response), outcome
            assert self.effects(world) == 1

    async def test_health_is_told_once(self, world: World) -> None:
        await self.called(world, Mood.GOOD, times=2)
        assert all(one != two for one, two in zip(world.health, world.health[1:], strict=False))

    def one_line(self, outcome: object, kind: type[Failure]) -> None:
        """The failure is of this kind, with a stable code and one line that holds no name."""
        assert type(outcome) is kind, outcome
        assert LINE.fullmatch(str(outcome))
        assert NAME not in str(outcome)


def _timers(reactor: Any) -> set[Any]:
    return {call for call in reactor.getDelayedCalls() if call.active()}


def _settled(_outcome: object) -> None:
    """A delivery to a channel that is stopped has no outcome that matters."""


async def start(channel: Any) -> None:
    """Start a sink that has something to start (one that is a source as well gets an inbox)."""
    if hasattr(channel, "start"):
        await channel.start(FakeInbox())


async def stop(channel: Any) -> None:
    """Stop a sink that has something to stop."""
    if hasattr(channel, "stop"):
        await channel.stop()


def _documented(cls: Any) -> None:
    """A frozen dataclass each of whose fields has a help text."""
    assert cls.__dataclass_params__.frozen
    assert (cls.__doc__ or "").strip()
    bare = [part.name for part in dataclasses.fields(cls) if not part.metadata.get("help")]
    assert not bare, f"{cls.__qualname__}: no help for {bare}"
