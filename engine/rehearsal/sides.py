"""A message on one side of a rehearsal: its reply, and its runs on the routes that take it there."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.message import Failure, Value, Xml
from engine.rehearsal.context import Assume
from engine.rehearsal.record import Stored
from engine.rehearsal.walk import Start, Walked, rooted, walk
from engine.runtime import order
from engine.runtime.outcome import Run
from engine.runtime.replies import ENDED, UNDER_WAY
from engine.site.model import Route
from engine.transform.accept import Accepted, AcceptSpec, accept_blob

if TYPE_CHECKING:
    from engine.runtime.runtime import Runtime


@dataclass(frozen=True)
class Way:
    """A route as it is on one side. old: the route on which the message's run was recorded."""

    runtime: Runtime
    route: Route
    old: Route | None


@dataclass
class Side:
    """What became of the message. kind: accepted, invalid, rejected."""

    kind: str
    code: str = ""
    reply: bytes = field(default=b"", repr=False)
    identity: tuple[str, ...] = field(default=(), repr=False)
    runs: dict[str, Walked] = field(default_factory=dict)


async def side(stored: Stored, ways: Sequence[Way], assume: Assume) -> Side:
    """Receive the message on this side, and let its runs go their way."""
    if not ways:
        return Side("rejected", stored.code if stored.outcome == "rejected" else "WB-1013")
    first, rest = ways[0], ways[1:]
    read = await _read(stored, first, whole=True)
    if read.findings:
        return Side("invalid", read.findings[0].code, read.reply)
    made = Side("accepted", "", read.reply, read.identity)
    made.runs[first.route.name] = await _run(stored, first, read, assume)
    for way in rest:
        read_again = await _read(stored, way, whole=False)
        made.runs[way.route.name] = await _run(stored, way, read_again, assume, read.value)
    if first.route.receive.reply_when == "done":
        await _told_at_the_end(made, stored, first, read.value)
    return made


async def _read(stored: Stored, way: Way, *, whole: bool) -> Accepted:
    receive = way.route.receive
    labels = (*way.route.labels, *order.at_accept(way.route))
    spec = AcceptSpec(way.runtime.site.namespaces, labels=labels)
    if whole:
        spec = AcceptSpec(
            way.runtime.site.namespaces, receive.check, receive.identity, labels, receive.reply_ok,
            receive.reply_invalid,
        )  # fmt: skip
    if stored.blob is not None:
        return accept_blob(spec, stored.blob, stored.meta)
    return await way.runtime.read(spec, stored.body, stored.content_type)


async def _run(stored: Stored, way: Way, read: Accepted, assume: Assume, body: Value = None) -> Walked:
    route = way.route
    record = stored.runs.get(way.old.name) if way.old is not None else None
    split = route.steps[0].verb == "split"
    labels = {} if split else {name: text for name, text in read.labels.items() if text}
    held = {order.NAME: labels.pop(order.NAME)} if order.NAME in labels else {}
    values: dict[str, Value] = {"body": read.value if body is None else body, "meta": dict(stored.meta)}
    start = Start(rooted(record, route, _fresh(stored, route)), route, values, labels, record, way.old)
    walked = await walk(way.runtime, start, assume)
    walked.labels.update(held)
    return walked


def _fresh(stored: Stored, route: Route) -> Run:
    """A run that was not there before; its id is equal each time."""
    made = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{stored.id}/{route.name}"))
    at = stored.received_at
    return Run(stored.seq, made, stored.id, None, stored.seq, None, route.name, route.revision, None,
               route.steps[0].id, 0, 1, at, at)  # fmt: skip


async def _told_at_the_end(made: Side, stored: Stored, way: Way, value: Value) -> None:
    """`reply: {when: done}`: what the sender hears of a run that did not end well."""
    receive, walked = way.route.receive, made.runs[way.route.name]
    states = {one.state for one in (walked, *walked.parts)} - {"split"}
    if states <= {"done", "filtered"}:
        return
    failed = bool(states & {"dead", "held", "cancelled"})
    made.kind, made.code = ("invalid", walked.code or ENDED) if failed else ("accepted", UNDER_WAY)
    path = receive.reply_invalid or receive.reply_ok
    if path is None:
        made.reply = b""
        return
    body: Any = value.data if isinstance(value, Xml) else None
    text = f"{made.code} {walked.reason}"
    try:
        made.reply = await way.runtime.workers.run(
            "engine.transform.jobs:reply", str(path), made.code, text, stored.id, body
        )
    except Failure as failure:
        made.code, made.reply = failure.code, b""
