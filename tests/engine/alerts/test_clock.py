"""A wall clock that jumps."""

from __future__ import annotations

import pytest

from engine.alerts.clock import LASTS, ClockWatch


@pytest.mark.parametrize("jump", [3600, -3600, 45])
def test_a_jump_is_told_for_a_while(jump: int) -> None:
    watch = ClockWatch()
    watch.look(1_000_000, 100.0)
    watch.look(1_005_000, 105.0)
    assert watch.jump == 0
    watch.look(1_010_000 + jump * 1000, 110.0)
    assert watch.jump == pytest.approx(jump)
    watch.look(1_015_000 + jump * 1000, 115.0)
    assert watch.jump == pytest.approx(jump)
    watch.look(1_010_000 + jump * 1000 + int(LASTS * 1000), 110.0 + LASTS)
    assert watch.jump == 0


def test_a_clock_that_is_set_right_slowly_is_no_jump() -> None:
    watch = ClockWatch()
    for second in range(0, 3600, 5):
        watch.look(int(second * 1000 * 1.0005), float(second))
    assert watch.jump == 0


def test_a_computer_that_slept_is_a_jump() -> None:
    watch = ClockWatch()
    watch.look(0, 0.0)
    watch.look(8 * 3_600_000, 5.0)
    assert watch.jump > 28_000
