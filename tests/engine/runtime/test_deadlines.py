"""Time limits by one timer."""

from __future__ import annotations

from twisted.internet.task import Clock

from engine.runtime.deadlines import LOOK, Deadlines


def test_limits_strike_once_and_not_when_cleared() -> None:
    clock, struck = Clock(), []
    deadlines = Deadlines(clock)
    first = deadlines.set(0.1, lambda: struck.append("a"))
    second = deadlines.set(5, lambda: struck.append("b"))
    third = deadlines.set(5, lambda: struck.append("c"))
    clock.advance(0.1)
    assert struck == ["a"]
    assert not deadlines.clear(first)
    assert deadlines.clear(second)
    for _ in range(10):
        clock.advance(LOOK)
    assert struck == ["a", "c"]
    assert not deadlines.clear(third)
    assert not clock.getDelayedCalls()


def test_none_is_left_after_the_end() -> None:
    clock, struck = Clock(), []
    deadlines = Deadlines(clock)
    deadlines.set(1, lambda: struck.append("a"))
    deadlines.close()
    clock.advance(10)
    assert not struck
    assert not clock.getDelayedCalls()


def test_one_that_strikes_may_set_another() -> None:
    clock = Clock()
    struck: list[float] = []
    deadlines = Deadlines(clock)

    def again() -> None:
        deadlines.set(1, lambda: struck.append(clock.seconds()))

    deadlines.set(1, again)
    for _ in range(5):
        clock.advance(1)
    assert len(struck) == 1
    assert len(deadlines) == 0
