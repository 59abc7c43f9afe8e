"""Acts over many runs through the API."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Connection

from engine.message import Refused
from tests.engine.ops import seed
from tests.web.api.world import World
from web.api import bulk
from web.api.auth import Person
from web.api.models_messages import BulkAsked, BulkStart

PERSON = Person(1, "op", "Op", ("OP",), "en", "", "", "127.0.0.1")


@pytest.fixture(name="runs")
def fixture_runs(world: World) -> list[str]:
    def rows(conn: Connection) -> list[str]:
        made = [seed.run(conn, seed.labels(f"175||{n}"), state="dead", step="send_back") for n in range(130)]
        made += [seed.run(conn, state="done", step=None, ended_at=seed.NOW) for _ in range(3)]
        return [run_id for _, run_id in made]

    found: list[str] = world.write(rows)
    return found


def test_a_preview_counts_and_shows_and_does_nothing(world: World, runs: list[str]) -> None:
    answer = world.sign_in("OP").post("/api/v1/bulk/preview", {"act": "retry", "filter": {"route": ["exam_report"]}})
    shown = answer.json()
    assert (shown["runs"], shown["count"], shown["complete"]) == (133, 130, True)
    assert {"route": "exam_report", "state": "done", "able": False, "count": 3} in shown["groups"]
    assert shown["examples"][0]["order_id"] == "175||129"
    assert seed.NAME not in answer.body.decode()
    assert world.rows("SELECT count(*) AS n FROM run WHERE state = 'dead'") == [{"n": 130}]


def test_ticked_runs_alone(world: World, runs: list[str]) -> None:
    asked = {"act": "cancel", "ids": runs[:2]}
    assert world.sign_in("OP").post("/api/v1/bulk/preview", asked).json()["count"] == 2


def test_nothing_is_done_to_all_of_them(world: World, runs: list[str]) -> None:
    browser = world.sign_in("OP")
    for asked in ({"act": "cancel"}, {"act": "cancel", "filter": {}}):
        answer = browser.post("/api/v1/bulk/preview", asked)
        assert (answer.status, answer.code) == (409, "WB-7501")


def started(world: World, asked: dict[str, Any], stop_after: int | None = None) -> bulk.Job:
    """The job when it has ended; its topics were told."""

    async def run() -> bulk.Job:
        job_told = await bulk.start_bulk(BulkStart.model_validate(asked), PERSON, world.bridge)
        job = bulk.jobs_of(world.bridge)[job_told.id]
        if stop_after is not None:
            await bulk.stop_bulk(job.id, PERSON, world.bridge)
        assert job.task is not None
        await job.task
        return job

    return asyncio.run(run())


def test_a_job_goes_through_all_in_pieces(world: World, runs: list[str]) -> None:
    told: list[set[str]] = []
    world.bridge.hub = SimpleNamespace(changed=told.append)
    job = started(world, {"act": "cancel", "filter": {"state": ["dead"]}, "note": "old"})
    assert (job.state, job.done, job.all) == ("done", 130, 130)
    assert told.count({f"bulk:{job.id}"}) >= 3
    assert world.rows("SELECT count(*) AS n FROM run WHERE state = 'dead'") == [{"n": 0}]
    assert world.rows("SELECT text, user FROM event WHERE kind = 'cancelled' LIMIT 1") == [
        {"text": "old", "user": "op"}
    ]
    assert "runs.cancel" in world.acts_audited()
    shown = world.sign_in("OP").get(f"/api/v1/bulk/{job.id}").json()
    assert (shown["state"], shown["done"], shown["failed"]) == ("done", 130, [])


def test_a_job_that_is_stopped_leaves_the_rest(world: World, runs: list[str]) -> None:
    job = started(world, {"act": "cancel", "filter": {"state": ["dead"]}}, stop_after=0)
    assert job.state == "stopped"
    assert job.done < 130
    left = world.rows("SELECT count(*) AS n FROM run WHERE state = 'dead'")[0]["n"]
    assert left == 130 - job.done


def test_what_is_refused_is_counted_by_reason(world: World, runs: list[str]) -> None:
    job = started(world, {"act": "retry", "filter": {"route": ["exam_report"]}})
    assert (job.done, sum(job.reasons.values())) == (130, 3)


def test_a_store_that_fails_ends_the_job_with_its_reason(
    world: World, runs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise Refused("WB-1012", "the disk is full")

    monkeypatch.setattr(world.bridge, "act", full)
    job = started(world, {"act": "cancel", "filter": {"state": ["dead"]}})
    assert (job.state, job.reasons) == ("failed", {"WB-1012 the disk is full": 1})


def test_not_too_many_at_once_and_not_for_ever(world: World) -> None:
    jobs = bulk.jobs_of(world.bridge)
    for number in range(bulk.RUNNING):
        jobs[str(number)] = SimpleNamespace(state="running")  # type: ignore[assignment]
    with pytest.raises(Refused):
        started(world, {"act": "cancel", "filter": {"state": ["dead"]}})
    assert world.sign_in("OP").get("/api/v1/bulk/00000000-0000-0000-0000-000000000000").status == 404


def test_the_filter_goes_to_the_acts_as_it_was_searched() -> None:
    asked = BulkAsked.model_validate({"act": "retry", "filter": {"labels": {"order_id": "175*"}, "text": "no"}})
    assert bulk.where_of(asked) == {"labels": {"order_id": "175*"}, "text": "no"}
