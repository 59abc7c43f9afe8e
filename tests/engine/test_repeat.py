"""Again and again: a failure does not end it, a poke does not wait, stop ends it."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock

from engine.repeat import Repeat


class Work:
    def __init__(self) -> None:
        self.rounds = 0
        self.during: Any = None

    async def __call__(self) -> None:
        self.rounds += 1
        if self.during is not None:
            await self.during()


def running(seconds: float = 10.0) -> tuple[Clock, Work, Repeat, Deferred[None]]:
    clock, work = Clock(), Work()
    repeat = Repeat(clock, "scan", seconds, work)
    return clock, work, repeat, Deferred.fromCoroutine(repeat.run())


def test_it_runs_at_once_and_then_after_each_pause() -> None:
    clock, work, repeat, ended = running()
    assert work.rounds == 1
    clock.advance(9.9)
    assert work.rounds == 1
    clock.advance(0.2)
    assert work.rounds == 2
    repeat.stop()
    assert ended.called
    assert not clock.getDelayedCalls()


def test_a_poke_runs_it_now_or_right_after() -> None:
    clock, work, repeat, _ = running()
    repeat.poke()
    assert work.rounds == 2
    gate: Deferred[None] = Deferred()

    async def waits() -> None:
        await gate

    work.during = waits
    clock.advance(10)
    assert work.rounds == 3
    repeat.poke()
    repeat.poke()
    work.during = None
    gate.callback(None)
    assert work.rounds == 4
    repeat.stop()


def test_a_failure_is_counted_and_said_without_its_message(caplog: pytest.LogCaptureFixture) -> None:
    clock, work, repeat, _ = running()
    text = "植入" + "甲"

    async def fails() -> None:
        raise ValueError(text)

    work.during = fails
    clock.advance(10)
    clock.advance(10)
    assert (work.rounds, repeat.failures) == (3, 2)
    assert "scan: ValueError" in caplog.text
    assert text not in caplog.text
    repeat.stop()


def test_cancelling_ends_it() -> None:
    clock, work, _, ended = running()
    ended.cancel()
    failures: list[Any] = []
    _ = ended.addErrback(failures.append)
    assert failures[0].check(CancelledError)
    clock.advance(100)
    assert work.rounds == 1


def test_stop_while_it_works_ends_after_the_round() -> None:
    _, work, repeat, ended = running()
    gate: Deferred[None] = Deferred()

    async def waits() -> None:
        await gate

    work.during = waits
    repeat.poke()
    repeat.stop()
    assert not ended.called
    gate.callback(None)
    assert ended.called
