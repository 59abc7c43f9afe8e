"""`choose`: the first case that holds; forward is nothing new, backward a new generation."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.site.problems import Invalid
from tests.engine.runtime.house import attention, engine, events, one_route, order, rows

STEPS = """\
      - id: kind
        choose:
          - {when: {path: //kind, is: a}, go: a}
          - {when: {path: //kind, in: [b, c]}, go: b}
      - {id: a, call: {to: sink, operation: a, body: '$(body/id)'}}
      - {id: past, choose: [{else: join}]}
      - {id: b, call: {to: sink, operation: b, body: '$(body/id)'}}
      - {id: join, set: {labels: {id: joined}}}
"""


@pytest.mark.parametrize(
    ("kind", "sent"),
    [("a", ["a"]), ("b", ["b"]), ("c", ["b"]), ("other", ["a"])],
    ids=["first", "second", "in", "none"],
)
async def test_the_first_case_that_holds(tmp_path: Path, kind: str, sent: list[str]) -> None:
    async with engine(tmp_path, one_route(STEPS, "same")) as world:
        await world.put(order(1, f"<kind>{kind}</kind>"), "order")
        (done,) = await world.ended()
        assert [request.operation for request in world.channel("sink").requests] == sent
        assert done["generation"] == 0
        assert rows(world, "SELECT value FROM label WHERE name = 'id'") == [("joined",)]


BACK = """\
      - {id: ask, call: {to: sink, operation: ask, body: '$(body/id)'}}
      - {id: again, choose: [{when: {path: '$(ask/more)', is: 'yes'}, go: ask}, {else: end}]}
      - {id: end, set: {labels: {id: end}}}
"""


async def test_to_go_back_makes_effects_anew(tmp_path: Path) -> None:
    answers = [{"more": "yes"}, {"more": "yes"}, {"more": "no"}]
    async with engine(tmp_path, one_route(BACK, "same")) as world:
        world.channel("sink").answer = lambda request: answers.pop(0)
        await world.put(order(1), "order")
        (done,) = await world.ended()
        assert done["generation"] == 2
        assert len({request.key for request in world.channel("sink").requests}) == 3
        assert events(world).count("jumped") == 3


async def test_a_circle_ends_with_a_person(tmp_path: Path) -> None:
    circle = BACK.replace("{when: {path: '$(ask/more)', is: 'yes'}, go: ask}, ", "").replace("else: end", "else: ask")
    circle = circle.replace("      - {id: end, set: {labels: {id: end}}}\n", "")
    async with engine(tmp_path, one_route(circle, "same")) as world:
        await world.put(order(1), "order")
        (held,) = await world.ended(state="held")
        assert held["code"] == "WB-2016"
        assert attention(world) == ["held"]


@pytest.mark.parametrize(
    ("written", "part"),
    [
        ("{when: {present: //a}}", "a list of cases"),
        ("[]", "write `choose: ["),
        ("[{when: {present: //a}}]", "needs `when` and `go`"),
        ("[{go: a}]", "needs `when` and `go`"),
        ("[{when: {present: //a}, go: a, else: a}]", "in a case of its own"),
        ("[{when: {present: //a}, to: a}]", "known: when, go, else"),
        ("[{else: b}]", "there is no step `b`"),
    ],
)
async def test_what_a_choice_needs(tmp_path: Path, written: str, part: str) -> None:
    with pytest.raises(Invalid) as caught:
        async with engine(tmp_path, one_route(f"      - {{id: a, choose: {written}}}\n")):
            pass
    assert part in str(caught.value)
