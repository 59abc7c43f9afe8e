"""One life of the engine in a test: the real store, inbox, dispatcher and steps, between mocked peers.

`kill` is an end without warning: nothing that this engine had in memory, in its queues or on the way happens any more.
What was committed is there; a transaction that was open is not.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import deferLater
from twisted.python.failure import Failure as TwistedFailure

from engine.channel import Services
from engine.message import Blob
from engine.runtime import journal
from engine.runtime.filebook import FileBook
from engine.runtime.runtime import Parts, Runtime
from engine.steps import sign
from engine.store.blobs import Blobs
from engine.store.database import Store
from engine.store.writer import Writer
from engine.tasks import Tasks
from engine.testing.clock import VirtualReactor
from engine.testing.mocks import content_type_of
from engine.threads import Pools

if TYPE_CHECKING:
    from engine.testing.stage import Stage

T = TypeVar("T")

STUCK = 30.0
"""Real seconds in which the engine comes to rest after anything that happens."""
EXACT, COARSE = 200, 50
"""Wake-ups within one `advance` that happen at their exact time; what repeats longer happens so often again."""
MOMENT = 0.01
"""Real seconds between two looks at an engine of which nothing is heard."""
IDLE = 0.5
"""Real seconds without news after which a reply is taken to wait for a later time."""
GATE = "signing.gate:verify"
ABOUT_FILES = ("signing.intake:inspect", "signing.seal:place", "engine.transform.pdf:complete")
"""Jobs whose answer depends on nothing but a document: asked once for the same bytes."""


class Killed(SystemExit):
    """The engine ended at a point. A SystemExit, so that no `except Exception` survives its own death."""


class Stuck(Exception):
    """The engine did not come to rest: what it was doing."""


class MortalWriter(Writer):
    """Its thread may end at a point, without a word."""

    def _work(self) -> None:
        with contextlib.suppress(SystemExit):
            super()._work()


class MortalStore(Store):
    """A store whose process can be killed."""

    def __init__(self, path: Path, reactor: Any) -> None:
        self._writers: list[Connection] = []
        super().__init__(path, reactor, durable=False)
        self._writer = MortalWriter(self._connect_writer, self._deliver, 20_000)
        self.dead = False

    def write(self, operation: Callable[[Connection], T], *, background: bool = False) -> Deferred[T]:
        return Deferred() if self.dead else super().write(operation, background=background)

    def read(self, query: Callable[[Connection], T]) -> Deferred[T]:
        return Deferred() if self.dead else super().read(query)

    def kill(self) -> None:
        """What is queued is never written; an open transaction is rolled back."""
        self.dead = True
        self._writer.drop()
        self._writer.close()
        self._closed = True
        self._checkpoint.set()
        self._checkpointer.join()
        self._readers.stop()
        for conn in [conn for conn in self._writers if not conn.closed]:
            with contextlib.suppress(sqlite3.Error, DBAPIError):
                conn.invalidate()
                conn.close()
        self._engine.dispose()

    def _connect_writer(self) -> Connection:
        conn = super()._connect_writer()
        self._writers.append(conn)
        return conn


class Workers:
    """The shared worker processes, as this engine sees them: a dead one gets no answers."""

    def __init__(self, stage: Stage, reactor: VirtualReactor, after: Callable[[], None]) -> None:
        self._stage = stage
        self._reactor = reactor
        self._after = after
        self.under_way = 0

    def run(self, job: str, *args: Any, deadline: float | None = None, heavy: bool = False) -> Deferred[Any]:
        if job == GATE:
            returned = Path(args[1])
            return succeed(self._stage.phone.verdict(returned.name, returned.stat().st_size))
        key = (job, Path(args[0]).name, *args[1:]) if job in ABOUT_FILES else None
        if key in self._stage.known:
            return succeed(self._stage.known[key])
        answer: Deferred[Any] = Deferred()

        def tell(result: Any) -> None:
            self.under_way -= 1
            if key is not None and not isinstance(result, TwistedFailure):
                self._stage.known[key] = result
            if not self._reactor.ended and not answer.called:
                answer.callback(result)
            self._after()

        self.under_way += 1
        _ = self._stage.pool.run(job, *args, deadline=deadline, heavy=heavy).addBoth(tell)
        return answer


class Engine:
    """`start`, let things happen, `settle`; `kill` or `stop` at the end."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self._waiter: Deferred[None] | None = None
        self._heard = time.monotonic()
        self.reactor = VirtualReactor(stage.reactor, stage.clock, self._something)
        self.store = MortalStore(stage.folder / "waybill.sqlite", self.reactor)
        self.blobs = Blobs(stage.folder / "blobs", durable=False)
        self.threads = Pools(self.reactor)
        self.tasks = Tasks()
        self.dead = False
        self.workers = Workers(stage, self.reactor, self._something)
        workers: Any = self.workers
        self.runtime = Runtime(
            Parts(
                self.reactor, stage.site, self.store, self.blobs, self.threads, workers, self.tasks,
                stage.registry.verb,
            )
        )  # fmt: skip
        self.files = FileBook(self.runtime)
        self._own: list[Any] = []
        self._connect(workers)

    def _connect(self, workers: Any) -> None:
        stage = self.stage
        services = Services(
            self.reactor, stage.site.folder, stage.folder, self.store, self.blobs, self.threads, workers, self.files,
            lambda name: "", self.runtime.set_health, self.tasks.spawn, {},
        )  # fmt: skip
        for name, connection in stage.site.connections.items():
            module = stage.registry.channel(connection.type)
            if not hasattr(module, "CALLS"):
                continue
            real = module.Channel(name, connection.settings, services)
            if stage.is_own(name):
                self._own.append(real)
                self.runtime.sinks[name] = real
            else:
                sink = stage.house.sink(stage.peers[name], real, stage.site.namespaces, self.keep)
                self.runtime.sinks[name] = sink

    def keep(self, path: Path) -> Blob:
        """A file of the test as a document."""
        return self.blobs.put_file(path, content_type_of(path), path.name)

    async def start(self) -> None:
        """As a daemon starts: what was open is taken up again."""
        self.stage.house.lay_out(self.store.path)
        self.store.open()
        for channel in self._own:
            await channel.start(self.runtime.inbox)
        await self.during(self.runtime.dispatcher.start())

    def kill(self) -> None:
        """From the reactor's thread, after `dead` was set or as a test's own wish."""
        self.dead = True
        self.reactor.end()
        self.store.kill()
        self.threads.stop()

    async def stop(self) -> None:
        """In order: what runs ends first."""
        await self.settle()
        self.runtime.inbox.closed = True
        await self.runtime.dispatcher.stop()
        self.kill()

    async def during(self, work: Awaitable[T], *, lets_pass: bool = False) -> T:
        """The result of `work`, or `Killed` when the engine ends meanwhile.

        lets_pass: what waits for a later time gets it, when nothing else goes on.
        """
        result: list[Any] = []
        done: Deferred[T] = Deferred.fromCoroutine(_as_coroutine(work))
        _ = done.addBoth(result.append)
        end = time.monotonic() + STUCK
        while not result and not self.dead:
            self._not_for_ever(end)
            await self._next()
            if lets_pass and not result and time.monotonic() - self._heard > IDLE:
                await self._pass_on()
        if self.dead:
            raise Killed
        if isinstance(result[0], TwistedFailure):
            result[0].raiseException()
        value: T = result[0]
        return value

    async def write(self, operation: Callable[[Connection], T]) -> T:
        """What a person or peer does to the store; then the engine looks."""
        done = await self.during(self.store.write(operation))
        self.runtime.poke()
        return done

    def read(self, query: Callable[[Connection], T]) -> T:
        return self.store.read_now(query)

    async def settle(self) -> None:
        """Wait until nothing is going on but waiting. Raises `Killed`, `Stuck`."""
        end = time.monotonic() + STUCK
        quiet = 0
        while quiet < 2:
            if self.dead:
                raise Killed
            self._not_for_ever(end)
            busy = self.tasks.names() or self.runtime.dispatcher.queued or self.reactor.soon or self.store.queued()
            quiet = 0 if busy else quiet + 1
            await (self._next() if busy else deferLater(self.stage.reactor, 0, lambda: None))

    async def _next(self) -> None:
        """Until something has happened in the engine; at most a moment, for what nobody tells."""
        waiter: Deferred[None] = Deferred()
        self._waiter = waiter
        timer = self.stage.reactor.callLater(MOMENT, self._fire, waiter)
        await waiter
        if timer.active():
            timer.cancel()

    async def _pass_on(self) -> None:
        """To the next moment at which something is due."""
        due = self.read(journal.next_due)
        timer = self.reactor.next()
        moments = [at for at in (due, None if timer is None else int(timer * 1000) + 1) if at is not None]
        if moments and not (self.tasks.names() or self.workers.under_way or self.store.queued()):
            await self.until(max(min(moments), self.stage.clock.now()))
        self._heard = time.monotonic()

    def _something(self) -> None:
        """In the reactor's thread: look again in its next turn."""
        self._heard = time.monotonic()
        waiter, self._waiter = self._waiter, None
        if waiter is not None:
            self.stage.reactor.callLater(0, self._fire, waiter)

    def _fire(self, waiter: Deferred[None]) -> None:
        if not waiter.called:
            waiter.callback(None)

    def _not_for_ever(self, end: float) -> None:
        if time.monotonic() > end:
            raise Stuck(f"after {STUCK:g} s the engine is still at: {', '.join(self.tasks.names()) or 'a message'}")

    async def until(self, target: int) -> None:
        """Let the time pass up to `target` (ms); whatever is due on the way happens at its time."""
        stops = 0
        while True:
            await self.settle()
            due = self.read(journal.next_due)
            if due is None or due > target:
                break
            stops += 1
            if stops > EXACT + COARSE:
                break
            if stops > EXACT:
                due = max(due, target - (target - self.stage.clock.now()) * (EXACT + COARSE - stops) // COARSE)
            self.stage.clock.set(min(due, target))
            self.runtime.dispatcher.wake_at(due)
            self.reactor.due()
        self.stage.clock.set(target)
        self.reactor.due()
        await self.settle()
        await self.during(sign.tidy(self.runtime))
        await self.settle()


async def _as_coroutine(work: Awaitable[T]) -> T:
    return await work
