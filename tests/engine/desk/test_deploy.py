"""The hand-over of a changed connection: calls under way end, and those that come wait for the new channel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred

from engine.message import Request, Response, Unavailable
from tests.engine.runtime.house import engine, one_route, order
from tests.engine.world import World, write_site

OUT = "      - {id: out, call: {to: sink, operation: send}}\n"


class Slow:
    """A call of the channel that ends when it is told to."""

    def __init__(self, world: World) -> None:
        self.begun: list[Deferred[Response]] = []
        world.channel("sink").call = self

    async def __call__(self, request: Request) -> Response:
        answer: Deferred[Response] = Deferred()
        self.begun.append(answer)
        return await answer


async def test_calls_end_at_the_old_channel_and_wait_for_the_new_one(tmp_path: Path) -> None:
    async with engine(tmp_path, one_route(OUT, "same")) as world:
        slow, old = Slow(world), world.channel("sink")
        await world.put(order(1), "order")
        await world.until(lambda: len(slow.begun) == 1)
        write_site(tmp_path, one_route(OUT, "ask"))
        done: list[Any] = []
        reloading: Deferred[Any] = Deferred.fromCoroutine(world.daemon.desk.reload("op"))
        _ = reloading.addBoth(done.append)
        gate = world.daemon.runtime.gate("sink")
        await world.until(lambda: gate._held)
        await world.put(order(2), "order")
        await world.until(lambda: gate.queued == 1)
        assert (done, world.channel("sink")) == ([], old)
        slow.begun[0].callback(Response())
        await world.ended(2)
        await world.until(lambda: bool(done))
        assert done[0].applied
        assert len(world.channel("sink").requests) == 1
        assert len(slow.begun) == 1


async def test_a_store_that_does_not_take_it_leaves_the_old_one(tmp_path: Path) -> None:
    async with engine(tmp_path, one_route(OUT, "same")) as world:
        write_site(tmp_path, one_route(OUT.replace("send", "new"), "ask", extra="  more: {type: memory_out}\n"))
        desk: Any = world.daemon.desk._reloading

        async def full(_operation: object) -> None:
            raise Unavailable("WB-1012", "the disk is full")

        desk._write = full
        plan = await world.daemon.desk.reload("op")
        assert [problem.text for problem in plan.problems] == ["WB-1012 the disk is full"]
        assert "more" not in world.daemon.channels
        await world.put(order(1), "order")
        await world.ended()
        assert [request.operation for request in world.channel("sink").requests] == ["send"]
