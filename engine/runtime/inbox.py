"""The one door in: check, identity, labels and reply before the commit, then one commit; only then the answer."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import field, replace
from typing import TYPE_CHECKING

from engine.frozen import frozen
from engine.message import INLINE_LIMIT, Blob, Finding, Incoming, Refused, Reply, ReplyKind, Unavailable, Value, new_id
from engine.points import point
from engine.runtime import arrivals, order
from engine.runtime.ahead import Begun
from engine.runtime.arrivals import ACCEPT, Accepting, Arrival, Stored, Taker
from engine.runtime.gates import Gate
from engine.runtime.identities import Parts, key_of
from engine.site.model import Route, Site
from engine.transform.accept import Accepted, AcceptSpec, accept_blob

if TYPE_CHECKING:
    from engine.runtime.runtime import Runtime

log = logging.getLogger(__name__)

PENDING = 512
"""Messages between arrival and commit at a time; more are told to come again."""


@frozen
class _Answer:
    """The durable answer, and the route that gives it. value: the body, for an answer that waits for the run."""

    reply: Reply
    route: Route
    value: Value = field(default=None, repr=False)


class Inbox:
    """Implements `engine.channel.Inbox`."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._specs: dict[str, AcceptSpec] = {}
        self._site: Site | None = None
        self._receivers: dict[str, dict[str, tuple[Route, ...]]] = {}
        self._operations: dict[str, frozenset[str]] = {}
        self.pending = 0  # arrived and not answered
        self.working = 0  # of these, past the crowd
        self.closed = False

    def operations(self, connection: str) -> frozenset[str]:
        routes = self._routes(connection)
        if connection not in self._operations:
            self._operations[connection] = frozenset(routes)
        return self._operations[connection]

    def _routes(self, connection: str) -> dict[str, tuple[Route, ...]]:
        """Who receives from a connection, by operation; remembered until another site is loaded."""
        if self._site is not self._runtime.site:
            self._site = self._runtime.site
            self._receivers = {}
            self._operations = {}
            self._specs = {}
        if connection not in self._receivers:
            self._receivers[connection] = self._runtime.site.receivers(connection)
        return self._receivers[connection]

    async def accept(self, incoming: Incoming) -> Reply:
        if self.closed or self.pending >= PENDING:
            raise Unavailable("WB-1012", "the engine is stopping" if self.closed else "the engine is full")
        self.pending += 1
        try:
            turn = self._runtime.dispatcher.turn()
            if turn is not None:
                await turn
            gate = self._gate(incoming)
            turn = None if gate is None else gate.crowd.turn()
            if turn is not None:
                await turn
            self.working += 1
            if gate is not None:
                gate.coming += 1
            try:
                answer = await self._accept(incoming)
            finally:
                self.working -= 1
                if gate is not None:
                    gate.coming -= 1
        finally:
            self.pending -= 1
        if answer.route.receive.reply_when == "done" and answer.reply.ok:
            return await self._runtime.replies.final(answer.reply, answer.route, answer.value)
        return answer.reply

    def _gate(self, incoming: Incoming) -> Gate | None:
        """Where the message goes on to at once, when that is known beforehand."""
        routes = self._routes(incoming.connection).get(incoming.operation, ())
        return self._runtime.forerunner.gate(routes[0]) if len(routes) == 1 else None

    async def reject(self, incoming: Incoming, code: str, reason: str) -> str:
        """Keep what no route can receive, with its reason; Attention lists it."""
        arrival = await self._arrival(incoming)
        now = self._runtime.now()
        await self._runtime.store.write(
            lambda conn: arrivals.refuse(conn, arrival, "rejected", b"", Finding(code, "", reason), "", now)
        )
        self._runtime.refused(incoming.connection, f"{code} {reason}")
        return arrival.id

    async def _accept(self, incoming: Incoming) -> _Answer:
        routes = self._routes(incoming.connection).get(incoming.operation)
        if routes is None:
            raise Refused("WB-1013", "no route receives this operation")
        first, runtime = routes[0], self._runtime
        if runtime.paused.connections or runtime.paused.routes:
            self._check_paused(incoming, routes)
        point("accept.arrived")
        read = self._read_here(self._spec(first), incoming) or await self._read(self._spec(first), incoming)
        if read.findings:
            return _Answer(await self._invalid(incoming, first, read), first)
        takers = [_taker(first, read.labels)]
        takers += [_taker(route, await self._labels(incoming, route)) for route in routes[1:]]
        blob = await self._blob(incoming) if incoming.size > INLINE_LIMIT or incoming.blob else None
        arrival = _arrived(incoming, blob, read.canonical, self._key(incoming, read))
        room, meta = runtime.room() > 0, arrivals.meta_of(incoming)
        value = _value(arrival, read)
        ahead = runtime.forerunner.run(first, value, meta) if room and len(routes) == 1 else None
        item = Accepting(arrival, tuple(takers), read.reply, room, runtime.now(), ahead)
        point("accept.before_commit")

        def committed(stored: Stored) -> None:
            # Hand the claimed runs on: also when the sender has gone away and nobody awaits the reply.
            point("accept.after_commit")
            if stored.kind != "conflict":
                runtime.accepted(incoming.connection, first.name, stored.kind, stored.woken or stored.ready)
            if stored.intended is not None and ahead is not None:
                runtime.take(stored.runs[0], Begun(ahead, stored.intended))
                return
            for run in stored.runs:
                runtime.take(run, {"body": value, "meta": dict(meta)})

        stored: Stored = await runtime.store.join(ACCEPT, item, committed)
        if stored.kind == "conflict":
            return _Answer(await self._conflict(arrival, first, read, stored), first)
        kind: ReplyKind = "accepted" if stored.kind == "accepted" else "repeat"
        return _Answer(Reply(kind, stored.message_id, stored.reply), first, value)

    def _read_here(self, spec: AcceptSpec, incoming: Incoming) -> Accepted | None:
        """As `_read`, for what needs no worker: most messages, and none of them has to wait."""
        if incoming.blob is not None:
            return None
        return self._runtime.read_here(spec, incoming.body, incoming.content_type)

    async def _read(self, spec: AcceptSpec, incoming: Incoming) -> Accepted:
        """What came as a blob is not opened: its labels and identity are of what the channel tells beside it."""
        if incoming.blob is not None:
            return accept_blob(spec, incoming.blob, arrivals.meta_of(incoming))
        return await self._runtime.read(spec, incoming.body, incoming.content_type)

    def _check_paused(self, incoming: Incoming, routes: tuple[Route, ...]) -> None:
        refusals = (self._runtime.paused.refusal(incoming.connection, route.name) for route in routes)
        why = next(filter(None, refusals), "")
        if why:
            raise Unavailable("WB-7203", why)

    async def _labels(self, incoming: Incoming, route: Route) -> dict[str, str]:
        """What another route that receives the message reads from it."""
        wanted = (*route.labels, *order.at_accept(route))
        if not wanted:
            return {}
        spec = AcceptSpec(self._runtime.site.namespaces, labels=wanted)
        return (await self._read(spec, incoming)).labels

    def _spec(self, route: Route) -> AcceptSpec:
        spec = self._specs.get(route.revision)
        if spec is None:
            receive = route.receive
            spec = AcceptSpec(
                self._runtime.site.namespaces, receive.check, receive.identity,
                (*route.labels, *order.at_accept(route)), receive.reply_ok, receive.reply_invalid,
            )  # fmt: skip
            self._specs[route.revision] = spec
        return spec

    def _key(self, incoming: Incoming, read: Accepted) -> Parts:
        return read.identity or incoming.identity or (incoming.sha256,)

    async def _arrival(self, incoming: Incoming) -> Arrival:
        """Of a message that is kept and not accepted: it has no identity."""
        return _arrived(incoming, await self._blob(incoming), b"", ())

    async def _blob(self, incoming: Incoming) -> str | None:
        """The hash of a body that is not kept in its row."""
        if len(incoming.body) <= INLINE_LIMIT:
            return incoming.blob.sha256 if incoming.blob is not None else None
        kept = await self._runtime.in_thread("blobs", self._runtime.blobs.put, incoming.body, incoming.content_type)
        return str(kept.sha256)

    async def _invalid(self, incoming: Incoming, route: Route, read: Accepted) -> Reply:
        arrival = await self._arrival(incoming)
        finding, now = read.findings[0], self._runtime.now()
        await self._runtime.store.write(
            lambda conn: arrivals.refuse(conn, arrival, "invalid", read.reply, finding, route.name, now)
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
            lambda conn: arrivals.refuse(conn, arrival, "conflict", reply, finding, route.name, now)
        )
        self._runtime.refused(arrival.incoming.connection, finding.line())
        return Reply("conflict", arrival.id, reply, finding.code, finding.line(), (finding,))


def _arrived(incoming: Incoming, blob: str | None, canonical: bytes, parts: Parts) -> Arrival:
    scope = f"{incoming.connection}/{incoming.operation}"
    content = hashlib.sha256(canonical).hexdigest() if canonical else incoming.sha256
    return Arrival(new_id(), incoming, blob, content, scope, key_of(parts), parts)


def _value(arrival: Arrival, read: Accepted) -> Value:
    """The run's `body`. Bytes that went into the blob store are the blob, as after a restart (`Runtime.body_of`)."""
    if arrival.blob is None or not isinstance(read.value, bytes):
        return read.value
    incoming = arrival.incoming
    return Blob(arrival.blob, incoming.size, incoming.content_type, incoming.meta.get("name", ""))


def _taker(route: Route, labels: Mapping[str, str]) -> Taker:
    """What was read for a route: its labels, and its order key apart."""
    if order.NAME not in labels:
        return Taker(route, labels)
    own = {name: text for name, text in labels.items() if name != order.NAME}
    return Taker(route, own, order.key_of(route.name, labels[order.NAME]))
