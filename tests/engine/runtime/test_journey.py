"""A run's way: what is skipped, what fails and what follows, and defects that lose nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.message import InDoubt, Refused, Request, Unavailable, Value
from engine.runtime import journey
from tests.engine.runtime.house import attention, change, engine, events, one_route, order, rows
from tests.engine.world import World

OUT = "      - {id: out, call: {to: sink, operation: send, body: '$(body//id)'}}\n"
SKIPS = """\
      - {id: one, status: One, when: {present: //x}, call: {to: sink, operation: one}}
      - {id: two, status: Two, when: {absent: //x}, call: {to: sink, operation: two}}
      - {id: three, status: Three, when: {present: //y}, call: {to: sink, operation: three}}
"""


def operations(world: World) -> list[str]:
    return [request.operation for request in world.channel("sink").requests]


def answers(world: World, *outcomes: Any) -> None:
    """The sink's next outcomes: an exception is raised; after the last, it answers nothing."""
    left = list(outcomes)

    def answer(_request: Request) -> Value:
        outcome: Any = left.pop(0) if left else None
        if isinstance(outcome, Exception):
            raise outcome
        return outcome  # type: ignore[no-any-return]

    world.channel("sink").answer = answer


DOWN = Unavailable("WB-3001", "the peer does not answer")
NO = Refused("WB-3003", "the peer refuses")
DOUBT = InDoubt("WB-3002", "no answer came")


async def test_when_skips(tmp_path: Path) -> None:
    async with engine(tmp_path, one_route(SKIPS, "same")) as world:
        await world.put(order(1), "order")
        await world.put(order(2, "<x>1</x><y>1</y>"), "order")
        await world.ended(2)
        assert sorted(operations(world)) == ["one", "three", "two"]
        assert [row["status"] for row in world.runs()] == ["Two", "Three"]
        assert "skipped" in events(world)


async def test_when_nothing_applies_the_run_is_done(tmp_path: Path) -> None:
    steps = "".join(SKIPS.splitlines(keepends=True)[0:3:2])
    async with engine(tmp_path, one_route(steps, "same")) as world:
        await world.put(order(1), "order")
        await world.ended()
        assert operations(world) == []
        assert events(world).count("skipped") == 2


async def test_a_condition_that_cannot_be_told_fails_its_step(tmp_path: Path) -> None:
    steps = OUT + "      - {id: next, when: {path: '$(body/many)', is: a}, call: {to: sink, operation: next}}\n"
    async with engine(tmp_path, one_route(steps, "same")) as world:
        await world.put(order(1, "<many>a</many><many>b</many>"), "order")
        await world.ended(state="dead")
        (row,) = world.runs()
        assert (row["step"], row["code"]) == ("next", "WB-2002")
        assert rows(world, "SELECT step, state FROM effect") == [("out", "done")]
        assert operations(world) == ["send"]


async def test_a_condition_of_the_first_step_that_cannot_be_told(tmp_path: Path) -> None:
    steps = "      - {id: out, when: {path: '$(body/many)', is: a}, call: {to: sink, operation: send}}\n"
    async with engine(tmp_path, one_route(steps, "same")) as world:
        await world.put(order(1, "<many>a</many><many>b</many>"), "order")
        await world.ended(state="dead")
        assert attention(world) == ["dead"]


async def test_a_policy_tries_again_and_the_reason_is_seen(tmp_path: Path) -> None:
    async with engine(tmp_path, one_route(OUT)) as world:
        answers(world, DOWN, DOWN)
        await world.put(order(1), "order")
        await world.ended()
        assert [request.attempt for request in world.channel("sink").requests] == [1, 2, 3]
        assert len({(request.key, request.at) for request in world.channel("sink").requests}) == 1
        assert rows(world, "SELECT state, attempts FROM effect") == [("done", 3)]
        (row,) = world.runs()
        assert (row["code"], row["reason"], row["waits_for"], row["due_at"]) == ("", "", "", None)


@pytest.mark.parametrize(
    ("policy", "then"),
    [("give_up: 50ms, then: dead", "dead"), ("times: 2, then: hold", "held"), ("times: 1, then: go:after", "done")],
)
async def test_a_policy_gives_up(tmp_path: Path, policy: str, then: str) -> None:
    steps = OUT + "      - {id: after, set: {labels: {id: given-up}}}\n"
    site = f"policies:\n  default: {{first: 20ms, factor: 1, max: 20ms, jitter: 0%, {policy}}}\n" + one_route(steps)
    async with engine(tmp_path, site) as world:
        answers(world, *[DOWN] * 50)
        await world.put(order(1), "order")
        await world.ended(state=then)
        (row,) = world.runs()
        if then == "done":
            assert row["generation"] == 0
            assert "jumped" in events(world)
        else:
            assert (row["code"], row["step"]) == ("WB-3001", "out")
            assert "attempts)" in row["reason"]
            assert attention(world) == [then]


@pytest.mark.parametrize(("chosen", "state"), [("dead", "dead"), ("hold", "held"), ("go:after", "done")])
async def test_on_error_refused(tmp_path: Path, chosen: str, state: str) -> None:
    steps = (
        OUT.replace("call:", f"on_error: {{refused: '{chosen}'}}, call:")
        + "      - {id: after, set: {labels: {id: x}}}\n"
    )
    async with engine(tmp_path, one_route(steps)) as world:
        answers(world, NO)
        await world.put(order(1), "order")
        await world.ended(state=state)
        assert len(operations(world)) == 1
        assert rows(world, "SELECT state, code FROM effect") == [("refused", "WB-3003")]


async def test_on_error_unavailable_goes_before_the_policys_then(tmp_path: Path) -> None:
    steps = OUT.replace("call:", "on_error: {unavailable: hold}, call:")
    site = "policies:\n  default: {first: 20ms, max: 20ms, times: 1, then: dead}\n" + one_route(steps)
    async with engine(tmp_path, site) as world:
        answers(world, DOWN)
        await world.put(order(1), "order")
        await world.ended(state="held")


async def test_a_jump_back_is_a_new_generation_without_the_old_values(tmp_path: Path) -> None:
    steps = """\
      - {id: first, set: {labels: {id: first}}}
      - {id: ask, call: {to: sink, operation: ask}}
      - {id: use, on_error: {refused: go:ask}, call: {to: sink, operation: use, body: '$(ask/n)'}}
"""
    async with engine(tmp_path, one_route(steps)) as world:
        answers(world, {"n": "1"}, NO, {"n": "2"}, None)
        await world.put(order(1), "order")
        await world.ended()
        requests = list(world.channel("sink").requests)
        assert [(request.operation, request.arguments["body"]) for request in requests[1::2]] == [
            ("use", "1"),
            ("use", "2"),
        ]
        assert len({request.key for request in requests}) == 4
        assert world.runs()[0]["generation"] == 1
        assert "jumped" in events(world)


async def test_values_are_gone_at_the_jump(tmp_path: Path) -> None:
    steps = """\
      - {id: ask, call: {to: sink, operation: ask}}
      - {id: use, on_error: {refused: go:ask}, call: {to: sink, operation: use}}
"""
    async with engine(tmp_path, one_route(steps)) as world:
        answers(world, {"n": "1"}, NO, *[DOWN] * 500)
        await world.put(order(1), "order")
        await world.until(lambda: bool(world.runs(state="waiting", generation=1)))
        assert rows(world, "SELECT name FROM value") == []


async def test_a_bug_is_loud_holds_its_run_and_no_other(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with engine(tmp_path, one_route(OUT)) as world:
        answers(world, ValueError("植入" + "甲"))
        await world.put(order(1), "order")
        await world.put(order(2), "order")
        await world.ended()
        await world.ended(state="held")
        (row,) = world.runs(state="held")
        assert row["code"] == "WB-2999"
        assert "ValueError at test_journey.py:" in row["reason"]
        assert "bug in step out" in caplog.text
        assert "植入" not in caplog.text
        assert world.daemon.runtime.counters()["bugs"] == 1
        assert attention(world) == ["bug"]


async def test_an_effect_that_is_done_is_settled_when_the_store_takes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journey, "STORE_AGAIN", 0.02)
    async with engine(tmp_path, one_route(OUT)) as world:
        put, refusals = world.daemon.store._writer.put, [0]

        def full(job: Any, *, background: bool = False) -> None:
            if world.channel("sink").requests and refusals[0] < 3:
                refusals[0] += 1
                raise Unavailable("WB-1012", "the store does not take writes")
            put(job, background=background)

        world.daemon.store._writer.put = full  # type: ignore[method-assign]
        await world.put(order(1), "order")
        await world.ended()
        assert refusals == [3]
        assert len(operations(world)) == 1
        assert rows(world, "SELECT state, attempts FROM effect") == [("done", 1)]
        assert not attention(world)


async def test_a_step_that_is_gone_holds_with_its_reason(tmp_path: Path) -> None:
    async with engine(tmp_path, one_route(OUT)) as world:
        await world.put(order(1), "order")
        await world.ended()
    change(tmp_path, "UPDATE run SET state = 'ready', step = 'gone', ended_at = NULL")
    change(tmp_path, "UPDATE run SET revision = 'unheard' WHERE seq = 2")
    async with engine(tmp_path) as world:
        await world.ended(state="held")
        (row,) = world.runs()
        assert row["code"] == "WB-2010"
        assert "gone" in row["reason"]


async def test_doubt_is_held_for_a_person(tmp_path: Path) -> None:
    async with engine(tmp_path, one_route(OUT.replace("send,", "send, in_doubt: person,"))) as world:
        answers(world, DOUBT)
        await world.put(order(1), "order")
        await world.ended(state="held")
        assert attention(world) == ["doubt"]
        assert world.runs()[0]["reason"] == "in doubt: no answer came"


async def test_no_value_of_a_patient_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    site = one_route(OUT, labels="{id: {path: //id}, name: {path: //name, phi: true}}")
    async with engine(tmp_path, site) as world:
        answers(world, DOWN, NO, DOUBT, KeyError("植入甲"))
        for number in range(5):
            await world.put(order(number, "<name>植入甲</name>"), "order")
        await world.put(order(1, "<name>植入甲</name><x/>"), "order")
        await world.put("<order><name>植入甲</name></order>", "order")
        await world.until(lambda: not world.runs(state="running") and not world.runs(state="waiting"))
    assert "植入" not in caplog.text


def test_where_says_type_and_place_only() -> None:
    try:
        raise ValueError("植入甲")
    except ValueError as error:
        text = journey.where(error)
    assert text.startswith("ValueError at test_journey.py:")
    assert "植入" not in text
