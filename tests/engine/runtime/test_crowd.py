"""Listeners wait where there is enough to do: as long as things get done, and no longer."""

from __future__ import annotations

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from engine.runtime.crowd import BRISK, LONGEST, PATIENCE, SLOW, Crowd


class Place:
    """A place that is full or not, with its crowd."""

    def __init__(self, slow: float = 0.0) -> None:
        self.clock = Clock()
        self.full = True
        self.crowd = Crowd(self.clock, lambda: self.full, slow)

    def enter(self) -> list[None]:
        """What is filled when the listener may go on."""
        seen: list[None] = []
        turn: Deferred[None] | None = self.crowd.turn()
        assert turn is not None
        _ = turn.addCallback(seen.append)
        return seen


def test_where_there_is_room_nobody_waits() -> None:
    place = Place()
    place.full = False
    assert place.crowd.turn() is None


def test_a_listener_waits_a_moment() -> None:
    place = Place()
    seen = place.enter()
    place.clock.advance(PATIENCE / 2)
    assert not seen
    place.clock.advance(PATIENCE / 2)
    assert seen == [None]
    assert not place.clock.getDelayedCalls()


def test_it_waits_longer_while_things_get_done() -> None:
    place = Place()
    seen = place.enter()
    while place.clock.seconds() < LONGEST - PATIENCE:
        for _ in range(BRISK):
            place.crowd.finished()
        place.clock.advance(PATIENCE)
        assert not seen
    for _ in range(BRISK):
        place.crowd.finished()
    place.clock.advance(PATIENCE * 2)
    assert seen == [None]


def test_what_got_done_before_anybody_waited_does_not_count() -> None:
    place = Place()
    for _ in range(BRISK):
        place.crowd.finished()
    seen = place.enter()
    place.clock.advance(PATIENCE)
    assert seen == [None]


def test_one_goes_on_for_each_that_gets_done_in_the_order_in_which_they_came() -> None:
    place = Place()
    first, second = place.enter(), place.enter()
    place.crowd.finished()
    assert (first, second) == ([], [])
    place.full = False
    place.crowd.finished()
    assert (first, second) == ([None], [])
    place.crowd.look()
    assert second == [None]


@pytest.mark.parametrize("slow", [0.0, SLOW])
def test_where_little_gets_done_nobody_waits_again_for_a_while(slow: float) -> None:
    place = Place(slow)
    place.enter()
    place.clock.advance(PATIENCE)
    assert (place.crowd.turn() is None) == bool(slow)
    place.clock.advance(SLOW)
    assert place.crowd.turn() is not None


def test_released_all_go_on_and_no_timer_is_left() -> None:
    place = Place()
    seen = [place.enter() for _ in range(3)]
    place.crowd.release()
    assert seen == [[None]] * 3
    assert not place.clock.getDelayedCalls()
    assert len(place.crowd) == 0


def test_one_that_has_gone_away_holds_up_nobody() -> None:
    place = Place()
    gone = place.crowd.turn()
    assert gone is not None
    _ = gone.addErrback(lambda _: None)
    gone.cancel()
    seen = place.enter()
    place.full = False
    place.crowd.finished()
    place.crowd.finished()
    assert seen == [None]
