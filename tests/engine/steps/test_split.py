"""`split`: only XML, and the identity of a part is of its element and its labels at birth."""

from __future__ import annotations

from pathlib import Path

from tests.engine.runtime.house import engine, one_route, order

STEPS = """\
      - {id: text, set: {labels: {no: set-later}}}
      - {id: parts, split: {by: //item, identity: [./no]}}
      - {id: later, set: {labels: {no: changed}}}
"""
LABELS = "{no: {path: //no, optional: true}}"


async def test_a_label_that_is_set_later_does_not_make_a_repeat_different(tmp_path: Path) -> None:
    async with engine(tmp_path, one_route(STEPS, labels=LABELS)) as world:
        for number in (1, 2):
            await world.put(order(number, "<item><no>a</no></item>"), "order")
            await world.ended(number + 1)
        assert [run["state"] for run in world.runs()] == ["done", "done", "done", "filtered"]


async def test_without_identity_each_part_is_new(tmp_path: Path) -> None:
    steps = STEPS.replace(", identity: [./no]", "")
    async with engine(tmp_path, one_route(steps, labels=LABELS)) as world:
        await world.put(order(1, "<item><no>a</no></item><item><no>a</no></item>"), "order")
        await world.ended(3)
