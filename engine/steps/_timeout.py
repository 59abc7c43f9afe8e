"""When the time of a wait is over: an alert, another step, or the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.runtime.context import Context
from engine.runtime.outcome import Jump, Outcome, Stop
from engine.site.settings import Duration, option

OVERDUE = "WB-2014"


@dataclass(frozen=True)
class OnTimeout:
    """Without `go` or `then` an alert is raised, and the wait goes on."""

    alert: str = option("the alert that is raised (default: the operators, where the wait goes on)", "")
    go: str = option("the step to go to", "")
    then: Literal["dead", "hold"] | None = option("the run ends here, or is held", None)

    def __post_init__(self) -> None:
        if self.go and self.then:
            raise ValueError("write one of `go` and `then`")

    @property
    def goes_on(self) -> bool:
        """Whether the wait goes on."""
        return not self.go and self.then is None


def until_of(until: Duration | None, context: Context) -> int | None:
    """When a wait that began at the step's first attempt is over."""
    if until is None:
        return None
    return (context.run.first_try_at or context.now()) + int(until * 1000)


def say_overdue(on_timeout: OnTimeout | None, context: Context) -> None:
    """An entry in Attention, once."""
    alert = on_timeout.alert if on_timeout else ""
    context.overdue(f"overdue: alert to {alert or 'operators'}")


def time_over(on_timeout: OnTimeout | None, context: Context, what: str) -> Outcome | None:
    """What follows when the time for `what` is over; None: an alert is raised, and the wait goes on."""
    if on_timeout is None or on_timeout.goes_on or on_timeout.alert:
        say_overdue(on_timeout, context)
    if on_timeout is None or on_timeout.goes_on:
        return None
    reason = f"{what} did not come in time"
    if on_timeout.go:
        return Jump(on_timeout.go, f"{OVERDUE} {reason}")
    return Stop("held" if on_timeout.then == "hold" else "dead", OVERDUE, reason)
