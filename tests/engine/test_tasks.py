"""Background coroutines: named, loud when they fail, ended at stop."""

from __future__ import annotations

import pytest
from twisted.internet.defer import Deferred, succeed

from engine.tasks import Tasks


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
