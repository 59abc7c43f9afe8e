"""The one door in: check, identity, labels and reply in a worker, then one commit; only then the answer."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import Connection, bindparam, insert, select, update
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure as TwistedFailure

from engine.message import INLINE_LIMIT, Finding, Incoming, Refused, Reply, Unavailable, new_id
from engine.points import point
from engine.runtime import journal, signals
from engine.runtime.outcome import Run
from engine.runtime.states import State
from engine.site.model import Route
from engine.store.schema import identity, message
from engine.store.sql import Row, Statement
from engine.transform.accept import Accepted, AcceptSpec

if TYPE_CHECKING:
    from engine.runtime.runtime import Runtime

log = logging.getLogger(__name__)

PENDING = 512
"""Messages between arrival and commit at a time; more are told to come again."""

T = TypeVar("T")
P = bindparam
_INSERT = Statement(
    insert(message).values({column.name: P(column.name) for column in message.columns if column.name != "seq"})
)
_IDENTITY = Statement(select(identity).where(identity.c.scope == P("scope"), identity.c.key == P("key")))
_ADD_IDENTITY = Statement(
    insert(identity).values(
        scope=P("scope"), key=P("key"), content=P("content"), message_id=P("message_id"), reply=P("reply"), at=P("at")
    )
)
_REPLACE_IDENTITY = Statement(
    update(identity).where(identity.c.scope == P("in_scope"), identity.c.key == P("of"))
    .values(content=P("content"), message_id=P("message_id"), reply=P("reply"), at=P("at"))
)  # fmt: skip
_REPEATED = Statement(update(message).where(message.c.id == P("of")).values(repeats=message.c.repeats + 1))


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message ready for its commit. key: of its identity, hashed (it may hold a patient's number)."""

    id: str
    incoming: Incoming
    blob: str | None
    content: str
    scope: str
    key: str
    same_as: str = ""


@dataclass(frozen=True, slots=True)
class Stored:
    """What the commit answers. run: claimed in the same commit, when there was room."""

    kind: str
    message_id: str
    reply: bytes
    run: Run | None = None
    ready: bool = False
    woken: bool = False


