"""`call`: its answer is the value, under `into`."""

from __future__ import annotations

from pathlib import Path

from tests.engine.runtime.house import engine, one_route, order, rows

STEPS = """\
      - {id: ask, into: told, call: {to: sink, operation: ask, body: '$(body/id)'}}
      - {id: out, call: {to: sink, operation: send, body: '$(told/name) for $(meta/operation)'}}
"""


async def test_the_answer_is_a_value(tmp_path: Path) -> None:
    async with engine(tmp_path, one_route(STEPS)) as world:
        world.channel("sink").answer = lambda request: {"name": "x"} if request.operation == "ask" else None
        await world.put(order(7), "order")
        await world.ended()
        assert [r.arguments["body"] for r in world.channel("sink").requests] == ["7", "x for order"]
        assert rows(world, "SELECT name FROM value ORDER BY name") == [("out",), ("told",)]


async def test_the_request_says_which_run_and_when(tmp_path: Path) -> None:
    async with engine(tmp_path, one_route(STEPS)) as world:
        world.channel("sink").answer = lambda request: {"name": "x"}
        await world.put(order(7), "order")
        (run,) = await world.ended()
        first, second = world.channel("sink").requests
        assert (first.run, first.run_id, first.attempt) == (run["seq"], run["id"], 1)
        assert first.key != second.key
        assert first.at.utcoffset() is not None
        assert (first.timeout, "7" in repr(first.arguments), "arguments" in repr(first)) == (30.0, True, False)
