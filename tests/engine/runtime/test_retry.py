"""When a policy tries again, and when it gives up."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.runtime.retry import Again, GiveUp, after_failure
from engine.site.model import Policy, Then
from engine.site.units import Duration, Percent

POLICY = Policy(Duration(1), 3.0, Duration(10), Percent(0.0), Duration(60), None, Then("hold"))


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 1.0), (2, 3.0), (3, 9.0), (4, 10.0), (10_000, 10.0)])
def test_pauses_grow_to_the_longest(attempt: int, seconds: float) -> None:
    assert after_failure(POLICY, attempt, 0.0, random.Random(1)) == Again(seconds)


def test_it_gives_up_after_a_time_or_a_number() -> None:
    assert after_failure(POLICY, 7, 60.0, random.Random(1)) == GiveUp(Then("hold"), "after 60 s and 7 attempts")
    thrice = Policy(Duration(1), times=3)
    assert isinstance(after_failure(thrice, 2, 0.0, random.Random(1)), Again)
    assert after_failure(thrice, 3, 0.0, random.Random(1)) == GiveUp(Then("dead"), "after 3 attempts")


@given(st.integers(1, 10**6), st.floats(0, 1), st.integers())
def test_jitter_stays_around_the_pause(attempt: int, jitter: float, seed: int) -> None:
    policy = Policy(Duration(1), 2.0, Duration(100), Percent(jitter))
    answer = after_failure(policy, attempt, 1e9, random.Random(seed))
    assert isinstance(answer, Again)
    pause = min(100.0, 2.0 ** min(attempt - 1, 60))
    assert max(0.0, pause * (1 - jitter)) - 1e-6 <= answer.seconds <= pause * (1 + jitter) + 1e-6
