"""Where the two colours meet."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail, succeed

from engine.message import Refused
from engine.ops.read_values import Content
from tests.web.api.world import PNG, World
from web.api.auth import Person
from web.api.bridge import Bridge, deferred, future

PERSON = Person(1, "demo", "Demo", ("OP",), "en", "", "", "127.0.0.1")


async def test_a_deferred_is_awaited_from_asyncio_and_the_other_way() -> None:
    async def inner(engine: Deferred[int]) -> int:
        await asyncio.sleep(0)
        return await future(engine)

    assert await deferred(inner(succeed(7))) == 7
    with pytest.raises(Refused):
        await deferred(inner(fail(Refused("WB-2003", "no"))))


async def test_a_page_is_drawn_by_a_heavy_worker(world: World) -> None:
    assert await deferred(world.bridge.draw(world.folder / "a.pdf", 1, 100)) == PNG
    job, arguments = world.workers.jobs[0]
    assert job == "engine.transform.pdf:render_png"
    assert arguments == (str(world.folder / "a.pdf"), 1, 100)


def test_an_act_wakes_the_engine_only_when_it_was_done(world: World) -> None:
    assert world.bridge.act(lambda conn: 5) == 5

    def refused(_conn: Any) -> None:
        raise Refused("WB-1", "no")

    with pytest.raises(Refused):
        world.bridge.act(refused)
    assert world.runtime.poked == 1


def test_audit_rows(world: World) -> None:
    world.bridge.audit(PERSON, "run.read", patient=3, run=4, subject="x" * 300)
    world.bridge.audit_each(PERSON, "patient.list", [1, 2])
    rows = world.audit()
    assert [(row["act"], row["patient"], row["run"]) for row in rows] == [
        ("run.read", 3, 4),
        ("patient.list", 1, None),
        ("patient.list", 2, None),
    ]
    assert len(rows[0]["subject"]) == 200


def test_routes_and_steps_for_their_help(world: World) -> None:
    step = world.bridge.step("exam_report", "send_back")
    assert step is not None
    assert step.contact == "ext. 7"
    assert world.bridge.step("exam_report", "none") is None
    assert world.bridge.step("none", "none") is None
    assert world.bridge.route("none") is None


def test_where_the_bytes_of_a_content_are(world: World) -> None:
    kept = world.blobs.put(b"x")
    assert world.bridge.content_path(Content("blob", "", None, kept, 1)) == world.blobs.path(kept)
    assert world.bridge.content_path(Content("text", "", b"x", None, 1)) is None


def test_an_unexpected_end_of_the_web_server_ends_the_engine(world: World) -> None:
    world.bridge.fatal("it returned")
    assert world.fatal == ["it returned"]

    class Reactor:
        stopped = False

        def stop(self) -> None:
            self.stopped = True

    reactor = Reactor()
    bridge = Bridge(
        reactor=reactor,
        store=world.store,
        blobs=world.blobs,
        site=None,
        runtime=world.runtime,
        state=world.folder,
    )
    bridge.fatal("it returned")
    assert reactor.stopped
    assert (bridge.name, bridge.secure) == ("Waybill", False)
