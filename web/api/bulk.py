"""Acts over many runs: first what would happen, then piece by piece with progress, while the screen may be left.

A job lives in memory; an engine that stops in between has done some of its pieces, each whole, and their history says
so. Its progress is told as the topic `bulk:ID`.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool

from engine.message import Failure, Refused, new_id
from engine.ops import bulk, read_bulk
from engine.ops.filters import BAD_FILTER, as_json
from web.api import models_base, models_messages
from web.api.auth import Person
from web.api.bridge import Bridge
from web.api.engine_messages import filter_of
from web.api.guard import Engine, RunId, need
from web.api.live import hub_of
from web.api.problems import not_found

router = APIRouter(prefix="/api/v1/bulk", tags=["messages"])
log = logging.getLogger(__name__)

Operator = Annotated[Person, Depends(need("runs"))]

State = Literal["running", "done", "stopped", "failed"]
KEPT = 50
"""Jobs that are remembered."""
RUNNING = 4
"""Jobs at once: more would only stand in each other's way."""


@dataclass
class Job:
    """One act over many runs, while it goes on. where: the filter as JSON."""

    id: str
    act: str
    by: str
    where: Mapping[str, Any] = field(repr=False)
    all: int
    started_at: int
    state: State = "running"
    done: int = 0
    seen: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    ended_at: int | None = None
    cut: bool = False
    task: asyncio.Task[None] | None = field(default=None, repr=False)


@router.post("/preview")
def preview_bulk(asked: models_messages.BulkAsked, person: Operator, bridge: Engine) -> models_messages.Preview:
    """What the act would do; nothing is done."""
    where, names = where_of(asked), "names" in person.rights
    found = bridge.read(lambda conn: bulk.preview(conn, asked.act, where, names=names))
    examples = bridge.read(lambda conn: read_bulk.examples(conn, found["examples"]))
    return models_messages.Preview(
        act=asked.act,
        runs=found["runs"],
        count=found["able"],
        complete=found["all_seen"],
        groups=[models_messages.BulkGroup.model_validate(one) for one in found["groups"]],
        again=[models_messages.BulkAgain.model_validate(one) for one in found["again"]],
        examples=[models_messages.BulkExample.model_validate(one) for one in examples],
    )


@router.post("", status_code=202)
async def start_bulk(asked: models_messages.BulkStart, person: Operator, bridge: Engine) -> models_messages.BulkJob:
    """Begin; the answer is the job, whose progress is asked for or told live."""
    jobs = jobs_of(bridge)
    if sum(job.state == "running" for job in jobs.values()) >= RUNNING:
        raise Refused("WB-7603", "other acts over many runs go on: wait for one of them")
    where, names = where_of(asked), "names" in person.rights

    def begin() -> tuple[dict[str, Any], int]:
        found = bridge.read(lambda conn: bulk.preview(conn, asked.act, where, names=names))
        began = bridge.store.write_now(
            lambda conn: bulk.begun(conn, asked.act, where, person.login, origin=person.origin)
        )
        return found, began

    found, began = await run_in_threadpool(begin)
    job = Job(new_id(), asked.act, person.login, where, found["able"], began)
    jobs[job.id] = job
    while len(jobs) > KEPT:
        jobs.popitem(last=False)
    job.task = asyncio.create_task(_work(bridge, job, person, asked.note, found["top"]), name=f"bulk {job.id}")
    return told(job)


@router.get("/{id}")
async def get_bulk(id: RunId, person: Operator, bridge: Engine) -> models_messages.BulkJob:  # noqa: A002
    """How far it is."""
    del person
    return told(_job(bridge, id))


@router.post("/{id}/stop", status_code=204)
async def stop_bulk(id: RunId, person: Operator, bridge: Engine) -> None:  # noqa: A002
    """No further piece; what is done stays done."""
    del person
    _job(bridge, id).cut = True


def where_of(asked: models_messages.BulkAsked) -> dict[str, Any]:
    """The filter as the engine's acts read it: the ticked runs, or all that fit."""
    if asked.ids:
        return {"ids": list(asked.ids)}
    if asked.filter is None:
        raise Refused(BAD_FILTER, "say which runs: nothing is done to all of them")
    return as_json(filter_of(asked.filter))


def jobs_of(bridge: Bridge) -> OrderedDict[str, Job]:
    """The jobs of this engine, the oldest first."""
    if bridge.bulks is None:
        bridge.bulks = OrderedDict()
    found: OrderedDict[str, Job] = bridge.bulks
    return found


def told(job: Job) -> models_messages.BulkJob:
    """The job as it is shown."""
    return models_messages.BulkJob(
        id=job.id,
        act=job.act,
        by=job.by,
        state=job.state,
        done=job.done,
        seen=job.seen,
        all=job.all,
        failed=[models_messages.BulkReason(reason=reason, count=count) for reason, count in job.reasons.items()],
        started_at=models_base.iso(job.started_at),
        ended_at=models_base.iso(job.ended_at),
    )


async def _work(bridge: Bridge, job: Job, person: Person, note: str, top: int) -> None:
    names = "names" in person.rights
    below: int | None = top
    try:
        while below is not None and not job.cut and not bridge.closing:
            here = below
            answer = await run_in_threadpool(
                bridge.act,
                lambda conn, here=here: bulk.piece(
                    conn, job.act, job.where, here, job.started_at, job.by, note, names=names, origin=person.origin
                ),
            )
            job.done += answer["done"]
            job.seen += answer["seen"]
            for reason, count in answer["reasons"].items():
                job.reasons[reason] = job.reasons.get(reason, 0) + count
            below = answer["next"]
            hub_of(bridge).changed({f"bulk:{job.id}"})
        job.state = "done" if below is None else "stopped"
    except Failure as error:
        job.state = "failed"
        job.reasons[f"{error.code} {error.reason}"] = 1
    except Exception as error:  # noqa: BLE001 - nobody awaits this task: the job itself must say that it ended
        log.error("a bulk act failed: %s", type(error).__name__)
        job.state = "failed"
        job.reasons[type(error).__name__] = 1
    finally:
        job.ended_at = bridge.now()
        hub_of(bridge).changed({f"bulk:{job.id}"})


def _job(bridge: Bridge, number: str) -> Job:
    found = jobs_of(bridge).get(number)
    if found is None:
        raise not_found()
    return found
