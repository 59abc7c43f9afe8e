"""The engine's time goes steadily: a wall clock that jumps against the monotonic one is noticed and not followed.

Every time limit of the engine is a time of day in the store, for it must outlive the process. When the machine's clock
jumps, that says nothing about how long somebody has had to answer: so the engine's time goes on as before (nothing
expires that would not have, nothing waits longer, the order stays), and the health says that the clock jumped. When the
wall clock has kept its new time for `STABLE` seconds it is believed, which confirms what is due by it; when it comes
back before that, nothing has happened. When it is believed after a jump back, retries that were noted by the wrong time
are brought forward by as much, so that nobody waits for an hour that is repeated. A restart believes the clock.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection

from engine.message import Unavailable
from engine.repeat import Repeat
from engine.runtime.condition import Condition
from engine.store import clock

log = logging.getLogger(__name__)

LOOK = 1.0
"""Seconds between two looks."""
JUMP = 5_000
"""Milliseconds: less is the network's time being followed step by step, and is followed at once."""
STABLE = 60.0
"""Seconds for which the wall clock must keep its new time to be believed."""
CLOCK = "clock"


class ClockWatch:
    """From `start` to `stop` the process has the time of `now`, unless a test has given it another one before."""

    def __init__(
        self, reactor: Any, store: Any, condition: Condition, moved: Callable[[], None], *,
        wall: Callable[[], int] = clock.wall_ms, steady: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._store = store
        self._condition = condition
        self._moved = moved
        self._wall = wall
        self._steady = steady
        self._offset = self._measured()
        self._doubted: tuple[int, float] | None = None  # the new offset, and since when it has been so
        self.repeat = Repeat(reactor, "clock", LOOK, self.look)

    def start(self) -> bool:
        """Whether there is a wall clock to be watched."""
        return clock.follow(self.now)

    def stop(self) -> None:
        self.repeat.stop()
        clock.leave(self.now)

    def now(self) -> int:
        """UTC milliseconds that know no jumps."""
        return self._offset + int(self._steady() * 1000)

    async def look(self) -> None:
        """Compare the two clocks."""
        measured = self._measured()
        away = measured - self._offset
        if abs(away) < JUMP:
            self._offset = measured
            self._doubted = None
            self._condition.say(CLOCK, "")
            return
        if self._doubted is None or abs(measured - self._doubted[0]) >= JUMP:
            self._doubted = (measured, self._steady())
            self._condition.say(CLOCK, f"the clock jumped {_words(away)}: time limits wait until it keeps its time")
        elif self._steady() - self._doubted[1] >= STABLE:
            await self._believe(measured, away)

    async def _believe(self, measured: int, away: int) -> None:
        now = measured + int(self._steady() * 1000)
        if away < 0:
            try:
                await self._store.write(lambda conn: bring_forward(conn, now, -away))
            except Unavailable:
                return  # at the next look
        self._offset = measured
        self._doubted = None
        log.warning("the clock is believed after a jump %s", _words(away))
        self._condition.say(CLOCK, "")
        self._moved()

    def _measured(self) -> int:
        return self._wall() - int(self._steady() * 1000)


def bring_forward(conn: Connection, now: int, by: int) -> int:
    """Time limits of runs that began to wait later than now are so much too late; how many."""
    waits = "UPDATE wait SET until_at = until_at - ? WHERE until_at IS NOT NULL AND armed_at > ?"
    conn.exec_driver_sql(waits, (by, now))
    runs = "UPDATE run SET due_at = due_at - ? WHERE due_at IS NOT NULL AND state = 'waiting' AND since > ?"
    return conn.exec_driver_sql(runs, (by, now)).rowcount


def _words(away: int) -> str:
    seconds = abs(away) // 1000
    many = f"{seconds} s" if seconds < 600 else f"{seconds // 60} min"
    return f"{'ahead' if away > 0 else 'back'} by {many}"
