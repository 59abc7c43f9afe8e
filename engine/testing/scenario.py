"""One test, once: from its first message to its last expectation, perhaps with the engine killed on the way."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from engine.message import Failure
from engine.ops import runs as runs_ops
from engine.site.calls import CallSettings
from engine.site.nodes import Place
from engine.site.walk import inside
from engine.store import clock
from engine.store.schema import effect, run
from engine.testing.compare import Difference, differences
from engine.testing.engine import Killed, Stuck
from engine.testing.explain import Explained, explain
from engine.testing.happen import Replies, happen, message
from engine.testing.model import Case, Event, Expect
from engine.testing.stage import House, Stage

CUT_OFF = "WB-3007"
"""The engine ended while a request was under way, and nobody but a person knows what became of it."""


@dataclass
class Outcome:
    """One execution. killed: the point and its passing, empty when nothing was killed. passed: points, in order."""

    seconds: float
    killed: str = ""
    error: str = ""
    at: Place | None = None
    differences: list[Difference] = field(default_factory=list)
    explained: list[Explained] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)
    arrived: dict[tuple[str, str], int] = field(default_factory=dict)
    doubts: int = 0

    @property
    def good(self) -> bool:
        return not self.error and not self.differences


async def play(house: House, case: Case, kill_at: tuple[str, int] | None = None) -> Outcome:
    """The test from an empty store; with `kill_at` (point, passing) the engine ends there and is started again."""
    stage = Stage(house, case, kill_at=kill_at)
    began = time.monotonic()
    outcome = Outcome(0.0)
    with clock.told_by(stage.clock.now), _log() as lines:
        try:
            await _Play(stage, outcome).whole()
        except Failure as failure:
            outcome.error = f"{failure.code} {failure.reason}"
        except Stuck as stuck:
            outcome.error = str(stuck)
        finally:
            _tell(stage, outcome)
            stage.close()
    outcome.seconds = time.monotonic() - began
    outcome.log = lines
    return outcome


def _tell(stage: Stage, outcome: Outcome) -> None:
    outcome.passed = stage.passed
    if stage.killed and stage.kill_at is not None:
        outcome.killed = f"{stage.kill_at[0]}:{stage.kill_at[1]}"
    for name, peer in stage.peers.items():
        for sent in peer.sent:
            if _counts(stage, name, sent.operation, sent.arguments):
                key = (name, sent.operation)
                outcome.arrived[key] = outcome.arrived.get(key, 0) + sent.arrived
    if not outcome.good and stage.engine is not None and not stage.engine.dead:
        outcome.explained = explain(stage)


def _counts(stage: Stage, name: str, operation: str, arguments: Any) -> bool:
    """Whether one more request than wanted is one too many: a harmless repeat is not, nor one that the site allows."""
    assert stage.engine is not None
    if stage.engine.runtime.sinks[name].repeat(operation, arguments) == "same":
        return False
    calls = [call for route in stage.site.routes.values() for step in route.steps
             for call in inside(step.settings, CallSettings)]  # fmt: skip
    mine = [call for call in calls if (call.to, call.operation) == (name, operation)]
    # What no step calls belongs to a signing job: its owner asks anew when nobody knows what became of it.
    return bool(mine) and not any(call.in_doubt == "repeat" for call in mine)


class _Play:
    """The moments of a test, each of which may be cut off once by the end of the engine."""

    def __init__(self, stage: Stage, outcome: Outcome) -> None:
        self._stage = stage
        self._outcome = outcome
        self._replies = Replies()

    async def whole(self) -> None:
        case, stage = self._stage.case, self._stage
        await stage.live()
        stage.watch()
        for given in case.given:
            self._outcome.at = given.at
            await self._moment(lambda again, given=given: message(stage, given, self._replies, again))  # type: ignore[misc]
        for event in case.then:
            self._outcome.at = event.at
            await self._event(event)
        if case.expect is not None:
            self._outcome.at = case.expect.at
            self._expect(case.expect)

    async def _event(self, event: Event) -> None:
        stage = self._stage
        if event.expect is not None:
            self._expect(event.expect)
        elif event.advance is not None:
            target = stage.clock.now() + int(event.advance * 1000)
            await self._moment(lambda again: self._until(target))
        else:
            await self._moment(lambda again: happen(stage, event, self._replies, again))

    async def _until(self, target: int) -> None:
        assert self._stage.engine is not None
        await self._stage.engine.until(target)

    async def _moment(self, work: Callable[[bool], Awaitable[None]]) -> None:
        """Do it, and let the engine come to rest; when it ended, start it again and go on where it was."""
        again, done = False, False
        while True:
            try:
                if not done:
                    await work(again)
                    done = True
                assert self._stage.engine is not None
                await self._stage.engine.settle()
                if await self._doubts() == 0:
                    return
            except Killed:
                again = True
                await self._restarted()

    async def _restarted(self) -> None:
        assert self._stage.engine is not None
        self._stage.engine.kill()
        await self._stage.live()

    async def _doubts(self) -> int:
        """After an end of the engine: as a person who looks at the peer and says what is there."""
        if not self._stage.killed:
            return 0
        engine = self._stage.engine
        assert engine is not None
        for run_id, key, connection in engine.read(_cut_off):
            there = any(sent.key == key and sent.arrived for sent in self._stage.peers[connection].sent)
            answer = "arrived" if there else "again"
            await engine.write(lambda conn, r=run_id, a=answer: runs_ops.answer_doubt(conn, r, a, "test", ""))  # type: ignore[misc]
            self._outcome.doubts += 1
            return 1
        return 0

    def _expect(self, expect: Expect) -> None:
        exact = not self._stage.killed
        self._outcome.differences += differences(self._stage, expect, self._replies, exact=exact)


def _cut_off(conn: Connection) -> list[Any]:
    query = (
        select(run.c.id, effect.c.key, effect.c.connection).join(effect, effect.c.run == run.c.seq)
        .where(run.c.state == "held", run.c.code == CUT_OFF, effect.c.state == "doubt", effect.c.step == run.c.step)
    )  # fmt: skip
    return list(conn.execute(query).all())


class _Lines(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.INFO)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(f"{record.levelname} {record.name}: {record.getMessage()}")


@contextmanager
def _log() -> Iterator[list[str]]:
    """What the engine says, kept for a failing test instead of being printed."""
    lines: list[str] = []
    handler, names = _Lines(lines), [logging.getLogger(name) for name in ("engine", "channels")]
    before = [(one.propagate, one.level) for one in names]
    for one in names:
        one.addHandler(handler)
        one.propagate = False
        one.setLevel(logging.INFO)
    try:
        yield lines
    finally:
        for one, (propagate, level) in zip(names, before, strict=True):
            one.removeHandler(handler)
            one.propagate, one.level = propagate, level
            one.setLevel(level)
