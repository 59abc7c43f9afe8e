"""A run that ends with its first call goes without a journey; whatever is not plain comes to the journey after all."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.message import INLINE_LIMIT, Request
from tests.engine.runtime.house import attention, engine, events, rows
from tests.engine.runtime.test_ahead import AFTER, TABLE, put, site
from tests.engine.world import World

LAST = "body: $(changed)}}"


def plans(world: World) -> list[bool]:
    """Whether each route's runs end with the call that is intended ahead."""
    runtime = world.daemon.runtime
    found = [runtime.forerunner._plan(route) for route in runtime.site.routes.values()]
    return [plan is not None and plan.last for plan in found]


@pytest.mark.parametrize(
    ("old", "new", "straight"),
    [
        ("", "", True),
        (LAST, LAST + "\n" + AFTER.rstrip(), False),
        (LAST, "body: $(changed), expect: {path: $(body), is: '1'}}}", False),
        ("identity: [MSH-10]}", "identity: [MSH-10], reply: {when: done}}", False),
    ],
)
async def test_which_routes_go_straight(tmp_path: Path, old: str, new: str, straight: bool) -> None:
    async with engine(tmp_path, site(old, new), t__yaml=TABLE) as world:
        world.channel("sink").answer = lambda _: "1"
        assert plans(world) == [straight]
        assert (await put(world)).ok
        await world.ended()
        assert len(world.channel("sink").requests) == 1


async def test_two_operations_of_the_store_are_all(tmp_path: Path) -> None:
    async with engine(tmp_path, site(), t__yaml=TABLE) as world:
        world.channel("sink").answer = lambda _: "taken"
        before = world.daemon.store.written()[1]
        await put(world)
        await world.ended()
        assert world.daemon.store.written()[1] == before + 2
        assert rows(world, "SELECT name, kind, data FROM value ORDER BY name")[1] == ("out", "text", b"taken")
        assert events(world) == ["created", "done", "done", "ended"]


async def test_a_large_answer_is_kept_as_a_blob(tmp_path: Path) -> None:
    async with engine(tmp_path, site(), t__yaml=TABLE) as world:
        world.channel("sink").answer = lambda _: "x" * (INLINE_LIMIT + 1)
        await put(world)
        await world.ended()
        assert rows(world, "SELECT data, blob IS NOT NULL FROM value WHERE name = 'out'") == [(None, 1)]
        assert rows(world, "SELECT state, attempts FROM effect") == [("done", 1)]
        assert len(world.channel("sink").requests) == 1, "the journey does not call again"


async def test_a_defect_of_the_channel_holds_the_run(tmp_path: Path) -> None:
    def defect(_: Request) -> None:
        raise ZeroDivisionError

    async with engine(tmp_path, site(), t__yaml=TABLE) as world:
        world.channel("sink").answer = defect
        await put(world)
        (run,) = await world.ended(state="held")
        assert (run["code"], run["step"]) == ("WB-2999", "out")
        assert attention(world) == ["bug"]
        assert len(world.channel("sink").requests) == 1
