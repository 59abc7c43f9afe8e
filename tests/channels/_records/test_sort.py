"""Sorting: drafts whose pages are read are asked about once, in one job, and the screens are told."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select
from twisted.internet.defer import Deferred, succeed

from channels._records.sort import Sorting
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
        assert (job, crew) == (suggest.JOB, "pictures")
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
