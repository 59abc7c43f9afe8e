"""Reading with workers of our own making: order, two at a time, failures, recipes that change, and the end."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from twisted.internet.defer import CancelledError, Deferred

from channels._records import read as module
from channels._records.read import Reading, Rebuilding
from engine.message import Blob, Refused, Unavailable
from engine.store.schema import metadata
from engine.store.schema_records import batch, page, page_text, reading
from records import texts, waiting
from tests.contracts.base import until
from tests.contracts.fakes import make_world
from tests.records import seed
from tests.records.reads import answer
from tests.records.test_texts import found


class Readers:
    """Workers that answer when they are told to; `asked` in their order."""

    def __init__(self, by_master: dict[str, int]) -> None:
        self.by_master = by_master
        self.asked: list[int] = []
        self.jobs: dict[int, Deferred[Any]] = {}
        self.arguments: list[tuple[Any, ...]] = []
        self.most = 0

    def run(self, job: str, *args: Any, crew: str = "", **_: Any) -> Deferred[Any]:
        assert (job, crew) == (module.JOB, "reading")
        key = self.by_master[Path(args[0]).name]
        self.asked.append(key)
        self.arguments.append(args)
        self.jobs[key] = Deferred()
        self.most = max(self.most, len(self.jobs))
        return self.jobs[key]

    def done(self, key: int, text: str = "") -> None:
        self.jobs.pop(key).callback(answer(text or f"page word{key}"))

    def fail(self, key: int, error: Exception) -> None:
        self.jobs.pop(key).errback(error)


class Case:
    """Three pages of an open batch and two of one that is filed, all queued."""

    def __init__(self, reactor: Any, folder: Path) -> None:
        self.told: list[set[str]] = []
        self.world = make_world(reactor, folder, extra={"notify": self.told.append})
        metadata.create_all(self.world.store.engine)
        self.world.store.run_now(self.seed)
        path = self.world.services.blobs.path
        self.readers = Readers({path(Blob(sha, 0)).name: key for key, sha in self.masters.items()})
        object.__setattr__(self.world.services, "workers", self.readers)
        self.room = Reading(self.world.services)

    def seed(self, conn: Any) -> None:
        seed.desk(conn, languages="spa")
        self.open = seed.pages(conn, seed.batch(conn), 3, skew=1.0)
        self.filed = seed.pages(conn, seed.batch(conn, state="filed"), 2)
        self.masters = {row.id: row.master for row in conn.execute(select(page.c.id, page.c.master))}
        self.batches = list(conn.execute(select(batch.c.public_id).order_by(batch.c.id)).scalars())
        waiting.enter(conn, [*self.open, *self.filed], 0)

    def do(self, operation: Any) -> Any:
        return self.world.store.run_now(operation)

    def waiting(self) -> Any:
        return self.do(lambda conn: list(conn.execute(select(reading.c.page).order_by(reading.c.page)).scalars()))

    def read(self) -> Any:
        return self.do(lambda conn: list(conn.execute(select(page_text.c.page).order_by(page_text.c.page)).scalars()))


@pytest.fixture(name="case")
def fixture_case(reactor: Any, tmp_path: Path) -> Any:
    case = Case(reactor, tmp_path)
    yield case
    case.world.store.engine.dispose()


class Round:
    """A round that is under way."""

    def __init__(self, reactor: Any, case: Case) -> None:
        self.reactor = reactor
        self.case = case
        self.end: Deferred[None] = Deferred.fromCoroutine(case.room.round())

    def cancel(self) -> None:
        """As at the end of the engine."""
        _ = self.end.addErrback(lambda _: None)
        self.end.cancel()

    async def with_workers(self, *keys: int) -> None:
        """Exactly these pages are being read."""
        await until(self.reactor, lambda: set(self.case.readers.jobs) == set(keys))


async def test_two_at_a_time_the_newest_of_open_batches_first(reactor: Any, case: Case) -> None:
    one, two, three = case.open
    round_ = Round(reactor, case)
    await round_.with_workers(three, two)
    case.readers.done(two, "second page")
    await round_.with_workers(three, one)
    case.readers.done(one)
    await round_.with_workers(three, case.filed[1])
    case.readers.done(three)
    case.readers.done(case.filed[1])
    await round_.with_workers(case.filed[0])
    case.readers.done(case.filed[0])
    await round_.end
    assert case.readers.most == 2
    assert set(case.readers.asked[:2]) == {three, two}
    assert case.waiting() == []
    assert case.read() == sorted([*case.open, *case.filed])
    assert case.do(lambda conn: found(conn, "second")) == [two]
    assert {"work:make", f"batch:{case.batches[0]}"} in case.told
    _, recipe, languages, options, folder = case.readers.arguments[0]
    assert (recipe, languages, options) == ({}, "spa", {"skew": 1.0})
    assert stat.S_IMODE(Path(folder).stat().st_mode) == 0o700


async def test_a_page_that_came_meanwhile_is_next(reactor: Any, case: Case) -> None:
    _one, two, three = case.open
    round_ = Round(reactor, case)
    await round_.with_workers(three, two)

    def more(conn: Any) -> list[int]:
        new = seed.pages(conn, 1, 1)
        case.readers.by_master.update({row.master: row.id for row in conn.execute(select(page.c.id, page.c.master))})
        waiting.enter(conn, new, 0)
        return new

    (new,) = case.do(more)
    case.readers.done(three)
    await round_.with_workers(two, new)
    round_.cancel()


async def test_a_failed_page_is_listed_in_the_end_and_stops_no_other(reactor: Any, case: Case) -> None:
    one, two, three = case.open
    case.do(lambda conn: conn.execute(update(reading).where(reading.c.page == three).values(attempts=2)))
    round_ = Round(reactor, case)
    await round_.with_workers(three, two)
    case.readers.fail(three, Refused("WB-8401", "why"))
    case.readers.fail(two, ValueError("a bug, and somebody's name"))
    await round_.with_workers(one, case.filed[1])
    rows = {row.page: row for row in case.do(lambda conn: conn.execute(select(reading)).all())}
    assert (rows[three].state, rows[three].code, rows[three].reason) == ("failed", "WB-8401", "why")
    assert (rows[two].state, rows[two].attempts) == ("queued", 1)
    assert "name" not in rows[two].reason
    assert case.told == [{"problems", f"batch:{case.batches[0]}"}]
    for key in (one, case.filed[1]):
        case.readers.done(key)
    await round_.with_workers(case.filed[0])
    case.readers.done(case.filed[0])
    await round_.end


async def test_a_full_or_ending_engine_is_no_failure_of_the_page(reactor: Any, case: Case) -> None:
    round_ = Round(reactor, case)
    await round_.with_workers(case.open[2], case.open[1])
    for key in list(case.readers.jobs):
        case.readers.fail(key, Unavailable("WB-1012", "the engine is stopping"))
    await round_.end
    rows = case.do(lambda conn: conn.execute(select(reading)).all())
    assert {(row.state, row.attempts) for row in rows} == {("queued", 0)}
    assert len(rows) == 5


async def test_a_page_that_was_turned_while_it_was_read_is_read_again(reactor: Any, case: Case) -> None:
    _one, two, three = case.open
    round_ = Round(reactor, case)
    await round_.with_workers(three, two)
    case.do(lambda conn: conn.execute(update(page).where(page.c.id == three).values(recipe={"rotate": 90})))
    case.readers.done(three)
    await until(reactor, lambda: case.readers.asked.count(three) == 2)
    assert case.readers.arguments[-1][1] == {"rotate": 90}
    assert case.read() == []
    round_.cancel()


async def test_stopped_it_takes_no_further_page_and_leaves_the_rest_queued(reactor: Any, case: Case) -> None:
    round_ = Round(reactor, case)
    await round_.with_workers(case.open[2], case.open[1])
    await case.room.stop()
    case.readers.done(case.open[2])
    case.readers.done(case.open[1])
    await round_.end
    assert case.waiting() == sorted([case.open[0], *case.filed])


async def test_what_a_crash_left_is_removed(reactor: Any, case: Case) -> None:
    left = case.world.services.state / "tmp" / "reading" / "old"
    left.mkdir(parents=True)
    case.do(lambda conn: conn.execute(reading.delete()))
    await case.room.round()
    assert not left.exists()


async def test_a_new_index_is_built_when_it_was_ordered(case: Case) -> None:
    def some(conn: Any) -> None:
        for key in case.open:
            texts.put(conn, key, {}, answer(f"words {key}"), 1)
        texts.begin(conn)

    room = Rebuilding(case.world.services)
    await room.round()
    case.do(some)
    await room.round()
    assert not case.do(texts.building)
    assert case.do(lambda conn: found(conn, "words")) == case.open
    await room.stop()


async def test_cancelled_at_a_stop_it_says_just_that(reactor: Any, case: Case) -> None:
    round_ = Round(reactor, case)
    await round_.with_workers(*case.open[1:])
    round_.end.cancel()
    with pytest.raises(CancelledError):
        await round_.end
    assert len(case.waiting()) == 5
