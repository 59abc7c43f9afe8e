"""What may be moved where, and what a move leaves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.desk import moving
from engine.message import Refused
from tests.engine.runtime.house import change, engine, one_route, order
from tests.engine.world import World, write_site

STEPS = """      - {id: made, set: {values: {v: '$(body/id)'}}}
      - {id: out, call: {to: sink, operation: send, body: $(v)}}
      - {id: end, call: {to: sink, operation: end, body: $(out)}}
"""


async def dead(world: World) -> dict[str, Any]:
    def refuse(_request: object) -> None:
        raise Refused("WB-3003", "no")

    world.channel("sink").answer = refuse
    await world.put(order(1), "order")
    (row,) = await world.ended(state="dead")
    world.channel("sink").answer = lambda request: "answer"
    return row


async def test_a_value_that_is_not_there(tmp_path: Path) -> None:
    async with engine(tmp_path, one_route(STEPS, "same")) as world:
        row = await dead(world)
        route = world.daemon.site.routes["r"]
        assert moving.needed(route, "out") == {"v"}
        assert moving.needed(route, "end") == {"out"}
        (shown,) = await world.daemon.desk.move("op", runs=[row["id"]], to_step="end")
        assert shown["problem"] == "it lacks the value out, which step end needs"
        (shown,) = await world.daemon.desk.move("op", runs=[row["id"]], to_step="out")
        assert shown["problem"] == "it stands there already"


async def test_back_is_done_again_as_new_effects(tmp_path: Path) -> None:
    async with engine(tmp_path, one_route(STEPS, "same")) as world:
        row = await dead(world)
        (moved,) = await world.daemon.desk.move("op", label="id=1", to_step="made", preview=False)
        assert (moved["again"], moved["problem"]) == (True, "")
        (done,) = await world.ended()
        assert (done["id"], done["generation"]) == (row["id"], 1)
        keys = [request.key for request in world.channel("sink").requests]
        assert len(keys) == len(set(keys)) == 3
        (shown,) = await world.daemon.desk.move("op", runs=[row["id"]], to_step="made")
        assert shown["problem"] == "a run that is done is not moved"


async def test_doubt_and_strangers(tmp_path: Path) -> None:
    async with engine(tmp_path, one_route(STEPS, "same")) as world:
        row = await dead(world)
    change(tmp_path, "UPDATE effect SET state = 'doubt'")
    write_site(tmp_path, one_route(STEPS, "same"))
    async with engine(tmp_path) as world:
        (shown,) = await world.daemon.desk.move("op", runs=[row["id"]], to_step="made")
        assert shown["problem"] == "its effect is in doubt: answer that first"
        with pytest.raises(Refused, match="WB-7302"):
            await world.daemon.desk.move("op", runs=["nobody"])
        with pytest.raises(Refused, match="WB-7208"):
            await world.daemon.desk.move("op", route="r", to_revision="abc")
