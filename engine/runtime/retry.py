"""When a policy tries again, and when it gives up."""

from __future__ import annotations

import random
from dataclasses import dataclass

from engine.site.model import Policy, Then


@dataclass(frozen=True, slots=True)
class Again:
    """Try again after `seconds`; `attempt` is the number of the attempt that failed."""

    seconds: float


@dataclass(frozen=True, slots=True)
class GiveUp:
    then: Then
    why: str


def after_failure(policy: Policy, attempt: int, elapsed: float, chance: random.Random) -> Again | GiveUp:
    """attempt: 1 for the first; elapsed: seconds since the step's first attempt."""
    if policy.times is not None and attempt >= policy.times:
        return GiveUp(policy.then, f"after {attempt} attempts")
    if policy.give_up is not None and elapsed >= policy.give_up:
        return GiveUp(policy.then, f"after {round(elapsed)} s and {attempt} attempts")
    # Past 2**60 the factor only overflows: the maximum rules anyway.
    pause = min(policy.max, policy.first * policy.factor ** min(attempt - 1, 60))
    spread = pause * policy.jitter
    return Again(max(0.0, pause + chance.uniform(-spread, spread)))
