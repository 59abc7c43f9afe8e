"""Background coroutines: named, loud when they fail, ended at stop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet import reactor as _reactor
from twisted.internet.defer import AlreadyCalledError, CancelledError, Deferred, succeed
from twisted.internet.defer import TimeoutError as TimedOut
from twisted.python.failure import Failure

from engine.tasks import Once, Tasks, drive

reactor: Any = _reactor


async def value() -> int:
    return 5


async def test_a_task_gives_its_value_and_is_forgotten() -> None:
    tasks = Tasks()
    assert await tasks.spawn("five", value()) == 5
    assert tasks.names() == []
    assert await tasks.spawn("ready", succeed("x")) == "x"


async def test_a_failure_is_logged_without_its_message(caplog: pytest.LogCaptureFixture) -> None:
    bugs: list[str] = []
    tasks = Tasks(bugs.append)
    text = "植入" + "甲"

    async def fails() -> None:
        raise ValueError(text)

    assert await tasks.spawn("scan", fails()) is None
    assert (tasks.failed, bugs) == (1, ["scan"])
    assert "task scan failed: ValueError in " in caplog.text
    assert "test_tasks.py" in caplog.text
    assert text not in caplog.text


async def test_stop_cancels_and_waits_for_each() -> None:
    tasks, ended = Tasks(), list[str]()

    async def waits(name: str) -> None:
        try:
            await Deferred()
        finally:
            ended.append(name)

    running = [tasks.spawn(name, waits(name)) for name in ("b", "a")]
    assert tasks.names() == ["a", "b"]
    await tasks.stop()
    assert sorted(ended) == ["a", "b"]
    assert tasks.failed == 0
    assert [await task for task in running] == [None, None]
    await tasks.stop()


def outcome(of: Deferred[object]) -> list[object]:
    """Filled when it fires."""
    seen: list[object] = []
    _ = of.addBoth(lambda found: seen.append(found.value if isinstance(found, Failure) else found))
    return seen


def test_a_coroutine_goes_on_as_what_it_waits_for_fires() -> None:
    first, second = Deferred[int](), Deferred[int]()

    async def adds() -> int:
        return await first + await second + await succeed(1)

    seen = outcome(drive(adds()))
    first.callback(10)
    assert seen == []
    second.callback(100)
    assert seen == [111]


def test_it_may_survive_a_failure_or_end_with_it() -> None:
    async def waits(on: Deferred[int], survives: bool) -> str:
        try:
            return str(await on)
        except ValueError:
            if survives:
                return "survived"
            raise

    waited = [Deferred[int](), Deferred[int]()]
    seen = [outcome(drive(waits(on, survives))) for on, survives in zip(waited, (True, False), strict=True)]
    error = ValueError("x")
    for on in waited:
        on.errback(error)
    assert seen == [["survived"], [error]]


def test_cancelled_it_ends_in_its_own_way_and_its_time() -> None:
    waited, tidied = Deferred[int](), Deferred[None]()

    async def waits() -> int:
        try:
            return await waited
        except CancelledError:
            await tidied
            return 7

    running = drive(waits())
    seen = outcome(running)
    running.cancel()
    assert seen == []
    tidied.callback(None)
    assert seen == [7]


def test_cancelled_twice_the_second_reaches_what_is_waited_for_then() -> None:
    async def waits() -> None:
        try:
            await Deferred()
        finally:
            await Deferred()

    running = drive(waits())
    seen = outcome(running)
    running.cancel()
    assert seen == []
    running.cancel()
    assert [type(one) for one in seen] == [CancelledError]


def test_a_cancelled_one_does_not_hang_another_up() -> None:
    """One coroutine waits for another's Deferred, and is cancelled: so is the other."""
    ended: list[str] = []

    async def inner() -> None:
        try:
            await Deferred()
        finally:
            ended.append("inner")

    async def outer() -> None:
        try:
            await drive(inner())
        finally:
            ended.append("outer")

    running = drive(outer())
    seen = outcome(running)
    running.cancel()
    assert ended == ["inner", "outer"]
    assert [type(one) for one in seen] == [CancelledError]


def usual() -> Deferred[object]:
    return Deferred()


def once() -> Deferred[object]:
    return Once()


@pytest.mark.parametrize("make", [usual, once])
class TestWhatACoroutineAwaits:
    """`Once` is to everybody what a Deferred is."""

    def test_a_value_an_error_and_an_end(self, make: Callable[[], Deferred[object]]) -> None:
        one, two = make(), make()

        async def both() -> list[object]:
            got = [await one]
            try:
                await two
            except ValueError as error:
                got.append(str(error))
            return got

        seen = outcome(drive(both()))
        one.callback(1)
        assert seen == []
        two.errback(ValueError("no"))
        assert seen == [[1, "no"]]
        for fired in (one, two):
            with pytest.raises(AlreadyCalledError):
                fired.callback(2)

    def test_fired_before_it_is_awaited(self, make: Callable[[], Deferred[object]]) -> None:
        good, bad = make(), make()
        good.callback("x")
        bad.callback(Failure(ValueError("no")))  # as a callback's result may be

        async def both() -> object:
            with pytest.raises(ValueError, match="no"):
                await bad
            return await good

        assert outcome(drive(both())) == ["x"]
        assert outcome(good) == ["x"]

    def test_callbacks_before_and_after_the_one_who_awaits(self, make: Callable[[], Deferred[object]]) -> None:
        order: list[str] = []
        one = make()

        async def waits(name: str) -> None:
            order.append(f"{name} {await one}")

        _ = one.addCallback(lambda got: f"{got}, seen")
        _ = drive(waits("first"))
        _ = one.addCallback(lambda got: order.append(f"then {got}"))
        one.callback("x")
        assert order == ["first x, seen", "then None"]
        two, late = make(), list[object]()

        async def alone() -> None:
            order.append(f"alone {await two}")
            _ = two.addBoth(late.append)  # not before this has ended
            assert late == []

        _ = drive(alone())
        _ = two.addBoth(late.append)
        two.callback("y")
        assert (order[-1], late) == ("alone y", [None, None])

    def test_two_who_await_the_same(self, make: Callable[[], Deferred[object]]) -> None:
        one, got = make(), list[object]()

        async def waits() -> None:
            got.append(await one)

        running = [drive(waits()), drive(waits())]
        one.callback("x")
        assert got == ["x", None]
        assert [task.called for task in running] == [True, True]

    def test_cancelled_and_fired_later(self, make: Callable[[], Deferred[object]]) -> None:
        one = make()

        async def waits() -> object:
            try:
                return await one
            except CancelledError:
                return "cancelled"

        task = drive(waits())
        seen = outcome(task)
        task.cancel()
        assert seen == ["cancelled"]
        one.callback("late")  # once: the one who fires it does not know
        with pytest.raises(AlreadyCalledError):
            one.callback("later")

    async def test_awaited_by_others_than_our_own(self, make: Callable[[], Deferred[object]]) -> None:
        one, two = make(), make()

        async def waits() -> object:
            return await one

        theirs = Deferred.fromCoroutine(waits())
        one.callback("x")
        assert await theirs == "x"
        with pytest.raises(TimedOut):
            await two.addTimeout(0.01, reactor)
