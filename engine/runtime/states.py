"""The states of a run and the one table of legal moves."""

from __future__ import annotations

import enum


class State(enum.StrEnum):
    READY = "ready"
    RUNNING = "running"
    WAITING = "waiting"
    HELD = "held"
    DONE = "done"
    FILTERED = "filtered"
    INVALID = "invalid"
    DEAD = "dead"
    CANCELLED = "cancelled"


FINAL = frozenset({State.DONE, State.FILTERED, State.INVALID, State.CANCELLED})
"""A dead run is not final: a person may retry it."""

MOVES: dict[State, frozenset[State]] = {
    State.READY: frozenset({State.RUNNING, State.HELD, State.CANCELLED}),
    State.RUNNING: frozenset(set(State) - {State.INVALID}),
    State.WAITING: frozenset({State.READY, State.RUNNING, State.HELD, State.DEAD, State.CANCELLED, State.DONE}),
    State.HELD: frozenset({State.READY, State.CANCELLED, State.FILTERED, State.DEAD}),
    State.DEAD: frozenset({State.READY, State.CANCELLED}),
    State.DONE: frozenset(),
    State.FILTERED: frozenset(),
    State.INVALID: frozenset(),
    State.CANCELLED: frozenset(),
}


class IllegalMove(Exception):
    """A bug: some code tried a move that the table does not have."""


def check_move(old: State, new: State) -> None:
    if new not in MOVES[old]:
        raise IllegalMove(f"{old} -> {new}")
