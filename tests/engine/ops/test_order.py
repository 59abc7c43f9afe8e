"""A person releases those that wait behind a dead run."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.message import Refused
from engine.ops import order as ops
from engine.runtime.control import find
from tests.engine.runtime.house import engine, events, one_route, order
from tests.engine.world import World

OUT = "      - {id: out, call: {to: sink, operation: send}}\n"
SITE = one_route(OUT, "same").replace("identity: [//id]}", "identity: [//id], order: {key: //key}}")


async def _dead(world: World) -> str:
    def refuse(_request: object) -> None:
        if len(world.channel("sink").requests) == 1:
            raise Refused("WB-3003", "no")

    world.channel("sink").answer = refuse
    for number in (1, 2):
        await world.put(order(number, "<key>k</key>"), "order")
    (row,) = await world.ended(state="dead")
    return str(row["id"])


async def test_the_next_goes_and_the_dead_one_stays(tmp_path: Path) -> None:
    async with engine(tmp_path, SITE) as world:
        run = await _dead(world)
        await world.daemon.store.write(lambda conn: ops.release(conn, run, "op", "seen"))
        world.daemon.runtime.poke_now()
        await world.ended()
        assert [row["state"] for row in world.runs()] == ["dead", "done"]
        assert events(world)[-1] == "operator"
        with pytest.raises(Refused, match="no run waits behind this one"):
            await world.daemon.store.write(lambda conn: ops.release(conn, run, "op"))


def test_it_is_an_act() -> None:
    assert find("order.release") is ops.release
