"""`signal`: given once whatever happens; without a target it waits, and says when that takes too long."""

from __future__ import annotations

from pathlib import Path

from tests.engine.runtime.house import SOURCE, attention, change, engine, order, rows

SITE = f"""{SOURCE}routes:
  target:
    receive: {{from: source, operation: order, identity: [//id]}}
    labels: {{no: {{path: //id}}, seen: {{optional: true}}}}
    steps:
      - {{id: keep, set: {{labels: {{seen: first}}}}}}
  update:
    receive: {{from: source, operation: update, identity: [//id]}}
    labels: {{no: {{path: //id}}}}
    steps:
      - {{id: sig, signal: {{route: target, labels: {{no: '$(body/id)'}}, do: cancel, until: 50ms}}}}
      - {{id: say, set: {{labels: {{no: '$(sig/done)'}}}}}}
"""


async def test_what_is_done_gets_nothing(tmp_path: Path) -> None:
    async with engine(tmp_path, SITE) as world:
        await world.put(order(1), "order")
        await world.ended()
        await world.put(order(1), "update")
        await world.ended(2)
        assert rows(world, "SELECT value FROM label WHERE run = 2") == [("nothing",)]


async def test_nobody_came_in_time(tmp_path: Path) -> None:
    async with engine(tmp_path, SITE) as world:
        await world.put(order(1), "update")
        await world.until(lambda: attention(world) == ["overdue"])
        await world.put(order(1), "order")
        await world.ended(2)
        assert attention(world) == []


async def test_a_crash_does_not_give_it_twice(tmp_path: Path) -> None:
    async with engine(tmp_path, SITE) as world:
        await world.put(order(1), "order")
        await world.ended()
        await world.put(order(1), "update")
        await world.ended(2)
    # As after a crash between the signal's commit and the step's settle.
    change(tmp_path, "UPDATE run SET state = 'running', step = 'sig', ended_at = NULL WHERE route = 'update'")
    change(tmp_path, "UPDATE label SET value = '1' WHERE run = 2")
    async with engine(tmp_path) as world:
        await world.ended(2)
        assert rows(world, "SELECT count(*) FROM event WHERE kind = 'signal'") == [(1,)]


async def test_a_signal_without_a_label_is_refused(tmp_path: Path) -> None:
    async with engine(tmp_path, SITE.replace("'$(body/id)'}, do", "'$(body/empty)'}, do")) as world:
        await world.put(order(1, "<empty/>"), "update")
        (dead,) = await world.ended(state="dead")
        assert dead["code"] in ("WB-2001", "WB-2013")
