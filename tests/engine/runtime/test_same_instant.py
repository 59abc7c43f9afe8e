"""The same message on many connections at one instant: one run, equal answers; and what differs is a conflict."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.task import deferLater

from engine.message import Unavailable
from tests.engine.runtime.house import attention, engine, one_route, order, rows
from tests.engine.world import World

SITE = one_route("      - {id: go, call: {to: sink, operation: op, body: $(body)}}\n", "same")


async def _until_taken(world: World, body: str) -> Any:
    """As senders do: told that the engine is full, they send it again."""
    while True:
        try:
            return await world.put(body, "order")
        except Unavailable:
            await deferLater(reactor, 0.01)


async def test_two_at_once_are_one_run_with_equal_answers(tmp_path: Path) -> None:
    async with engine(tmp_path, SITE) as world:
        both = [Deferred.fromCoroutine(world.put(order(1), "order")) for _ in range(2)]
        one, other = await gatherResults(both, consumeErrors=True)
        assert sorted([one.kind, other.kind]) == ["accepted", "repeat"]
        assert (one.message_id, one.body) == (other.message_id, other.body)
        await world.ended(1)
        assert rows(world, "SELECT count(*) FROM run") == [(1,)]
        assert len(world.channel("sink").requests) == 1


async def test_a_conflict_in_the_same_group_of_commits(tmp_path: Path) -> None:
    async with engine(tmp_path, SITE) as world:
        bodies = [order(1), order(1, "<other/>"), order(1), order(1, "<other/>")]
        answers = await gatherResults([Deferred.fromCoroutine(world.put(body, "order")) for body in bodies])
        kinds = Counter(answer.kind for answer in answers)
        assert kinds == {"accepted": 1, "repeat": 1, "conflict": 2}
        assert answers[0].kind != "conflict" or answers[1].kind != "conflict"
        await world.ended(1)
        assert rows(world, "SELECT count(*) FROM run") == [(1,)]
        assert attention(world) == ["conflict", "conflict"]


async def test_a_thousand_senders_of_twenty_messages(tmp_path: Path) -> None:
    async with engine(tmp_path, SITE) as world:
        sent = [Deferred.fromCoroutine(_until_taken(world, order(number % 20))) for number in range(1000)]
        answers = await gatherResults(sent, consumeErrors=True)
        kinds = Counter(answer.kind for answer in answers)
        assert kinds == {"accepted": 20, "repeat": 980}
        assert len({answer.message_id for answer in answers}) == 20
        for number in range(20):
            assert len({(answer.message_id, answer.body) for answer in answers[number::20]}) == 1
        await world.ended(20)
        assert len(world.channel("sink").requests) == 20
        assert rows(world, "SELECT count(*), sum(repeats) FROM message") == [(20, 980)]
