"""A number counts once, however requests overtake each other; sessions are few."""

from __future__ import annotations

from channels._agent.sessions import SESSIONS, WINDOW, Session, Sessions


def test_a_number_counts_once_in_any_order() -> None:
    session = Session()
    assert [session.takes(number) for number in (1, 3, 2, 3, 1, 2, 4)] == [True, True, True, False, False, False, True]


def test_memory_is_bounded_and_old_numbers_stay_used() -> None:
    session = Session()
    assert all(session.takes(number) for number in range(1, 5 * WINDOW))
    assert len(session.seen) <= 2 * WINDOW
    assert not any(session.takes(number) for number in range(1, 5 * WINDOW, 7))


def test_the_session_that_was_used_longest_ago_goes() -> None:
    sessions = Sessions()
    first, second = sessions.new(), sessions.new()
    for _ in range(SESSIONS - 1):
        assert sessions.get(first) is not None
        sessions.new()
    assert sessions.get(first) is not None
    assert sessions.get(second) is None
    assert sessions.get(None) is None
    assert sessions.get(["x"]) is None
