"""The one table of moves."""

from __future__ import annotations

import pytest

from engine.runtime.states import FINAL, MOVES, IllegalMove, State, check_move


def test_what_is_final_stays() -> None:
    assert {state for state in State if not MOVES[state]} == FINAL


def test_every_state_can_be_reached_and_left() -> None:
    reached = {new for moves in MOVES.values() for new in moves}
    assert reached == set(State) - {State.INVALID}
    assert State.DEAD not in FINAL


def test_a_move_that_is_not_in_the_table_is_a_bug() -> None:
    check_move(State.READY, State.RUNNING)
    for new in set(State) - MOVES[State.DEAD]:
        with pytest.raises(IllegalMove, match="dead"):
            check_move(State.DEAD, new)
