"""Folders as they are: ten thousand files at once, a share that hangs, files that grow, vanish and come again."""

from __future__ import annotations

import os
import resource
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread

from engine.channel import HealthState
from tests.engine.runtime.house import engine, rows
from tests.engine.world import World

pytestmark = pytest.mark.limit(300)

SITE = """connections:
  source: {type: memory_in}
  sink: {type: memory_out, repeat: same}
  drop: {type: folder, path: drop, settle: 50ms, poll: 50ms, complete: none, max_files: 20000, timeout: TIMEOUT}
routes:
  files:
    receive: {from: source, operation: file, identity: [/file/id]}
    labels: {id: {path: /file/id}}
    steps:
      - {id: came, wait: {for: file, in: drop, path: $(body/id), name: 'report*.txt', complete: any}}
      - {id: out, call: {to: sink, operation: file, body: $(body/id)}}
  others:
    receive: {from: source, operation: other}
    steps:
      - {id: out, call: {to: sink, operation: other, body: $(body)}}
"""
MANY = 10_000


def site(timeout: str = "30s") -> str:
    return SITE.replace("TIMEOUT", timeout)


def put_file(folder: Path, name: str, text: str = "x") -> None:
    (folder / f".{name}").write_text(text, "utf-8")
    (folder / f".{name}").rename(folder / name)


async def waiting(world: World, *names: str) -> None:
    for name in names:
        await world.put(f"<file><id>{name}</id></file>", "file")
    await world.until(partial(_waits, world, len(names)), 30)


def _waits(world: World, count: int) -> bool:
    return len(world.runs(route="files", state="waiting")) >= count


def sent(world: World) -> list[str]:
    return sorted(str(r.arguments["body"]) for r in world.channel("sink").requests if r.operation == "file")


def fill(folder: Path, count: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        put_file(folder, f"page-{number:05}.txt", str(number))


async def test_ten_thousand_files_at_once(tmp_path: Path, reactor: Any) -> None:
    """Each is in the book once, the one that is waited for is taken, and the other route goes on."""
    (tmp_path / "drop" / "a").mkdir(parents=True)
    async with engine(tmp_path, site()) as world:
        await waiting(world, "a")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        await deferToThread(fill, tmp_path / "drop" / "a", MANY)
        put_file(tmp_path / "drop" / "a", "report.txt")
        began = time.monotonic()
        took: list[float] = []
        while rows(world, "SELECT count(*) FROM file")[0][0] < MANY + 1:
            assert time.monotonic() - began < 15 * 60
            one = time.monotonic()
            await world.put(f"<o>{len(took)}</o>", "other")
            await world.until(partial(_all_done, world), 30)
            took.append(time.monotonic() - one)
            await deferLater(reactor, 0.2)
        more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        assert more < 150, f"{more:.0f} MB more"
        assert sorted(took)[len(took) // 2] < 1, "the other route goes on"
        assert rows(world, "SELECT count(*), count(DISTINCT path) FROM file") == [(MANY + 1, MANY + 1)]
        await world.until(lambda: sent(world) == ["a"], 30)
        assert rows(world, "SELECT state, count(*) FROM file GROUP BY state") == [("taken", 1), ("unmatched", MANY)]


def _all_done(world: World) -> bool:
    return not world.runs(route="others", state="running") and not world.runs(route="others", state="ready")


async def test_a_share_that_hangs_holds_up_nobody(tmp_path: Path) -> None:
    """The folder's own thread hangs: the connection is down, the other route goes on; then it goes on itself."""
    (tmp_path / "drop" / "a").mkdir(parents=True)
    async with engine(tmp_path, site("500ms")) as world:
        await waiting(world, "a")
        hangs, answers = threading.Event(), threading.Event()

        def hang() -> None:
            hangs.set()
            answers.wait(120)

        ended = world.daemon.threads.run("folder:drop", hang)
        await world.until(hangs.is_set, 30)
        put_file(tmp_path / "drop" / "a", "report.txt")
        try:
            await world.until(lambda: _health(world).state is HealthState.DOWN, 30)
            for number in range(20):
                await world.put(f"<o>{number}</o>", "other")
            await world.until(lambda: len(world.runs(route="others", state="done")) == 20, 30)
            assert not sent(world)
        finally:
            answers.set()
            await ended
        await world.until(lambda: sent(world) == ["a"], 30)
        await world.until(lambda: _health(world).state is HealthState.UP, 30)


def _health(world: World) -> Any:
    return world.daemon.runtime.health()["drop"]


async def test_files_that_grow_vanish_and_come_again(tmp_path: Path) -> None:
    """A file that grows is taken whole; one that vanished and came again is another file; each run gets one."""
    for name in "abc":
        (tmp_path / "drop" / name).mkdir(parents=True)
    async with engine(tmp_path, site()) as world:
        await waiting(world, "a", "b", "c")
        grows, folder = tmp_path / "drop" / "a" / "report.txt", tmp_path / "drop"
        await deferToThread(_grow, grows, 40)
        await deferToThread(_flicker, folder / "b" / "report.txt", 10)
        put_file(folder / "b", "report.txt", "at last")
        put_file(folder / "c", "report 1.txt", "first")
        put_file(folder / "c", "report 2.txt", "second")
        await world.ended(2)
        await world.until(lambda: not grows.exists(), 30)
        assert (folder / "a" / ".done" / "report.txt").stat().st_size == 40_000
        await world.until(lambda: (folder / "b" / ".done").is_dir(), 30)
        await world.until(lambda: len(world.runs(state="done")) == 3, 30)
        assert sent(world) == ["a", "b", "c"]
        taken = rows(world, "SELECT count(*) FROM file WHERE state = 'taken'")
        assert taken == [(3,)], "each run took one, and the other in its folder is a person's"


def _grow(path: Path, pieces: int) -> None:
    with path.open("ab") as file:
        for _ in range(pieces):
            file.write(b"x" * 1000)
            file.flush()
            os.fsync(file.fileno())
            time.sleep(0.01)


def _flicker(path: Path, times: int) -> None:
    for number in range(times):
        path.write_text(f"{number}", "utf-8")
        time.sleep(0.01)
        path.unlink(missing_ok=True)
        time.sleep(0.01)
