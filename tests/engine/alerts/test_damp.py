"""Damping, against a small model of time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.alerts.damp import Damper, Key

A: Key = ("rule", "connection", "a")
EMPTY: frozenset[Key] = frozenset()


def test_it_begins_after_its_time_and_ends_after_its_time() -> None:
    damper, needed = Damper(), {"rule": 10.0}
    assert damper.judge({A}, EMPTY, EMPTY, needed, 0).begins == ()
    assert damper.judge({A}, EMPTY, EMPTY, needed, 9.9).begins == ()
    assert damper.judge({A}, EMPTY, EMPTY, needed, 10).begins == (A,)
    assert damper.judge(EMPTY, EMPTY, {A}, needed, 20).ends == ()
    assert damper.judge(EMPTY, EMPTY, {A}, needed, 30).ends == (A,)


def test_a_gap_begins_the_time_anew() -> None:
    damper, needed = Damper(), {"rule": 10.0}
    for now, found in ((0, {A}), (9, EMPTY), (10, {A}), (19, {A})):
        assert damper.judge(found, EMPTY, EMPTY, needed, now).begins == ()
    assert damper.judge({A}, EMPTY, EMPTY, needed, 20).begins == (A,)


def test_what_nobody_can_tell_stays() -> None:
    damper = Damper()
    for now in (0, 100, 1000):
        assert damper.judge(EMPTY, {A}, {A}, {"rule": 1.0}, now).ends == ()


def test_a_rule_that_is_no_more_ends_at_once() -> None:
    assert Damper().judge(EMPTY, EMPTY, {A}, {}, 0).ends == (A,)


@given(st.lists(st.booleans(), max_size=60), st.integers(0, 5))
def test_it_is_open_exactly_when_the_last_long_stretch_says_so(held: list[bool], needed: int) -> None:
    damper, is_open = Damper(), False
    for now, holds in enumerate(held):
        change = damper.judge({A} if holds else EMPTY, EMPTY, {A} if is_open else EMPTY, {"rule": needed}, now)
        stretch = held[max(0, now - needed) : now + 1]
        expected = is_open
        if len(stretch) == needed + 1 and all(one is not is_open for one in stretch):
            expected = not is_open
        is_open = (is_open or bool(change.begins)) and not change.ends
        assert is_open is expected
