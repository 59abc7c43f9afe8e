"""Which runs go now: claimed ones in memory, bounded; the database is asked for retries, waits and recovery only."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Awaitable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import deferLater

from engine.message import Unavailable, Value
from engine.points import point
from engine.runtime import bodies, journal, recovery, straight
from engine.runtime.ahead import Begun
from engine.runtime.crowd import Crowd
from engine.runtime.journey import BUG, Journey, where
from engine.runtime.outcome import Run
from engine.runtime.settle import After
from engine.runtime.states import State

if TYPE_CHECKING:
    from engine.runtime.runtime import Runtime

log = logging.getLogger(__name__)

Seed = Mapping[str, Value] | Begun
"""What the commit of a run had in hand: its values need not be read again, and what was done ahead is done."""

ACTIVE = 48
"""Journeys at a time: enough to fill a commit group, few enough to leave the reactor to the listeners."""
MEMORY = 1000
"""Claimed runs that may wait in memory; more stay `ready` in the database."""
CLAIM = 200
BUSY = 200
"""Milliseconds until due runs are looked for again while the memory is full."""
CROWD = 64
"""Runs at work or in the queue from which on the listeners wait. Those that wait for a peer do not count: they hold up
nobody."""
STEP_END = 10.0
"""Seconds that running steps get at stop."""


class Dispatcher:
    """Starts journeys in order of their numbers, at most `ACTIVE` at a time."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._queue: deque[tuple[Run, Seed | None]] = deque()
        self._active: set[int] = set()
        # A run on its last chance goes without another such one, so that the innocent are not held with the guilty.
        self._alone: int | None = None
        self._waiting: list[tuple[Run, Seed | None]] = []
        # Closed until what was open is recovered: a run that is claimed before would be recovered too, and go twice.
        self._stopping = True
        self._more_ready = False
        self._asking = False
        self._going = False
        self._parked = 0
        self._crowd = Crowd(runtime.reactor, lambda: self._at_work() >= CROWD)
        self._timer: Any = None
        self._timer_at: int | None = None

    @property
    def queued(self) -> int:
        return len(self._queue)

    @property
    def active(self) -> int:
        return len(self._active)

    def room(self) -> int:
        """How many runs may be claimed now (0: they stay `ready`)."""
        return 0 if self._stopping else max(0, MEMORY - len(self._queue))

    def turn(self) -> Deferred[None] | None:
        """For a listener: None, or when to accept."""
        return self._crowd.turn()

    def _at_work(self) -> int:
        return len(self._queue) + len(self._active) - self._parked

    def park(self) -> None:
        """A run waits for somebody else from now on: another may be at work in its place."""
        self._parked += 1
        if self._queue and not self._going:
            self._soon()
        self._crowd.look()

    def unpark(self) -> None:
        self._parked -= 1

    def _soon(self) -> None:
        """Look at the queue once a turn of the loop."""
        self._going = True
        self._runtime.reactor.callLater(0, self._go)

    async def start(self) -> None:
        """What was running when the engine ended becomes ready; a run that stopped it three times is held."""
        now = self._runtime.now()
        await self._runtime.store.write(lambda conn: recovery.recover(conn, now))
        point("start.recovered")
        self._stopping = False
        self.poke()
        self.wake_at(await self._runtime.store.read(journal.next_due))

    def take(self, runs: Iterable[tuple[Run, Seed | None]]) -> None:
        """Runs that a commit has just claimed."""
        self._queue.extend(runs)
        self._go()

    def poke(self) -> None:
        """There may be ready runs in the database."""
        self._more_ready = True
        self._go()

    def wake_at(self, due_at: int | None) -> None:
        """Look for due runs then (ms)."""
        if due_at is None or self._stopping or (self._timer_at is not None and self._timer_at <= due_at):
            return
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer_at = due_at
        # At most a minute ahead: a wall clock that is set forward is noticed by then.
        seconds = min(60.0, max(0.0, (due_at - self._runtime.now()) / 1000))
        self._timer = self._runtime.reactor.callLater(seconds, self._due)

    async def stop(self) -> None:
        """Start nothing more; running steps get `STEP_END` seconds; what is claimed is given back."""
        self._stopping = True
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        end = self._runtime.reactor.seconds() + STEP_END
        while self._active and self._runtime.reactor.seconds() < end:
            await deferLater(self._runtime.reactor, 0.02, lambda: None)
        self._queue.clear()
        self._waiting.clear()
        self._crowd.release()

    def _due(self) -> None:
        self._timer_at = None
        _ = self._runtime.spawn("due", self._claim_due())

    async def _claim_due(self) -> None:
        now = self._runtime.now()
        most = min(CLAIM, MEMORY - len(self._queue))
        if most <= 0:
            self.wake_at(now + BUSY)
            return
        try:
            claimed, next_at = await self._runtime.store.write(lambda conn: _claim_due(conn, now, most))
        except Unavailable:
            claimed, next_at = [], now + 1000  # the disk: the listeners say so too; look again in a second
        self.take((run, None) for run in claimed)
        self.wake_at(next_at)

    def _go(self) -> None:
        self._going = False
        while self._queue and len(self._active) - self._parked < ACTIVE and not self._stopping:
            run, seed = self._queue.popleft()
            if run.suspect >= recovery.LAST:
                if self._alone is not None:
                    self._waiting.append((run, seed))
                    continue
                self._alone = run.seq
            self._active.add(run.seq)
            _ = self._runtime.spawn(f"run {run.seq}", self._journey(run, seed))
        if self._more_ready and not self._asking and not self._stopping and len(self._queue) < MEMORY // 2:
            self._asking = True
            _ = self._runtime.spawn("claim", self._claim_ready())

    async def _claim_ready(self) -> None:
        self._more_ready = False
        try:
            claimed = await self._runtime.store.write(lambda conn: journal.claim_ready(conn, CLAIM))
            self._more_ready = self._more_ready or len(claimed) == CLAIM
            seeds = await bodies.seeds(self._runtime, [run for run in claimed if run.fresh])
        except Unavailable:
            claimed, seeds = [], {}
            self._runtime.reactor.callLater(1.0, self.poke)
        finally:
            self._asking = False
        self.take((run, seeds.get(run.seq)) for run in claimed)

    async def _journey(self, run: Run, seed: Seed | None) -> None:
        try:
            after = await self._perform(run, seed)
            self._queue.extend(after.started)
            if after.woken:
                self._more_ready = True
            if after.state is State.WAITING:
                self.wake_at(after.due_at)
        except CancelledError:
            raise
        except Unavailable as error:
            # The settle itself did not get through (disk full): the run stays as it was, and is taken up again.
            log.error("run %s could not be settled: %s", run.id, error.code)
            self._runtime.reactor.callLater(1.0, self._give_back, run)
        except Exception as error:  # noqa: BLE001 - a defect holds this run, in sight, and no other
            await self._hold(run, error)
        finally:
            self._active.discard(run.seq)
            self._crowd.finished()
            if self._alone == run.seq:
                self._alone = None
                self._queue.extend(self._waiting)
                self._waiting.clear()
            if not self._going and (self._queue or self._more_ready) and not self._stopping:
                self._soon()

    def _perform(self, run: Run, seed: Seed | None) -> Awaitable[After]:
        if run.route in self._runtime.paused.routes:  # since it was claimed
            return self._not_now(run)
        route = self._runtime.route(run.route, run.revision)
        if isinstance(seed, Begun) and seed.ahead.last and route is not None:
            return straight.go(self._runtime, run, route, seed)
        journey = Journey(self._runtime, run, route, seed)
        return self._suspected(run, journey) if run.suspect else journey.go()

    async def _not_now(self, run: Run) -> After:
        await self._ready_again(run)
        return After(State.READY, run)

    async def _suspected(self, run: Run, journey: Journey) -> After:
        await self._runtime.store.write(lambda conn: recovery.begin(conn, run.seq))
        return await journey.go()

    async def _hold(self, run: Run, error: Exception) -> None:
        self._runtime.count_bug(run.step)
        reason = f"defect: {where(error)}"
        log.error("bug in run %s: %s", run.id, reason)
        try:
            await self._runtime.store.write(lambda conn: hold(conn, run.seq, BUG, reason, self._runtime.now()))
        except Unavailable:
            self._runtime.reactor.callLater(1.0, self._give_back, run)

    def _give_back(self, run: Run) -> None:
        if not self._stopping:
            _ = self._runtime.spawn("give back", self._ready_again(run))

    async def _ready_again(self, run: Run) -> None:
        def operation(conn: Connection) -> None:
            row = journal.state_of(conn, run.seq)
            if row["state"] == State.RUNNING:
                journal.move(conn, row, State.READY, self._runtime.now())

        try:
            await self._runtime.store.write(operation)
        except Unavailable:
            self._runtime.reactor.callLater(1.0, self._give_back, run)
            return
        self.poke()


def _claim_due(conn: Connection, now: int, most: int) -> tuple[list[Run], int | None]:
    return journal.claim_due(conn, now, most), journal.next_due(conn)


def hold(conn: Connection, seq: int, code: str, reason: str, now: int) -> None:
    """Hold a running run for a person, where it stands."""
    row = journal.state_of(conn, seq)
    if row["state"] != State.RUNNING:
        return
    journal.move(conn, row, State.HELD, now, code=code, reason=reason)
    journal.add_event(conn, seq, None, now, "held", row["step"], code=code, text=reason)
    journal.add_attention(
        conn, "bug", now, code, reason, run=seq, route=row["route"], step=row["step"], message_id=row["message_id"]
    )
