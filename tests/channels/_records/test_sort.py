"""Sorting: drafts whose pages are read are asked about once, in one job, and the screens are told."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select
from twisted.internet.defer import Deferred, fail, succeed

from channels._records.sort import Sorting
from engine.message import Refused, Unavailable
from engine.store.schema import metadata
from engine.store.schema_records import doc_kind, draft, model
from records import suggest
from tests.contracts.fakes import make_world
from tests.records import seed
from tests.records.test_suggest import group, read


class Workers:
    """Says that all are consent forms."""

    def __init__(self) -> None:
        self.jobs: list[tuple[Any, ...]] = []

    def run(self, job: str, *args: Any, crew: str = "", **_: Any) -> Deferred[Any]:
        assert (job, crew) == (suggest.JOB, "papers")
        self.jobs.append(args)
        kinds = [{"code": "consent", "probability": 0.9}]
        return succeed({key: {"kinds": kinds, "abstained": False, "values": []} for key, _, _ in args[1]})


async def test_asked_once_and_told(tmp_path: Path, reactor: Any) -> None:
    told: list[set[str]] = []
    world = make_world(reactor, tmp_path, extra={"notify": told.append})
    metadata.create_all(world.store.engine)
    do, workers = world.store.run_now, Workers()
    object.__setattr__(world.services, "workers", workers)
    do(lambda conn: conn.execute(insert(model).values(state="active", blob="a" * 64, report={}, at=1)))
    key, pages = do(group)
    for page in pages:
        do(partial(read, key=page, text="text"))
    room = Sorting(world.services)
    await room.round()
    [(path, drafts, rules, thresholds, departments)] = workers.jobs
    assert path.endswith("a" * 64)
    assert [(one, kind, len(pages)) for one, kind, pages in drafts] == [(key, "", 2)]
    assert (set(rules) >= {"consent"}, thresholds) == (True, {})
    assert departments["medicine"]
    kept = do(lambda conn: conn.execute(select(draft.c.suggested)).scalar_one())
    assert (kept["kinds"][0]["code"], kept["model"]) == ("consent", 1)
    assert next(iter(told[0])).startswith("batch:B")
    await room.round()
    assert len(workers.jobs) == 1, "once"
    assert do(lambda conn: len(conn.execute(select(doc_kind)).all())) >= 12, "a new store has its lists"


async def test_without_a_model_values_are_looked_for(tmp_path: Path, reactor: Any) -> None:
    world = make_world(reactor, tmp_path)
    metadata.create_all(world.store.engine)
    workers = Workers()
    object.__setattr__(world.services, "workers", workers)
    world.store.run_now(group)
    await Sorting(world.services).round()
    assert workers.jobs[0][0] == ""
    assert seed.NOW > 0


class Dying(Workers):
    """Die of one draft."""

    def __init__(self, of: int, error: Exception) -> None:
        super().__init__()
        self.of, self.error = of, error

    def run(self, job: str, *args: Any, crew: str = "", **_: Any) -> Deferred[Any]:
        done = super().run(job, *args, crew=crew)
        return fail(self.error) if self.of in [key for key, _, _ in args[1]] else done


@pytest.mark.parametrize("error", [Refused("WB-2004", "out of time"), ValueError("示例甲")])
async def test_one_that_a_worker_dies_of_does_not_hold_up_the_others(
    tmp_path: Path, reactor: Any, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    world = make_world(reactor, tmp_path)
    metadata.create_all(world.store.engine)
    do = world.store.run_now
    good, bad = do(group)[0], do(group)[0]
    workers = Dying(bad, error)
    object.__setattr__(world.services, "workers", workers)
    room = Sorting(world.services)
    await room.round()
    said = dict(do(lambda conn: [tuple(row) for row in conn.execute(select(draft.c.id, draft.c.suggested))]))
    assert said[good]["kinds"][0]["code"] == "consent"
    assert (said[bad]["kinds"], said[bad]["abstained"]) == ([], True)
    assert (len(workers.jobs), "示例甲" in caplog.text) == (3, False)
    await room.round()
    assert len(workers.jobs) == 3, "not again before the pages or the model are others"


async def test_an_engine_that_ends_is_no_fault_of_a_draft(tmp_path: Path, reactor: Any) -> None:
    world = make_world(reactor, tmp_path)
    metadata.create_all(world.store.engine)
    key = world.store.run_now(group)[0]
    object.__setattr__(world.services, "workers", Dying(key, Unavailable("WB-2006", "ending")))
    with pytest.raises(Unavailable):
        await Sorting(world.services).round()
    assert world.store.run_now(lambda conn: conn.execute(select(draft.c.suggested)).scalar_one()) == {}
