"""A connection's gate: turns, rates, the circuit, pauses, and who gives up waiting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock

from engine.message import InDoubt, Refused, Unavailable
from engine.runtime.gates import ENOUGH, Crowded, Gate, Limits, Paused, limits_of

DOWN = Unavailable("WB-3001", "down")


def gate(**limits: Any) -> tuple[Gate, Clock]:
    clock = Clock()
    return Gate(clock, "x", Limits(**limits)), clock


def waits(turn: Deferred[None] | None) -> list[Any]:
    """Filled when the turn has come or failed."""
    seen: list[Any] = []
    assert turn is not None
    _ = turn.addBoth(seen.append)
    return seen


def test_at_most_so_many_at_a_time_in_order() -> None:
    door, _ = gate(most=2)
    assert door.enter() is None
    assert door.enter() is None
    first, second = waits(door.enter()), waits(door.enter())
    assert (door.in_flight, door.queued) == (2, 2)
    door.leave()
    assert (first, second) == ([None], [])
    door.leave()
    assert second == [None]
    door.leave()
    door.leave()
    assert door.in_flight == 0


def test_one_who_gives_up_leaves_the_queue() -> None:
    door, _ = gate(most=1)
    assert door.enter() is None
    given_up, patient = door.enter(), waits(door.enter())
    assert given_up is not None
    seen = waits(given_up)
    given_up.cancel()
    assert seen[0].check(CancelledError)
    door.leave()
    assert patient == [None]
    assert (door.in_flight, door.queued) == (1, 0)


def test_so_many_a_second() -> None:
    door, clock = gate(most=1000, rate=50.0)
    clock.advance(10)
    turns = [door.enter() for _ in range(100)]
    at_once = turns.count(None)
    assert at_once == 5
    done: list[None] = []
    for turn in turns:
        if turn is not None:
            _ = turn.addCallback(done.append)
    for _ in range(1000):
        clock.advance(0.001)
    assert 48 <= len(done) <= 50
    for _ in range(1000):
        clock.advance(0.001)
    assert len(done) == 95


@given(st.lists(st.floats(0.0005, 0.4), max_size=60), st.floats(1, 200))
def test_the_rate_is_kept_for_any_arrivals(pauses: list[float], rate: float) -> None:
    door, clock = gate(most=10_000, rate=rate)
    went: list[float] = []

    def go(_: object = None) -> None:
        went.append(clock.seconds())

    for pause in pauses:
        turn = door.enter()
        if turn is None:
            go()
        else:
            _ = turn.addCallback(go)
        clock.advance(pause)
    for _ in range(400):
        clock.advance(0.2)
    assert len(went) == len(pauses)
    assert went == sorted(went)
    for index, at in enumerate(went):
        within = [other for other in went[index:] if other < at + 1]
        assert len(within) <= rate + max(1, rate / 10) + 1


def test_the_circuit_opens_lets_one_try_and_closes() -> None:
    door, clock = gate(most=1, after=3, pause=10.0)
    for error in (DOWN, InDoubt("WB-3002", "late"), DOWN):
        assert door.enter() is None
        last = door
        last.leave(error)
    with pytest.raises(
        Unavailable, match=r"WB-7202 circuit open after 3 failures in a row, next try at \d\d:\d\d:\d\d"
    ):
        door.enter()
    assert door.trouble().startswith("circuit open")
    clock.advance(10)
    assert door.enter() is None
    with pytest.raises(Unavailable, match="circuit open"):
        door.enter()
    door.leave(DOWN)
    assert door.as_dict()["circuit"] == "open"
    clock.advance(10)
    assert door.enter() is None
    door.leave(None)
    assert (door.circuit, door.failures, door.trouble()) == ("closed", 0, "")


def test_who_waits_when_the_circuit_opens_is_told() -> None:
    door, _ = gate(most=1, after=1)
    assert door.enter() is None
    waiting = waits(door.enter())
    door.leave(DOWN)
    assert waiting[0].check(Unavailable)


def test_a_refusal_is_an_answer_and_a_bug_says_nothing() -> None:
    door, clock = gate(after=2, pause=1.0)
    for error in (DOWN, Refused("WB-3003", "no"), DOWN, ValueError()):
        assert door.enter() is None
        door.leave(error)
    assert (door.circuit, door.failures) == ("closed", 1)
    assert door.enter() is None
    door.leave(DOWN)
    assert door.as_dict()["circuit"] == "open"
    clock.advance(1)
    assert door.enter() is None
    door.leave(CancelledError())
    assert door.as_dict()["circuit"] == "open"
    assert door.enter() is None, "the time has come: the next one tries"


def test_a_pause_tells_those_that_wait_and_lets_the_others_end() -> None:
    door, _ = gate(most=1)
    assert door.enter() is None
    waiting = waits(door.enter())
    door.pause("paused by op")
    assert waiting[0].check(Paused)
    with pytest.raises(Paused, match="WB-7201 paused by op"):
        door.enter()
    door.leave(None)
    door.resume()
    assert door.enter() is None


def test_a_hand_over_waits_for_calls_and_keeps_new_ones() -> None:
    door, _ = gate(most=1)
    assert door.enter() is None
    idle = waits(door.hold())
    new = waits(door.enter())
    assert idle == []
    door.leave()
    assert (idle, new) == ([None], [])
    door.release(Limits(most=2))
    assert new == [None]
    assert door.enter() is None
    assert door.queued == 0


def test_a_hand_over_of_a_quiet_gate_is_at_once_and_may_be_given_up() -> None:
    door, _ = gate(most=1)
    assert waits(door.hold()) == [None]
    door.release()
    assert door.enter() is None
    hold = door.hold()
    _ = hold.addErrback(lambda failure: failure.trap(CancelledError))
    hold.cancel()
    door.leave()
    door.release()
    assert door.enter() is None


@dataclass(frozen=True)
class _Breaker:
    after: int = 4
    pause: float = 5.0


@dataclass(frozen=True)
class _Settings:
    max_in_flight: int = 3


@dataclass(frozen=True)
class _Connection:
    settings: Any
    rate: float | None = None
    breaker: _Breaker | None = None


def test_limits_are_read_from_the_connection() -> None:
    assert limits_of(_Connection(_Settings())) == Limits(3)
    assert limits_of(_Connection(object(), 50.0, _Breaker())) == Limits(8, 50.0, 4, 5.0)


def test_when_too_many_wait_further_ones_are_set_aside_until_there_is_room() -> None:
    made, _ = gate(most=2)
    assert made.enter() is None
    assert made.enter() is None
    while len(made._queue) < made.most_queued:
        made.check()
        assert made.enter() is not None
    assert made.room() == 0
    with pytest.raises(Crowded, match="WB-7212"):
        made.check()
    while made.room() == 0:
        made.leave()
    assert made.room() == made.most_queued - made.queued >= made.most_queued // 2
    made.check()


def test_a_gate_with_enough_to_do_lets_listeners_wait() -> None:
    door, _ = gate(most=1)
    for _ in range(2 + ENOUGH):
        door.enter()
    assert door.queued == ENOUGH + 1
    assert door.crowd.turn() is None
    door.coming = 1  # it will be a call here, too
    seen = waits(door.crowd.turn())
    assert not seen
    door.leave()
    assert seen == [None], "one call less, one listener more"


def test_a_pause_lets_listeners_wait_no_longer() -> None:
    door, clock = gate(most=1)
    door.coming = ENOUGH + 2
    seen = waits(door.crowd.turn())
    door.pause("paused by op")
    assert seen == [None]
    assert not clock.getDelayedCalls()
