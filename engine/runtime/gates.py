"""The gate of each connection: how many calls at a time, how many a second, the circuit breaker, and the pause.

A free gate costs a few comparisons: `enter` answers None and the call goes at once. Else it answers a Deferred, whose
cancellation leaves the queue, or raises: `Paused` (the run waits until somebody opens the gate again) or `Unavailable`
(the circuit is open: the step's policy tries again).
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from typing import Any, Literal

from twisted.internet.defer import Deferred

from engine.message import InDoubt, Refused, Unavailable
from engine.runtime.crowd import SLOW, Crowd
from engine.tasks import Once

PAUSED = "WB-7201"
OPEN = "WB-7202"
CROWDED = "WB-7212"
DEFAULT_MOST = 8
QUEUED = 32
"""Calls that may wait for a turn, beside four for each that may be under way."""
ENOUGH = 16
"""Calls that may wait for a turn, beside two for each that may be under way, before listeners are let wait: those that
would be set aside else, and read again."""
BURST = 0.1
"""Seconds' worth of a rate that may go at once: so a second holds at most a tenth more than the rate says."""

Circuit = Literal["closed", "open", "half open"]


class Crowded(Unavailable):
    """So many calls wait for their turn already that this run is better kept out of memory until there is room."""

    def __init__(self, connection: str) -> None:
        super().__init__(CROWDED, f"connection {connection} has more to do than it gets done")
        self.connection = connection


class Paused(Unavailable):
    """Somebody paused or stopped this connection: it was not done, and no policy counts this as an attempt."""

    def __init__(self, connection: str, reason: str) -> None:
        super().__init__(PAUSED, reason)
        self.connection = connection


@dataclass(frozen=True, slots=True)
class Limits:
    """most: calls at a time. rate: calls a second. after: failures in a row that open the circuit, for `pause` s."""

    most: int = DEFAULT_MOST
    rate: float | None = None
    after: int | None = None
    pause: float = 30.0


def limits_of(connection: Any) -> Limits:
    """What a connection of a site says, in its common keys or in its channel's settings."""

    def said(name: str) -> Any:
        found = getattr(connection, name, None)
        return found if found is not None else getattr(connection.settings, name, None)

    breaker, rate = said("breaker"), said("rate")
    return Limits(
        int(said("max_in_flight") or DEFAULT_MOST),
        None if rate is None else float(getattr(rate, "per_second", rate)),
        None if breaker is None else int(breaker.after),
        30.0 if breaker is None else float(breaker.pause),
    )


def waits_for_turn(connection: str) -> str:
    """The reason of the runs that were set aside at a crowded connection."""
    return f"a turn at connection {connection}"


def waits_for(connection: str) -> str:
    """The reason of the runs that wait at a paused connection, by which they are found again."""
    return f"connection {connection} is paused"