class Inbox:
    """Implements `engine.channel.Inbox`."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._specs: dict[str, AcceptSpec] = {}
        self.pending = 0
        self.closed = False

    def operations(self, connection: str) -> frozenset[str]:
        return frozenset(self._runtime.site.receiving(connection))

    async def accept(self, incoming: Incoming) -> Reply:
        if self.closed or self.pending >= PENDING:
            raise Unavailable("WB-1012", "the engine is stopping" if self.closed else "the engine is full")
        self.pending += 1
        try:
            return await self._accept(incoming)
        finally:
            self.pending -= 1

    async def reject(self, incoming: Incoming, code: str, reason: str) -> str:
        """Keep what no route can receive, with its reason; Attention lists it."""
        arrival = await self._arrival(incoming, b"", None)
        now = self._runtime.now()
        await self._runtime.store.write(
            lambda conn: _refuse(conn, arrival, "rejected", b"", Finding(code, "", reason), "", now)
        )
        self._runtime.refused(incoming.connection, f"{code} {reason}")
        return arrival.id

    async def _accept(self, incoming: Incoming) -> Reply:
        route = self._runtime.site.receiving(incoming.connection).get(incoming.operation)
        if route is None:
            raise Refused("WB-1013", "no route receives this operation")
        point("accept.arrived")
        read = await self._runtime.read(self._spec(route), incoming.body, incoming.content_type)
        if read.findings:
            return await self._invalid(incoming, route, read)
        arrival = await self._arrival(incoming, read.canonical, self._key(incoming, read))
        runtime, now, room = self._runtime, self._runtime.now(), self._runtime.room() > 0
        point("accept.before_commit")
        written = runtime.store.write(lambda conn: _store(conn, arrival, route, read, room, now))
        stored = await _beside(written.addCallback(self._committed, incoming, route, read))
        if stored.kind == "conflict":
            return await self._conflict(arrival, route, read, stored)
        return Reply("accepted" if stored.kind == "accepted" else "repeat", stored.message_id, stored.reply)

    def _committed(self, stored: Stored, incoming: Incoming, route: Route, read: Accepted) -> Stored:
        """Hand the claimed run on: also when its sender has gone away and nobody awaits the reply."""
        point("accept.after_commit")
        if stored.kind != "conflict":
            ready = stored.woken or stored.ready
            self._runtime.accepted(incoming.connection, route.name, stored.kind, ready)
        if stored.run is not None:
            self._runtime.take(stored.run, {"body": read.value, "meta": _meta(incoming)})
        return stored

    def _spec(self, route: Route) -> AcceptSpec:
        spec = self._specs.get(route.revision)
        if spec is None:
            receive = route.receive
            spec = AcceptSpec(
                self._runtime.site.namespaces, receive.check, receive.identity, route.labels, receive.reply_ok,
                receive.reply_invalid,
            )  # fmt: skip
            self._specs[route.revision] = spec
        return spec

    def _key(self, incoming: Incoming, read: Accepted) -> tuple[str, ...]:
        return read.identity or incoming.identity or (hashlib.sha256(incoming.body).hexdigest(),)

    async def _arrival(self, incoming: Incoming, canonical: bytes, key: tuple[str, ...] | None) -> Arrival:
        blob = None
        if len(incoming.body) > INLINE_LIMIT:
            kept = await self._runtime.in_thread("blobs", self._runtime.blobs.put, incoming.body, incoming.content_type)
            blob = kept.sha256
        scope = f"{incoming.connection}/{incoming.operation}"
        hashed = hashlib.sha256(json.dumps(key, ensure_ascii=False).encode()).hexdigest() if key else ""
        return Arrival(new_id(), incoming, blob, hashlib.sha256(canonical or incoming.body).hexdigest(), scope, hashed)

    async def _invalid(self, incoming: Incoming, route: Route, read: Accepted) -> Reply:
        arrival = await self._arrival(incoming, b"", None)
        finding, now = read.findings[0], self._runtime.now()
        await self._runtime.store.write(
            lambda conn: _refuse(conn, arrival, "invalid", read.reply, finding, route.name, now)
        )
        self._runtime.refused(incoming.connection, finding.line())
        return Reply("invalid", arrival.id, read.reply, finding.code, finding.line(), read.findings)

    async def _conflict(self, arrival: Arrival, route: Route, read: Accepted, stored: Stored) -> Reply:
        reason = "an earlier message has the same identity and other content"
        arrival = replace(arrival, same_as=stored.message_id)
        finding, now, reply = Finding("WB-1008", "", reason), self._runtime.now(), b""
        if route.receive.reply_invalid is not None:
            reply = await self._runtime.workers.run(
                "engine.transform.jobs:reply",
                str(route.receive.reply_invalid),
                "WB-1008",
                finding.line(),
                "",
                read.canonical,
            )
        await self._runtime.store.write(
            lambda conn: _refuse(conn, arrival, "conflict", reply, finding, route.name, now)
        )
        self._runtime.refused(arrival.incoming.connection, finding.line())
        return Reply("conflict", arrival.id, reply, finding.code, finding.line(), (finding,))


def _beside(work: Deferred[T]) -> Deferred[T]:
    """The result of `work`, which a cancelled waiter does not cancel."""
    seen: Deferred[T] = Deferred()

    def tell(result: T | TwistedFailure) -> None:
        if not seen.called:
            seen.callback(result)  # a failure goes on as one

    _ = work.addBoth(tell)
    return seen


def _meta(incoming: Incoming) -> dict[str, str]:
    return {"connection": incoming.connection, "operation": incoming.operation, **incoming.meta}


def _insert(
    conn: Connection, arrival: Arrival, outcome: str, reply: bytes, route: str | None, now: int, finding: Finding | None
) -> None:
    incoming = arrival.incoming
    _INSERT.run(
        conn, id=arrival.id, connection=incoming.connection, operation=incoming.operation, route=route,
        received_at=now, outcome=outcome, code=finding.code if finding else "",
        reason=finding.text() if finding else "", content_type=incoming.content_type, size=len(incoming.body),
        body=None if arrival.blob else incoming.body, blob=arrival.blob, reply=reply, repeats=0, origin=None,
        meta=json.dumps({**_meta(incoming), **({"same_as": arrival.same_as} if arrival.same_as else {})}),
    )  # fmt: skip


def _refuse(
    conn: Connection, arrival: Arrival, outcome: str, reply: bytes, finding: Finding, route: str, now: int
) -> None:
    _insert(conn, arrival, outcome, reply, route or None, now, finding)
    kind = "conflict" if outcome == "conflict" else "invalid"
    journal.add_attention(conn, kind, now, finding.code, finding.text(), message_id=arrival.id, route=route)


def _store(conn: Connection, arrival: Arrival, route: Route, read: Accepted, room: bool, now: int) -> Stored:
    known = _IDENTITY.one(conn, scope=arrival.scope, key=arrival.key)
    if known is not None and known["at"] + route.receive.keep * 1000 > now:
        if known["content"] != arrival.content:
            return Stored("conflict", known["message_id"], b"")
        _REPEATED.run(conn, of=known["message_id"])
        return Stored("repeat", known["message_id"], known["reply"])
    _remember(conn, arrival, read.reply, known, now)
    _insert(conn, arrival, "accepted", read.reply, route.name, now, None)
    first, state = route.steps[0], State.RUNNING if room else State.READY
    phi = {entry.name: entry.phi for entry in route.labels}
    labels: Mapping[str, tuple[str, bool]] = {
        name: (text, phi[name]) for name, text in read.labels.items() if text and first.verb != "split"
    }
    status = None if first.verb == "split" else first.status or None
    new = journal.NewRun(arrival.id, route.name, route.revision, first.id, status, state, labels)
    run = journal.create(conn, new, now)
    plain = {name: text for name, (text, _) in labels.items()}
    woken = signals.wake_waiters(conn, route.name, plain, now) if plain else False
    return Stored("accepted", arrival.id, read.reply, run if room else None, not room, woken)


def _remember(conn: Connection, arrival: Arrival, reply: bytes, known: Row | None, now: int) -> None:
    common = {"content": arrival.content, "message_id": arrival.id, "reply": reply, "at": now}
    if known is None:
        _ADD_IDENTITY.run(conn, scope=arrival.scope, key=arrival.key, **common)
    else:
        _REPLACE_IDENTITY.run(conn, in_scope=arrival.scope, of=arrival.key, **common)
