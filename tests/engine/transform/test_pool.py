"""The pool: bounded, in deadlines, and a bad job hurts only itself."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred, DeferredList
from twisted.logger import ILogObserver, globalLogPublisher
from zope.interface import implementer

from engine.message import Failure, InDoubt, Refused, Unavailable
from engine.transform.pool import PICTURES, Pool
from engine.transform.process import JobBug

BAD = "tests.engine.transform.misbehaving:"
Start = Callable[..., Pool]


@pytest.fixture
def start(reactor: Any, drive: Callable[[Coroutine[Any, Any, Any]], Any]) -> Iterator[Start]:
    pools: list[Pool] = []

    def make(**options: Any) -> Pool:
        pool = Pool(reactor, **{"size": 2, "preload": (), "pictures": (), **options})
        pools.append(pool)
        pool.start()
        return pool

    yield make
    for pool in pools:
        drive(pool.stop())
        assert pool.pids == []


async def failed(awaited: Awaitable[Any], kind: type[Exception]) -> Any:
    with pytest.raises(kind) as caught:
        await awaited
    return caught.value


@contextmanager
def logged() -> Iterator[list[str]]:
    lines: list[str] = []

    @implementer(ILogObserver)
    def observe(event: Any) -> None:
        lines.append(repr(event))

    globalLogPublisher.addObserver(observe)
    yield lines
    globalLogPublisher.removeObserver(observe)


async def test_values_come_back_in_any_number(start: Start) -> None:
    pool = start()
    waiting = [pool.run("builtins:sum", [number, 1]) for number in range(500)]
    results = await DeferredList(waiting)
    assert [value for _, value in results] == [number + 1 for number in range(500)]


async def test_what_waits_behind_slow_jobs_goes_to_the_other_worker(start: Start, reactor: Any) -> None:
    pool = start()
    await until(lambda: pool.ready == 2, reactor)
    assert len({await one for one in [pool.run(BAD + "spin", 0.5) for _ in range(4)]}) == 2


@pytest.mark.parametrize("crew", ["pictures", "papers", "reading"])
async def test_long_jobs_are_begun_once_each_though_all_workers_are_slow(
    start: Start, crew: str, tmp_path: Path
) -> None:
    pool, file = start(), tmp_path / "begun"
    done = [pool.run(BAD + "note", str(file), number, 0.4, crew=crew) for number in range(8)]
    assert [await one for one in done] == list(range(8))
    assert sorted(map(int, file.read_text().split())) == list(range(8))


async def test_a_large_body_goes_both_ways(start: Start) -> None:
    body = bytes(20 << 20)
    assert await start().run("builtins:bytes", body) == body


@pytest.mark.parametrize(("kind", "cls"), [("unavailable", Unavailable), ("refused", Refused), ("doubt", InDoubt)])
async def test_a_failure_keeps_class_code_and_reason(start: Start, kind: str, cls: type[Failure]) -> None:
    error = await failed(start().run(BAD + "fail", kind), cls)
    assert (error.code, error.reason) == ("WB-2999", "because")


async def test_a_bug_tells_its_place_and_no_value(start: Start) -> None:
    pool = start()
    error = await failed(pool.run(BAD + "bug"), JobBug)
    assert "KeyError at misbehaving.py" in str(error)
    assert "示例" not in str(error)
    assert await pool.run("builtins:abs", -1) == 1


async def test_a_job_over_its_deadline_is_killed_and_the_others_succeed(start: Start, reactor: Any) -> None:
    pool = start(deadline=3.0)
    await until(lambda: pool.ready == 2, reactor)
    began = time.monotonic()
    runaway = pool.run(BAD + "spin", 60.0)
    others = [pool.run("builtins:abs", -number) for number in range(300)]
    assert [await other for other in others] == list(range(300))
    assert time.monotonic() - began < 3.0, "the others wait for the runaway"
    assert (await failed(runaway, Refused)).code == "WB-2004"
    assert await pool.run("builtins:abs", -7) == 7


async def test_with_one_worker_what_waits_behind_a_runaway_is_done_after_it(start: Start) -> None:
    pool = start(size=1)
    runaway = pool.run(BAD + "spin", 60.0, deadline=0.4)
    others = [pool.run("builtins:abs", -number) for number in range(20)]
    assert (await failed(runaway, Refused)).code == "WB-2004"
    assert [await other for other in others] == list(range(20))


async def test_the_deadline_counts_from_the_begin_of_the_job(start: Start) -> None:
    pool = start(size=1, deadline=0.5)
    jobs = [pool.run(BAD + "spin", 0.2) for _ in range(5)]
    assert len({await job for job in jobs}) == 1


@pytest.mark.parametrize("job", [("crash",), ("leave", 0), ("leave", 7)])
async def test_a_job_that_kills_its_worker_is_refused_alone(start: Start, job: tuple[Any, ...]) -> None:
    pool = start(size=1)
    waiting = [pool.run("builtins:abs", -number) for number in range(10)]
    poison = pool.run(BAD + job[0], *job[1:])
    waiting += [pool.run("builtins:abs", -number) for number in range(10, 20)]
    assert (await failed(poison, Refused)).code == "WB-2005"
    assert [await one for one in waiting] == list(range(20))


async def test_a_memory_hog_is_refused_and_its_worker_replaced(start: Start) -> None:
    pool = start(size=1, memory=512 << 20)
    hog, other = pool.run(BAD + "hog", 1 << 30), pool.run("builtins:abs", -1)
    assert (await failed(hog, Refused)).code == "WB-2005"
    assert await other == 1


async def test_a_recursion_that_is_too_deep_is_refused(start: Start) -> None:
    assert (await failed(start().run(BAD + "deep", 100_000), Refused)).code == "WB-2003"


async def test_more_than_may_wait_is_unavailable_at_once(start: Start) -> None:
    pool = start(waiting=10)
    results = await DeferredList([pool.run("builtins:abs", -1) for _ in range(30)], consumeErrors=True)
    refused = [value for good, value in results if not good]
    assert 0 < len(refused) < 30
    assert all(isinstance(failure.value, Unavailable) and failure.value.code == "WB-1012" for failure in refused)


async def test_a_cancelled_request_harms_nobody(start: Start) -> None:
    pool = start(size=1)
    running, queued, last = (pool.run(BAD + "spin", 0.2), pool.run(BAD + "pid"), pool.run("builtins:abs", -3))
    for deferred in (running, queued):
        _ = deferred.addErrback(lambda _: None)
        deferred.cancel()
    assert await last == 3


async def test_heavy_jobs_have_workers_of_their_own_that_end_when_idle(start: Start, reactor: Any) -> None:
    pool = start(size=1, idle=0.2)
    light = await pool.run(BAD + "pid")
    heavy = await pool.run(BAD + "pid", heavy=True)
    assert heavy != light
    await until(lambda: pool.pids == [light], reactor)
    assert await pool.run(BAD + "pid", heavy=True) not in (heavy, light)


async def test_those_of_scanned_pages_stay_while_the_next_stack_is_made_ready(start: Start, reactor: Any) -> None:
    pool = start(size=1, idle=0.2)
    light, pictures = await pool.run(BAD + "pid"), await pool.run(BAD + "pid", crew="pictures")
    await pool.run(BAD + "pid", crew="papers")
    await until(lambda: set(pool.pids) == {light, pictures}, reactor)
    assert await pool.run(BAD + "pid", crew="pictures") == pictures
    soon = start(size=1, picture_idle=0.2)
    light = await soon.run(BAD + "pid")
    await soon.run(BAD + "pid", crew="pictures")
    await until(lambda: soon.pids == [light], reactor)


async def test_those_of_scanned_pages_are_ready_for_the_first_page(start: Start) -> None:
    pool = start(size=1, pictures=PICTURES)
    known = "all(name in __import__('sys').modules for name in {names})"
    assert await pool.run("builtins:eval", known.format(names=PICTURES), crew="pictures")
    assert not await pool.run("builtins:eval", known.format(names=PICTURES), crew="reading")


async def test_an_export_holds_up_no_scanned_page(start: Start) -> None:
    pool = start(size=1)
    long = pool.run(BAD + "spin", 60.0, crew="papers")
    assert await pool.run("builtins:abs", -1, crew="pictures") == 1
    assert not long.called


async def test_a_stopping_pool_is_unavailable_and_leaves_no_process(reactor: Any) -> None:
    pool = Pool(reactor, size=2, preload=())
    pool.start()
    await pool.run("builtins:abs", -1)
    pids = pool.pids
    waiting = [pool.run(BAD + "spin", 30.0) for _ in range(4)]
    stopped = Deferred.fromCoroutine(pool.stop())
    waiting.append(pool.run("builtins:abs", -1))
    for one in waiting:
        assert (await failed(one, Unavailable)).code == "WB-1012"
    await stopped
    assert len(pids) == 2
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]


async def test_workers_that_do_not_start_are_told_and_not_tried_in_a_tight_loop(start: Start) -> None:
    pool = start(size=1, preload=("no_such_module",))
    error = await failed(pool.run("builtins:abs", -1), Unavailable)
    assert error.reason == "worker processes do not start"


async def test_a_worker_has_no_secret_in_its_environment(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYBILL_SECRET_CA", "planted")
    assert not [name for name in await start().run(BAD + "environment") if name.startswith("WAYBILL")]


async def test_what_a_dying_worker_says_is_not_logged(start: Start) -> None:
    with logged() as lines:
        await failed(start().run(BAD + "shout"), Refused)
    assert any("ValueError" in line for line in lines)
    assert not any("示例" in line or "patient is" in line for line in lines)


async def until(condition: Callable[[], bool], reactor: Any) -> None:
    while not condition():
        tick: Deferred[None] = Deferred()
        reactor.callLater(0.02, tick.callback, None)
        await tick
