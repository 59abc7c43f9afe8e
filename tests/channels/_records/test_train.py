"""Training by night: what is learnt is kept as a model, its examples are removed, too little is no failure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail, succeed

from channels._records.train import Training
from engine.message import Refused
from engine.ops import models
from engine.store.schema import metadata
from records import lists, training
from tests.contracts.fakes import World, make_world
from tests.records import seed
from tests.records.test_examples import filed


class Workers:
    def __init__(self) -> None:
        self.seen: list[str] = []
        self.fails: Exception | None = None

    def run(self, job: str, *args: Any, crew: str = "", **_: Any) -> Deferred[Any]:
        assert (job, crew) == (training.JOB, "reading")
        source, target = map(Path, args)
        self.seen.append(source.read_text("utf-8"))
        if self.fails is not None:
            return fail(self.fails)
        target.write_bytes(b"a model")
        return succeed({"accuracy": 0.9})


@pytest.fixture(name="world")
def fixture_world(tmp_path: Path, reactor: Any) -> World:
    world = make_world(reactor, tmp_path)
    metadata.create_all(world.store.engine)
    world.store.run_now(lists.begin)
    object.__setattr__(world.services, "workers", Workers())
    return world


def documents(world: World, count: int) -> None:
    def rows(conn: Any) -> None:
        who = seed.patient(conn)
        for number in range(count):
            filed(conn, who, [f"示例 {number}"])

    world.store.run_now(rows)


async def test_a_model_is_kept_and_no_example(world: World) -> None:
    documents(world, 2)
    workers: Any = world.services.workers
    made = await Training(world.services).train()
    assert made["state"] == "active"
    assert "示例 1" in workers.seen[0]
    active = world.store.run_now(models.active)
    assert active is not None
    assert (world.services.state / "blobs").is_dir()
    assert list((world.services.state / "tmp" / "training").iterdir()) == []


async def test_too_little_to_learn_from(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    documents(world, training.NEW)
    workers: Any = world.services.workers
    workers.fails = Refused("WB-8502", "too few")
    monkeypatch.setattr(training, "NIGHT", range(24))
    await Training(world.services).round()
    assert len(workers.seen) == 1
    assert world.store.run_now(models.newest) == []


async def test_by_day_nothing_is_learnt(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    documents(world, training.NEW)
    monkeypatch.setattr(training, "NIGHT", ())
    left = world.services.state / "tmp" / "training" / "examples.jsonl"
    left.parent.mkdir(parents=True)
    left.write_text("left by a crash")
    await Training(world.services).round()
    workers: Any = world.services.workers
    assert workers.seen == []
    assert not left.exists()
