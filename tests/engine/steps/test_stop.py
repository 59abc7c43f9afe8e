"""`stop`: filtered with a reason, also a part; its parent goes on counting."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.site.problems import Invalid
from tests.engine.runtime.house import attention, engine, one_route, order

STEPS = """\
      - {id: not_ours, when: {path: //kind, is: x}, stop: {reason: not for us}}
      - {id: out, call: {to: sink, operation: send, body: '$(body/id)'}}
"""


async def test_it_ends_filtered_with_its_reason(tmp_path: Path) -> None:
    async with engine(tmp_path, one_route(STEPS, "same")) as world:
        await world.put(order(1, "<kind>x</kind>"), "order")
        await world.put(order(2, "<kind>y</kind>"), "order")
        (filtered,) = await world.ended(state="filtered")
        await world.ended()
        assert (filtered["reason"], filtered["code"]) == ("not for us", "")
        assert len(world.channel("sink").requests) == 1
        assert attention(world) == []


async def test_a_part_that_stops_is_counted(tmp_path: Path) -> None:
    split = "      - {id: each, split: {by: //part, identity: [.//no]}}\n" + STEPS
    async with engine(tmp_path, one_route(split, "same")) as world:
        parts = "<part><no>1</no><kind>x</kind></part><part><no>2</no><kind>y</kind></part>"
        await world.put(f"<order><id>1</id>{parts}</order>", "order")
        await world.ended(2)
        assert world.runs()[0]["reason"] == "2 parts: 1 done, 1 filtered"


@pytest.mark.parametrize("written", ["{}", "{reason: ' '}", '{reason: "a\\nb"}', "{reason: x, code: y}"])
async def test_what_it_needs(tmp_path: Path, written: str) -> None:
    with pytest.raises(Invalid):
        async with engine(tmp_path, one_route(f"      - {{id: a, stop: {written}}}\n")):
            pass
