"""The table of legal moves: complete, without ways back, and with one way to a signature."""

from __future__ import annotations

from collections import deque

from signing.jobs import FINAL, MOVES, OPEN, JobState, before, may


def test_every_state_is_in_the_table_and_reached_from_the_first() -> None:
    assert set(MOVES) == set(JobState)
    reached, todo = {JobState.PREPARED}, deque([JobState.PREPARED])
    while todo:
        for state in MOVES[todo.popleft()] - reached:
            reached.add(state)
            todo.append(state)
    assert reached == set(JobState)


def test_the_only_move_back_is_that_of_a_request_that_certainly_did_not_arrive() -> None:
    order = list(JobState)
    back = [(old, new) for old, moves in MOVES.items() for new in moves if order.index(old) > order.index(new)]
    assert back == [(JobState.SUBMITTED, JobState.PREPARED)]


def test_only_the_gate_s_word_leads_to_delivered() -> None:
    assert before(JobState.DELIVERED) == {JobState.VERIFIED}
    assert before(JobState.VERIFIED) == {JobState.RETURNED}
    assert before(JobState.QUARANTINED) == {JobState.RETURNED}


def test_the_ends_and_what_can_be_cancelled() -> None:
    assert {str(state) for state in FINAL} == {
        "delivered",
        "refused",
        "expired",
        "cancelled",
        "failed",
        "quarantined",
    }
    assert set(JobState) == OPEN | FINAL
    assert {JobState.PREPARED, JobState.SUBMITTED, JobState.WAITING} == before(JobState.CANCELLED)
    assert may(JobState.WAITING, JobState.RETURNED)
    assert not may(JobState.EXPIRED, JobState.RETURNED)
