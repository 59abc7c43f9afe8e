"""The engine at work: what journeys, inbox and operators share. Built by `engine.wiring`."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, select
from twisted.internet.defer import Deferred, DeferredSemaphore

from engine.channel import Health, HealthState, Sink, Threads, Workers
from engine.message import INLINE_LIMIT, Blob, InDoubt, Repeat, Request, Response, Unavailable, Value
from engine.runtime import pauses
from engine.runtime.ahead import Forerunner
from engine.runtime.condition import Condition
from engine.runtime.counters import Counters
from engine.runtime.deadlines import Deadlines
from engine.runtime.dispatch import Dispatcher, Seed
from engine.runtime.gates import Gate, limits_of
from engine.runtime.inbox import Inbox
from engine.runtime.outcome import Run
from engine.runtime.pauses import Marks, Paused
from engine.runtime.replies import Replies
from engine.runtime.settle import After
from engine.runtime.states import State
from engine.site.calls import CallSettings
from engine.site.model import Route, Site, Step
from engine.store.blobs import Blobs
from engine.store.clock import local, now_ms
from engine.store.database import Store
from engine.store.schema import message
from engine.tasks import Tasks, drive
from engine.transform.accept import Accepted, AcceptSpec, accept
from engine.transform.reading import kind_of

log = logging.getLogger(__name__)

GUARD = 10.0
"""Seconds past its own time limit after which a sink that does not answer is given up on, in doubt."""

Topics = set[str]
T = TypeVar("T")


@dataclass
class Parts:
    """What the runtime is built from. verb: the module of a step's verb. sinks: by connection's name."""

    reactor: Any
    site: Site
    store: Store
    blobs: Blobs
    threads: Threads
    workers: Workers
    tasks: Tasks
    verb: Callable[[str], Any]
    sinks: dict[str, Sink] = field(default_factory=dict)
    revisions: dict[tuple[str, str], Route] = field(default_factory=dict)


class Runtime:
    """See the module. Everything here runs in the reactor's thread but for what says otherwise."""

    def __init__(self, parts: Parts) -> None:
        self.reactor = parts.reactor
        self.site = parts.site
        self.store = parts.store
        self.blobs = parts.blobs
        self.workers = parts.workers
        self.verb = parts.verb
        self.sinks = parts.sinks
        self.counters_ = Counters(parts.site)
        self._threads = parts.threads
        self._tasks = parts.tasks
        self._revisions = parts.revisions
        self._gates: dict[str, Gate] = {}
        self._turns: dict[str, DeferredSemaphore] = {}
        self._health: dict[str, Health] = {name: Health(HealthState.STOPPED) for name in parts.site.connections}
        self.paused = Paused()
        self.condition = Condition(lambda: self.notify({"dashboard"}))
        self._listeners: list[Callable[[Topics], None]] = []
        self._topics: Topics = set()
        self._deadlines = Deadlines(parts.reactor)
        self.replies = Replies(self)
        self.forerunner = Forerunner(self)
        self.inbox = Inbox(self)
        self.dispatcher = Dispatcher(self)

    # --- another site

    def use(self, site: Site) -> None:
        """From now on this site is at work; unfinished runs stay on the routes that they entered."""
        self._revisions.update({(route.name, route.revision): route for route in self.site.routes.values()})
        for name, connection in site.connections.items():
            self._health.setdefault(name, Health(HealthState.STOPPED))
            if connection != self.site.connections.get(name):
                self._turns.pop(name, None)
        self.site = site
        self.forerunner.forget()
        self.notify({"worklist", "dashboard", "attention"})

    def forget_connection(self, name: str) -> None:
        """It is not in the site any more."""
        self._health.pop(name, None)
        self._turns.pop(name, None)
        gate = self._gates.pop(name, None)
        if gate is not None:
            gate.close()

    def is_stopped(self, connection: str) -> bool:
        mark = self.paused.connections.get(connection)
        return mark is not None and mark.state == "stopped"

    def mark(self, marks: Marks) -> None:
        """What an operator has paused or stopped, as the store holds it: gates close and open accordingly."""
        self.paused.fill(marks)
        for name in self.site.connections:
            mark, gate = self.paused.connections.get(name), self.gate(name)
            if mark is not None:
                gate.pause(mark.text())
            elif gate.paused:
                gate.resume()

    # --- clock, threads, tasks

    def now(self) -> int:
        """UTC milliseconds."""
        return now_ms()

    def local_time(self, at: int) -> str:
        """ISO 8601 with the site's offset, to the second."""
        return local(at).isoformat(timespec="seconds")

    async def in_thread(self, pool: str, work: Callable[..., Any], *args: Any) -> Any:
        return await self._threads.run(pool, work, *args)

    def spawn(self, name: str, work: Awaitable[Any]) -> Deferred[Any]:
        return self._tasks.spawn(name, work)

    # --- routes and messages

    def route(self, name: str, revision: str) -> Route | None:
        current = self.site.routes.get(name)
        if current is not None and current.revision == revision:
            return current
        return self._revisions.get((name, revision))

    def add_revisions(self, loaded: Mapping[tuple[str, str], Route]) -> None:
        """Older revisions that unfinished runs are on."""
        self._revisions.update(loaded)

    def known_route(self, name: str, revision: str) -> Route:
        """As `route`; a revision that is not loaded is read as the current one (for signals and status only)."""
        return self.route(name, revision) or self.site.routes.get(name) or self.any_route()

    def any_route(self) -> Route:
        return next(iter(self.site.routes.values()))

    def message_row(self, conn: Connection, message_id: str) -> Mapping[str, Any]:
        row = conn.execute(select(message).where(message.c.id == message_id)).mappings().one()
        return cast("Mapping[str, Any]", row)

    def read_here(self, spec: AcceptSpec, body: bytes, content_type: str) -> Accepted | None:
        """As `read`, for what is cheaper here than the way to a worker; None for everything else."""
        here = len(body) <= INLINE_LIMIT and kind_of(content_type)[0] != "xml"
        return accept(spec, body, content_type) if here else None

    async def read(self, spec: AcceptSpec, body: bytes, content_type: str) -> Accepted:
        """Read a message: XML, and what is large, in a worker; the rest is cheaper here than the way there."""
        here = self.read_here(spec, body, content_type)
        return here or cast(Accepted, await self.workers.run("engine.transform.jobs:accept", spec, body, content_type))

    async def body_of(self, row: Mapping[str, Any]) -> Value:
        """The message's value, read again from its bytes (after a restart)."""
        body = row["body"]
        if body is None and kind_of(row["content_type"])[0] == "bytes":
            return Blob(row["blob"], row["size"], row["content_type"], dict(row["meta"]).get("name", ""))
        if body is None:
            body = await self.in_thread("blobs", self.blobs.read, Blob(row["blob"], row["size"]))
        return (await self.read(AcceptSpec(), body, row["content_type"])).value

    # --- sinks

    def send(self, connection: str, request: Request) -> Awaitable[Response]:
        """One request, through the connection's gate and within its time limit."""
        return self._through(connection, lambda sink: sink.call(request), request.timeout)

    def ask(self, connection: str, request: Request) -> Awaitable[Response | None]:
        return self._through(connection, lambda sink: sink.ask(request), request.timeout)

    async def _through(self, connection: str, act: Callable[[Sink], Awaitable[T]], seconds: float) -> T:
        self.sink(connection)
        gate = self.gate(connection)
        turn = gate.enter()
        self.dispatcher.park()  # who waits for a turn, or for the peer, does not count as one at work
        try:
            if turn is not None:
                await turn
            error: BaseException | None = None
            limit = 0
            try:
                # The channel of this moment: a reload may have put another there while the call waited for its turn.
                sent: Deferred[T] = drive(act(self.sink(connection)))
                limit = self._deadlines.set(seconds + GUARD, sent.cancel)
                answer = await sent
                self._deadlines.clear(limit)
                self.counters_.sent(connection)
                return answer
            except BaseException as raised:
                error = raised
                if limit and not self._deadlines.clear(limit):
                    error = InDoubt("WB-3002", f"{connection} did not answer within {round(seconds + GUARD)} s")
                    raise error from raised
                if limit:
                    self.counters_.failed(connection, str(getattr(raised, "reason", type(raised).__name__)))
                raise
            finally:
                gate.leave(error)
                if gate.crowded and gate.room():
                    self._bring_back(gate)
        finally:
            self.dispatcher.unpark()

    async def parked(self, waiting: Deferred[T]) -> T:
        """Wait without counting as a run at work: a slow peer must not take the place of others."""
        self.dispatcher.park()
        try:
            return await waiting
        finally:
            self.dispatcher.unpark()

    def _bring_back(self, gate: Gate) -> None:
        """There is room again at a connection: make the first ready that were set aside."""
        most, now = gate.room(), self.now()
        gate.crowded = False

        async def bring() -> None:
            if await self.store.write(lambda conn: pauses.wake_turns(conn, gate.name, most, now)) == most:
                gate.crowded = True  # there may be more
            self.dispatcher.poke()

        _ = self.spawn(f"turns at {gate.name}", bring())

    def sink(self, connection: str) -> Sink:
        """Raises `Unavailable` for one that a run on an older revision knows and the site no more."""
        found = self.sinks.get(connection)
        if found is None:
            raise Unavailable("WB-7204", f"connection {connection} is not in the configuration")
        return found

    def gate(self, connection: str) -> Gate:
        gate = self._gates.get(connection)
        if gate is None:
            limits = limits_of(self.site.connections[connection])
            gate = self._gates[connection] = Gate(self.reactor, connection, limits)
        return gate

    def check_gate(self, connection: str) -> None:
        """Raises what a call would be told at once: that it is paused, that the circuit is open."""
        self.sink(connection)
        self.gate(connection).check()

    def repeat(self, call: CallSettings, arguments: Any) -> Repeat:
        return self.sink(call.to).repeat(call.operation, arguments)

    def owns(self, call: CallSettings, arguments: Any) -> str | None:
        """The folder that this call makes a run's own, if it does."""
        owns = getattr(self.sink(call.to), "owns", None)
        return owns(call.operation, arguments) if owns is not None else None

    def timeout(self, call: CallSettings) -> float:
        if call.timeout is not None:
            return float(call.timeout)
        return self.connection_timeout(call.to)

    def connection_timeout(self, connection: str) -> float:
        known = self.site.connections.get(connection)
        return 30.0 if known is None else float(getattr(known.settings, "timeout", 30.0))

    def turn(self, connection: str) -> DeferredSemaphore:
        """To be held from the intention to the answer of an effect that cannot be repeated."""
        if connection not in self._turns:
            self._turns[connection] = DeferredSemaphore(self.gate(connection).limits.most)
        return self._turns[connection]

    # --- what happened, for screens and counters

    def room(self) -> int:
        return self.dispatcher.room()

    def take(self, run: Run, seed: Seed) -> None:
        self.dispatcher.take([(run, seed)])

    def accepted(self, connection: str, route: str, kind: str, ready: bool) -> None:
        self.counters_.received(connection, route, kind)
        if ready:
            self.dispatcher.poke()
        self.notify({"worklist", "dashboard"})

    def refused(self, connection: str, reason: str) -> None:
        self.counters_.refused(connection, reason)
        self.notify({"attention", "dashboard"})

    def settled(self, run: Run, step: Step, after: After) -> None:
        self.counters_.settled(run.route, after.state.value)
        if self.replies and after.state is not State.RUNNING:
            self.replies.settled(run.message_id)
        if not self._listeners:
            return
        topics = {"worklist", "dashboard", f"run:{run.id}"}
        if after.state in (State.DEAD, State.HELD):
            topics.add("attention")
        if step.verb == "sign":
            topics.add("sign")
        self.notify(topics)

    def count_bug(self, step: str) -> None:
        self.counters_.bugs += 1

    def notify(self, topics: Topics) -> None:
        """Tell the screens; many in one turn of the reactor are told once."""
        if not self._listeners:
            return
        if not self._topics:
            self.reactor.callLater(0.1, self._tell)
        self._topics |= topics

    def _tell(self) -> None:
        topics, self._topics = self._topics, set()
        for listener in list(self._listeners):
            listener(topics)

    def subscribe(self, listener: Callable[[Topics], None]) -> None:
        self._listeners.append(listener)

    def unsubscribe(self, listener: Callable[[Topics], None]) -> None:
        if listener in self._listeners:
            self._listeners.remove(listener)

    # --- for the API

    def poke(self) -> None:
        """Thread-safe: an operator's act may have made runs ready."""
        self.reactor.callFromThread(self._poked)

    def poke_now(self) -> None:
        """As `poke`, in the reactor's thread."""
        self._poked()

    def _poked(self) -> None:
        self.dispatcher.poke()
        for sink in self.sinks.values():
            look = getattr(sink, "poke", None)  # a folder: a file that a person decided on is to be moved away
            if look is not None:
                look()
        self.notify({"worklist", "attention", "unmatched", "sign", "dashboard"})

    def set_health(self, connection: str, health: Health) -> None:
        """A channel's word on itself; a change is said once."""
        if self._health.get(connection) != health:
            self._health[connection] = health
            log.info("connection %s is %s %s", connection, health.state, health.reason)
            self.counters_.changed(connection, str(health.state), health.reason)
            self.notify({"dashboard"})

    def health(self) -> dict[str, Health]:
        """Each channel's word on itself; one whose gate keeps calls back, or all on an ill machine, is degraded."""
        told = dict(self._health)
        for name, gate in self._gates.items():
            why = gate.trouble()
            if why and name in told and told[name].state in (HealthState.UP, HealthState.DEGRADED):
                told[name] = Health(HealthState.DEGRADED, why)
        ill = self.condition.text()
        if ill:
            up = [name for name, health in told.items() if health.state is HealthState.UP]
            told.update(dict.fromkeys(up, Health(HealthState.DEGRADED, ill)))
        return told

    def health_history(self, connection: str) -> list[tuple[float, str, str]]:
        return self.counters_.history(connection)

    def counters(self) -> dict[str, Any]:
        counted = self.counters_.as_dict()
        for name, gate in self._gates.items():
            counted["connections"].setdefault(name, {})["gate"] = gate.as_dict()
        return counted

    def queue(self) -> dict[str, int]:
        return {
            "arriving": self.inbox.pending,
            "queued": self.dispatcher.queued,
            "active": self.dispatcher.active,
            "writer": self.store.queued(),
            "wal_bytes": self.store.wal_bytes(),
        }
