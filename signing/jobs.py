"""The states of a durable signing job, and the one table of its legal moves.

prepared: our key is durable, nothing was sent. submitted: the request is on its way; its outcome is unknown while it
stays so. waiting: the provider has it. returned: an answer came, the gate has not spoken. verified: the gate accepted.
delivered: the run went on with it. A result that arrives after an end is kept as evidence and moves nothing.
"""

from __future__ import annotations

import enum


class JobState(enum.StrEnum):
    PREPARED = "prepared"
    SUBMITTED = "submitted"
    WAITING = "waiting"
    RETURNED = "returned"
    VERIFIED = "verified"
    DELIVERED = "delivered"
    REFUSED = "refused"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    FAILED = "failed"
    QUARANTINED = "quarantined"


_ENDS = {JobState.REFUSED, JobState.EXPIRED, JobState.CANCELLED, JobState.FAILED}

MOVES: dict[JobState, frozenset[JobState]] = {
    JobState.PREPARED: frozenset({JobState.SUBMITTED, JobState.CANCELLED, JobState.FAILED}),
    # Back to prepared only when it is certain that nothing was handed in.
    JobState.SUBMITTED: frozenset({JobState.WAITING, JobState.PREPARED} | _ENDS - {JobState.REFUSED}),
    JobState.WAITING: frozenset({JobState.RETURNED} | _ENDS),
    JobState.RETURNED: frozenset({JobState.VERIFIED, JobState.QUARANTINED}),
    JobState.VERIFIED: frozenset({JobState.DELIVERED}),
    JobState.DELIVERED: frozenset(),
    JobState.REFUSED: frozenset(),
    JobState.EXPIRED: frozenset(),
    JobState.CANCELLED: frozenset(),
    JobState.FAILED: frozenset(),
    JobState.QUARANTINED: frozenset(),
}

FINAL = frozenset(state for state, moves in MOVES.items() if not moves)
"""States that a job never leaves."""
OPEN = frozenset(MOVES) - FINAL


def may(old: JobState, new: JobState) -> bool:
    """Whether the move is legal."""
    return new in MOVES[old]


def before(new: JobState) -> frozenset[JobState]:
    """The states from which `new` can be reached in one move: for `UPDATE ... WHERE state IN (...)`."""
    return frozenset(state for state, moves in MOVES.items() if new in moves)