class Gate:
    """One connection's. Every `enter` that did not raise is followed by one `leave`."""

    def __init__(self, reactor: Any, name: str, limits: Limits) -> None:
        self._reactor = reactor
        self.name = name
        self.limits = limits
        self.in_flight = 0
        self.failures = 0
        self.circuit: Circuit = "closed"
        self.paused = ""
        """Why nothing passes; empty while it is open to all."""
        self.crowded = False
        """Runs were set aside; `Runtime` brings them back when there is room."""
        self.coming = 0
        """Messages that were let in and have not come so far: each will be a call here."""
        self.crowd = Crowd(reactor, self.is_busy, SLOW)
        self._held = False
        self._opens_at = 0.0
        self._queue: deque[Deferred[None]] = deque()
        self._tokens = _burst(limits)
        self._filled_at = 0.0
        self._timer: Any = None
        self._idle: list[Deferred[None]] = []

    @property
    def queued(self) -> int:
        return len(self._queue)

    def is_busy(self) -> bool:
        """Whether there is enough to do for now."""
        return len(self._queue) + self.coming >= ENOUGH + 2 * self.limits.most

    def enter(self) -> Deferred[None] | None:
        """None: go. A Deferred: go when it fires. Raises `Paused`, or `Unavailable` while the circuit is open."""
        if self.paused:
            raise Paused(self.name, self.paused)
        if self.circuit != "closed":
            self._try_circuit()
        if not self._queue and self._free():
            self.in_flight += 1
            return None
        turn: Once[None] = Once(self._given_up)
        self._queue.append(turn)
        self._set_timer()
        return turn

    def check(self) -> None:
        """Raises what `enter` would raise now, or `Crowded`; takes nothing."""
        if self.paused:
            raise Paused(self.name, self.paused)
        if self.circuit == "open" and self._reactor.seconds() < self._opens_at:
            raise Unavailable(OPEN, self._open_text())
        if len(self._queue) >= self.most_queued:
            self.crowded = True
            raise Crowded(self.name)

    @property
    def most_queued(self) -> int:
        """Calls that may wait for a turn before further ones are set aside."""
        return QUEUED + 4 * self.limits.most

    def room(self) -> int:
        """How many of those that were set aside may come now: 0 while there are none, or no room."""
        half = self.most_queued // 2
        return self.most_queued - len(self._queue) if self.crowded and len(self._queue) <= half else 0

    def leave(self, error: BaseException | None = None) -> None:
        """The call has ended; error: how it failed."""
        self.in_flight -= 1
        self._judge(error)
        if self._queue:
            self._admit()
        self.crowd.finished()
        if self.in_flight == 0 and self._idle:
            idle, self._idle = self._idle, []
            for waiting in idle:
                waiting.callback(None)

    # --- the circuit

    def _judge(self, error: BaseException | None) -> None:
        if self.limits.after is None:
            return
        if isinstance(error, Unavailable | InDoubt):
            self.failures += 1
            if self.circuit == "half open" or self.failures >= self.limits.after:
                self._break()
        elif error is None or isinstance(error, Refused):  # it answered
            self.failures = 0
            self.circuit = "closed"
        elif self.circuit == "half open":  # given up by its own caller, which says nothing of the peer
            self.circuit = "open"

    def _break(self) -> None:
        self.circuit = "open"
        self._opens_at = self._reactor.seconds() + self.limits.pause
        waiting, self._queue = self._queue, deque()
        for turn in waiting:
            turn.errback(Unavailable(OPEN, self._open_text()))

    def _try_circuit(self) -> None:
        """Let one call through when it is time; the others fail at once."""
        if self.circuit == "open" and self._reactor.seconds() >= self._opens_at:
            self.circuit = "half open"
            return
        raise Unavailable(OPEN, self._open_text())

    def _open_text(self) -> str:
        left = max(0.0, self._opens_at - self._reactor.seconds())
        at = time.strftime("%H:%M:%S", time.localtime(time.time() + left))
        return f"circuit open after {self.failures} failures in a row, next try at {at}"

    # --- pause, and the hand-over of a reload

    def pause(self, reason: str) -> None:
        """From now on nothing passes; who waits for a turn is told. Calls that are under way end as they will."""
        self.paused = reason
        self.crowd.release()
        waiting, self._queue = self._queue, deque()
        for turn in waiting:
            turn.errback(Paused(self.name, reason))

    def resume(self) -> None:
        """Let calls pass again, with a circuit that knows of no failures."""
        self.paused = ""
        self.circuit, self.failures = "closed", 0
        self._admit()

    def hold(self) -> Deferred[None]:
        """Keep new calls waiting; fires when none is under way. For a moment only: `release` ends it."""
        self._held = True
        idle: Deferred[None] = Deferred(self._not_idle)
        if self.in_flight == 0:
            idle.callback(None)
        else:
            self._idle.append(idle)
        return idle

    def _not_idle(self, idle: Deferred[None]) -> None:
        if idle in self._idle:
            self._idle.remove(idle)

    def release(self, limits: Limits | None = None) -> None:
        """Go on, with new limits when they are given."""
        self._held = False
        if limits is not None and limits != self.limits:
            self.limits = limits
            self._tokens = min(self._tokens, _burst(limits))
            self.circuit, self.failures = "closed", 0
        self._admit()

    # --- turns

    def _free(self) -> bool:
        if self._held or self.in_flight >= self.limits.most:
            return False
        return self.limits.rate is None or self._take_token(self.limits.rate)

    def _take_token(self, rate: float) -> bool:
        now = self._reactor.seconds()
        self._tokens = min(_burst(self.limits), self._tokens + (now - self._filled_at) * rate)
        self._filled_at = now
        # Tokens are added in parts: what floating point leaves out must not make a caller wait for ever.
        if self._tokens < 1 - 1e-6:
            return False
        self._tokens -= 1
        return True

    def _admit(self) -> None:
        while self._queue and self._free():
            self.in_flight += 1
            self._queue.popleft().callback(None)
        self._set_timer()

    def _set_timer(self) -> None:
        """When only the rate keeps the first in the queue, look again when there is a token."""
        rate = self.limits.rate
        if rate is None or not self._queue or self._held or self.in_flight >= self.limits.most:
            return
        if self._timer is None or not self._timer.active():
            self._timer = self._reactor.callLater(max(0.001, (1 - self._tokens) / rate), self._admit)

    def _given_up(self, turn: Deferred[None]) -> None:
        if turn in self._queue:
            self._queue.remove(turn)
        if self.circuit == "half open" and self.in_flight == 0:
            self.circuit = "open"

    def close(self) -> None:
        """The engine stops, or the connection is no more."""
        self.crowd.release()
        if self._timer is not None and self._timer.active():
            self._timer.cancel()

    def as_dict(self) -> dict[str, Any]:
        """For screens and metrics."""
        return {
            "in_flight": self.in_flight, "queued": self.queued, "circuit": self.circuit, "failures": self.failures,
            "paused": self.paused, "max_in_flight": self.limits.most, "rate": self.limits.rate,
        }  # fmt: skip

    def trouble(self) -> str:
        """One line when it keeps calls back, else empty."""
        if self.paused:
            return self.paused
        return self._open_text() if self.circuit != "closed" else ""


def _burst(limits: Limits) -> float:
    return max(1.0, (limits.rate or 0.0) * BURST)
