"""A test is run once more for each point at which the engine may end."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from engine.message import Request, Response
from engine.testing.mocks import MockSink
from engine.testing.runner import TWICE, chosen, points_of, run_case, run_cases
from tests.engine.testing.bench import GIVEN, cases, house, reactor, result, said
from tests.engine.testing.test_scenario import ONLY_OUT

DONE = f"  - {{test: t, {GIVEN}, expect: {{state: done, sent: {{peer: [{{operation: send}}]}}}}}}\n"


def test_each_point_once_or_every_passing():
    passed = ["a", "b", "a"]
    assert points_of(passed, "each") == [("a", 1), ("b", 1)]
    assert points_of(passed, "every") == [("a", 1), ("b", 1), ("a", 2)]


async def test_killed_at_each_point_effects_are_counted(tmp_path: Path):
    for repeat in ("unknown", "same", "ask"):
        done = await result(tmp_path / repeat, DONE, "each", site=ONLY_OUT, repeat=repeat)
        bad = [(one.killed, one.error, said(one)) for one in done.outcomes if not one.good]
        assert not bad, repeat
        assert done.kills >= 9, "accept, writer, and the step's own points"
        assert {"accept.before_commit:1", "step.out.called:1"} <= {one.killed for one in done.outcomes}


async def test_every_passing_is_more(tmp_path: Path):
    done = await result(tmp_path, DONE, "every", site=ONLY_OUT, repeat="same")
    assert done.good
    assert any(one.killed.endswith(":2") for one in done.outcomes)


async def test_an_effect_that_arrives_twice_is_found(tmp_path: Path):
    """A channel that says of a repeat `ask`, and then does not know what it did."""
    made = house(tmp_path, site=ONLY_OUT, repeat="ask")
    (found,) = cases(made, DONE)
    done = await run_case(dataclasses.replace(made, sink=Forgetful), found, "each")
    told = [what for one in done.outcomes for what, _, _ in said(one)]
    assert any(TWICE in what for what in told), told


class Forgetful(MockSink):
    async def ask(self, request: Request) -> Response | None:
        return None


async def test_all_tests_run_and_each_is_told(tmp_path: Path):
    made = house(tmp_path)
    found = cases(made, DONE.replace("test: t", "test: one") + DONE.replace("test: t", "test: two"))
    told: list[str] = []
    results = await run_cases(reactor, made.site, made.registry, found, None, lambda one: told.append(one.name))
    assert told == ["one", "two"]
    assert [one.good for one in results] == [True, True]
    assert [one.case.test for one in chosen(found, "tw")] == ["two"]
    assert len(chosen(found, "tests.yaml")) == 2


async def test_a_bad_test_is_not_killed(tmp_path: Path):
    done = await result(tmp_path, DONE.replace("state: done", "state: dead"), "each")
    assert not done.good
    assert done.kills == 0
