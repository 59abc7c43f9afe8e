"""What is done before a message is stored is what its journey would do: fewer commits, and nothing else changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine import points
from engine.message import Hl7, InDoubt, Refused, Request, Unavailable
from tests.engine.runtime.house import engine, events, rows
from tests.engine.world import World

TEXT = "MSH|^~\\&|A|B|C|D|20260105083000||ADT^A01|NUMBER|P|2.5\rPID|1||P1^^^W\rPV1|1|I|2WEST^201\r"
TABLE = """
target: {as: hl7, base: $(body)}
fields:
  MSH-3: {value: WAYBILL}
  PV1-3.1: {from: $(body/PV1-3.1), table: {2WEST: W2}}
"""
SITE = """
connections:
  source: {type: memory_in, content_type: application/hl7-v2}
  sink: {type: memory_out, repeat: same}
routes:
  r:
    receive: {from: source, operation: adt, identity: [MSH-10]}
    labels: {ward: {path: PV1-3.1}, seen: {optional: true}}
    steps:
      - {id: changed, transform: {map: transforms/t.yaml}, status: New}
      - {id: out, call: {to: sink, operation: send, body: $(changed)}}
"""
AFTER = "      - {id: seen, set: {labels: {seen: 'yes'}}}\n"


def text(number: int = 1) -> str:
    return TEXT.replace("NUMBER", str(number))


def site(old: str = "", new: str = "") -> str:
    assert old in SITE
    return SITE.replace(old, new) if old else SITE


async def put(world: World, number: int = 1, body: str = "") -> Any:
    return await world.put(body or text(number), "adt")


def failing(error: Exception) -> Callable[[Request], None]:
    """The first time."""
    errors = [error]

    def answer(_: Request) -> None:
        if errors:
            raise errors.pop()

    return answer


async def test_one_commit_until_the_call_and_one_after_it(tmp_path: Path) -> None:
    async with engine(tmp_path, site(), t__yaml=TABLE) as world:
        await put(world)
        (run,) = await world.ended()
        ((stored, intended, made),) = rows(
            world, "SELECT received_at, effect.at, value.at FROM message, effect, value WHERE name = 'changed'"
        )
        assert stored == intended == made, "they are of one commit"
        assert (run["state"], run["step"], run["status"]) == ("done", "out", "New")
        assert events(world) == ["created", "done", "done", "ended"]
        assert rows(world, "SELECT step FROM event ORDER BY seq") == [("changed",), ("changed",), ("out",), ("out",)]
        assert rows(world, "SELECT state, attempts, step FROM effect") == [("done", 1, "out")]
        (sent,) = world.channel("sink").requests
        assert sent.arguments["body"] == Hl7(text().replace("|A|", "|WAYBILL|").replace("2WEST", "W2").encode())
        assert sent.key == rows(world, 'SELECT "key" FROM effect')[0][0]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("repeat: same", "repeat: unknown"),  # intended when it is its turn
        ("identity: [MSH-10]}", "identity: [MSH-10], order: {key: PV1-3.1}}"),
        ("transform: {map", "when: {path: $(body/PV1-3.1), is: 2WEST}, transform: {map"),
        ("labels: {ward", "labels: {n: {value: x}, ward"),
    ],
)
async def test_done_ahead_or_not_it_ends_the_same(tmp_path: Path, old: str, new: str) -> None:
    async with engine(tmp_path, site(old, new), t__yaml=TABLE) as world:
        await put(world)
        await world.ended()
        assert events(world) == ["created", "done", "done", "ended"]
        assert len(world.channel("sink").requests) == 1


async def test_a_table_that_reads_the_run_is_filled_when_there_is_one(tmp_path: Path) -> None:
    table = TABLE + "  MSH-8: {from: $(run/seq)}\n"
    async with engine(tmp_path, site(), t__yaml=table) as world:
        await put(world)
        await world.ended()
        assert b"|20260105083000|1|ADT" in world.channel("sink").requests[0].arguments["body"].data


async def test_a_table_that_fails_fails_in_the_run(tmp_path: Path) -> None:
    async with engine(tmp_path, site(), t__yaml=TABLE) as world:
        reply = await put(world, body=text().replace("2WEST", "3EAST"))
        assert reply.ok
        (run,) = await world.ended(state="dead")
        assert (run["step"], run["code"]) == ("changed", "WB-2008")
        assert not rows(world, "SELECT 1 FROM effect")


async def test_the_same_again_is_sent_once(tmp_path: Path) -> None:
    async with engine(tmp_path, site(), t__yaml=TABLE) as world:
        kinds = [(await put(world, 1)).kind, (await put(world, 1)).kind, (await put(world, 2)).kind]
        assert kinds == ["accepted", "repeat", "accepted"]
        await world.ended(2)
        assert len(world.channel("sink").requests) == 2


@pytest.mark.parametrize(
    ("error", "state", "effect"),
    [
        (Refused("WB-3003", "no"), "dead", "refused"),
        (Unavailable("WB-3001", "away"), "waiting", "unavailable"),
        (InDoubt("WB-3002", "who knows"), "waiting", "unavailable"),
    ],
)
async def test_a_call_that_fails_goes_the_way_of_every_call(
    tmp_path: Path, error: Exception, state: str, effect: str
) -> None:
    policies = "policies:\n  default: {first: 1h, factor: 2, max: 1h, jitter: 0%, give_up: 9h, then: dead}\n"
    async with engine(tmp_path, policies + site(), t__yaml=TABLE) as world:
        world.channel("sink").answer = failing(error)
        await put(world)
        (run,) = await world.ended(state=state)
        assert rows(world, "SELECT state, attempts FROM effect") == [(effect, 1)]
        assert run["step"] == "out"


async def test_a_retry_has_the_values_from_the_store(tmp_path: Path) -> None:
    async with engine(tmp_path, site(), t__yaml=TABLE) as world:
        world.channel("sink").answer = failing(Unavailable("WB-3001", "away"))
        await put(world)
        await world.ended()
        first, second = world.channel("sink").requests
        assert first.arguments == second.arguments
        assert (first.key, first.at, first.attempt) == (second.key, second.at, 1)
        assert second.attempt == 2


async def test_it_goes_on_after_the_call(tmp_path: Path) -> None:
    async with engine(tmp_path, site() + AFTER, t__yaml=TABLE) as world:
        await put(world)
        (run,) = await world.ended()
        assert run["step"] == "seen"
        assert ("yes",) in rows(world, "SELECT value FROM label")


async def test_at_a_paused_connection_the_run_waits_without_an_intention(tmp_path: Path) -> None:
    async with engine(tmp_path, site(), t__yaml=TABLE) as world:
        await world.daemon.desk.pause("connection", "sink", "op")
        await put(world)
        await world.ended(state="waiting")
        assert not rows(world, "SELECT 1 FROM effect")
        await world.daemon.desk.resume("connection", "sink", "op")
        await world.ended()


async def test_the_points_of_its_steps_are_passed_once_each(tmp_path: Path) -> None:
    seen: list[str] = []
    async with engine(tmp_path, site(), t__yaml=TABLE) as world:
        points.watch(seen.append)
        try:
            await put(world)
            await world.ended()
            await world.until(lambda: "step.out.settled" in seen)
        finally:
            points.watch(None)
    assert [name for name in seen if name.startswith(("step.", "accept."))] == [
        "accept.arrived", "step.changed.before", "step.changed.performed", "step.out.before",
        "step.out.before_intended", "accept.before_commit", "accept.after_commit", "step.out.intended",
        "step.out.called", "step.out.performed", "step.out.settled",
    ]  # fmt: skip
