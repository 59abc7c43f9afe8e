"""What follows when the time of a wait is over."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.site.problems import Invalid
from tests.engine.runtime.house import attention, engine, one_route, order

ASK = """\
      - {id: ask, wait: {for: person, question: Is it so?, answers: ['yes', 'no'], until: 30ms, on_timeout: WHAT}}
      - {id: out, call: {to: sink, operation: send, body: '$(body/id)'}}
      - {id: end, set: {labels: {id: ended}}}
"""
ALERTS = "alerts: {desk: {roles: [OP]}}\n"


def site(what: str) -> str:
    return ALERTS + one_route(ASK.replace("WHAT", what), "same")


async def test_it_goes_to_the_step(tmp_path: Path) -> None:
    async with engine(tmp_path, site("{go: end}")) as world:
        await world.put(order(1), "order")
        (done,) = await world.ended()
        assert done["generation"] == 0
        assert not world.channel("sink").requests
        assert attention(world) == []


async def test_it_goes_to_the_step_and_says_so(tmp_path: Path) -> None:
    async with engine(tmp_path, site("{go: end, alert: desk}")) as world:
        await world.put(order(1), "order")
        await world.ended()
        assert "overdue" in attention(world, open_only=False)


@pytest.mark.parametrize(("then", "state"), [("dead", "dead"), ("hold", "held")])
async def test_it_ends_the_run(tmp_path: Path, then: str, state: str) -> None:
    async with engine(tmp_path, site(f"{{then: {then}}}")) as world:
        await world.put(order(1), "order")
        (ended,) = await world.ended(state=state)
        assert (ended["code"], ended["reason"]) == ("WB-2014", "an answer did not come in time")
        assert attention(world) == [state]


async def test_with_an_alert_alone_it_waits_on(tmp_path: Path) -> None:
    async with engine(tmp_path, site("{alert: desk}")) as world:
        await world.put(order(1), "order")
        await world.until(lambda: "overdue" in attention(world))
        await world.until(lambda: world.runs()[0]["state"] == "waiting")
        assert attention(world) == ["person", "overdue"]


POLL = """\
      - id: ask
        wait: {for: poll, call: {to: sink, operation: find, body: x}, every: 1h, until: 30ms, on_timeout: {go: end}}
      - {id: end, set: {labels: {id: ended}}}
"""


async def test_a_poll_is_not_late_for_its_end(tmp_path: Path) -> None:
    async with engine(tmp_path, one_route(POLL, "same")) as world:
        world.channel("sink").answer = lambda request: None
        await world.put(order(1), "order")
        await world.ended()


@pytest.mark.parametrize(
    ("what", "part"),
    [
        ("{go: end, then: dead}", "write one of"),
        ("{go: nd}", "did you mean `end`"),
        ("{then: stop}", "known: dead, hold"),
    ],
)
async def test_faults(tmp_path: Path, what: str, part: str) -> None:
    with pytest.raises(Invalid) as caught:
        async with engine(tmp_path, site(what)):
            pass
    assert part in str(caught.value)
