"""Background coroutines: named, loud when they fail, ended at stop."""

from __future__ import annotations

import pytest
from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.python.failure import Failure

from engine.tasks import Tasks, drive


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
