"""A peer that takes long holds up its own runs only, and these wait in the store when they are many."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred

from engine.message import Response
from engine.runtime.dispatch import ACTIVE
from engine.runtime.gates import QUEUED, waits_for_turn
from tests.engine.runtime.house import SOURCE, engine, order

SITE = f"""{SOURCE}
  slow: {{type: memory_out, repeat: same, max_in_flight: 2}}
  quick: {{type: memory_out, repeat: same}}
routes:
  a:
    receive: {{from: source, operation: a, identity: [//id]}}
    steps: [{{id: out, call: {{to: slow, operation: put, body: $(body)}}}}]
  b:
    receive: {{from: source, operation: b, identity: [//id]}}
    steps: [{{id: out, call: {{to: quick, operation: put, body: $(body)}}}}]
"""
MANY = ACTIVE + QUEUED + 40


async def test_a_slow_peer_stops_nobody_else(tmp_path: Path) -> None:
    async with engine(tmp_path, SITE) as world:
        sent: list[Deferred[Response]] = []

        async def call(_request: Any) -> Response:
            sent.append(Deferred())
            return await sent[-1]

        world.channel("slow").call = call
        for number in range(MANY):
            assert (await world.put(order(number), "a")).ok
        aside = waits_for_turn("slow")
        await world.until(lambda: any(run["waits_for"] == aside for run in world.runs(route="a")), 30)
        await world.put(order("q"), "b")
        await world.until(lambda: [run["state"] for run in world.runs(route="b")] == ["done"], 30)
        assert len(sent) == 2
        assert not world.runs(route="a", state="done")

        def answer() -> bool:
            for waiting in sent:
                if not waiting.called:
                    waiting.callback(Response("ok"))
            return len(world.runs(route="a", state="done")) == MANY

        await world.until(answer, 60)
        assert len(sent) == MANY, "each once"
        assert {run["attempts"] for run in world.runs(route="a")} == {1}
