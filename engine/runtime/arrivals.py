"""Writer functions of what arrives: a message with its identity, its runs, its labels; or its refusal.

`ACCEPT` writes the messages of many senders together. One whose identity is known, and one that a waiting run may be
looking for, is written alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from engine.message import Finding, Incoming, new_id
from engine.runtime import journal, order, signals
from engine.runtime.outcome import Run
from engine.runtime.states import State
from engine.site.model import Route
from engine.store.schema import identity, message, run, wait
from engine.store.sql import Row, Rows, Statement
from engine.store.writer import Apart, Joined

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
_IDENTITIES = Rows.insert(identity, "scope", "key", "content", "message_id", "reply", "at")
_MESSAGE = tuple(column.name for column in message.columns if column.name != "seq")
_MESSAGES = Rows.insert(message, *_MESSAGE)
_LAST_RUN = Statement(select(func.coalesce(func.max(run.c.seq), 0).label("last")))
_ANY_WAITER = Statement(select(wait.c.run).where(wait.c.kind == "signal").limit(1))


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
class Taker:
    """One of the routes that receive a message, with the labels that it reads from it."""

    route: Route
    labels: Mapping[str, str]
    order: str | None = None  # the order key, hashed


@dataclass(frozen=True, slots=True)
class Accepting:
    """What the commit of a good message needs. room: how many runs may be claimed at once."""

    arrival: Arrival
    takers: tuple[Taker, ...]
    reply: bytes
    room: bool
    now: int


@dataclass(frozen=True, slots=True)
class Stored:
    """What the commit answers. runs: claimed in the same commit, when there was room."""

    kind: str
    message_id: str
    reply: bytes
    runs: tuple[Run, ...] = ()
    ready: bool = False
    woken: bool = field(default=False)


def accept_alone(conn: Connection, item: Accepting) -> Stored:
    """One message, whatever it needs."""
    arrival, now = item.arrival, item.now
    known = _IDENTITY.one(conn, scope=arrival.scope, key=arrival.key)
    if known is not None and known["at"] + item.takers[0].route.receive.keep * 1000 > now:
        if known["content"] != arrival.content:
            return Stored("conflict", known["message_id"], b"")
        _REPEATED.run(conn, of=known["message_id"])
        return Stored("repeat", known["message_id"], known["reply"])
    _remember(conn, arrival, item.reply, known, now)
    _INSERT.run(conn, **_row(arrival, "accepted", item.reply, item.takers[0].route.name, now, None))
    runs, woken = [], False
    for taker in item.takers:
        new = _in_order(conn, taker, new_run(arrival, taker, State.RUNNING if item.room else State.READY), {})
        born = journal.create(conn, new, now)
        if new.state is State.RUNNING:
            runs.append(born)
        plain = {name: text for name, (text, _) in new.labels.items()}
        woken |= bool(plain) and signals.wake_waiters(conn, taker.route.name, plain, now)
    return Stored("accepted", arrival.id, item.reply, tuple(runs), not item.room, woken)


def accept_together(conn: Connection, items: list[Accepting]) -> list[Stored]:
    """Many new messages: each statement once for all of them."""
    if _ANY_WAITER.one(conn) is not None:
        raise Apart
    last = _LAST_RUN.one(conn)
    assert last is not None
    seq = int(last["last"])
    identities: list[tuple[Any, ...]] = []
    messages: list[tuple[Any, ...]] = []
    results: list[Stored] = []
    runs: list[dict[str, Any]] = []
    labels: list[tuple[int, str, str, int]] = []
    last_of: dict[str, str] = {}
    for item in items:
        arrival = item.arrival
        identities.append((arrival.scope, arrival.key, arrival.content, arrival.id, item.reply, item.now))
        row = _row(arrival, "accepted", item.reply, item.takers[0].route.name, item.now, None)
        messages.append(tuple(row[name] for name in _MESSAGE))
        claimed = []
        for taker in item.takers:
            seq += 1
            new = _in_order(conn, taker, new_run(arrival, taker, State.RUNNING if item.room else State.READY), last_of)
            born = journal.born(new, seq, new_id(), item.now)
            if new.order_key is not None:
                last_of[new.order_key] = born.id
            runs.append(journal.row_of(new, born, item.now))
            labels += journal.label_rows(seq, new.labels)
            if new.state is State.RUNNING:
                claimed.append(born)
        results.append(
            Stored("accepted", arrival.id, item.reply, tuple(claimed), not item.room)
        )  # fmt: skip
    _IDENTITIES.run(conn, identities)  # a known one raises, and each is looked at alone
    _MESSAGES.run(conn, messages)
    journal.create_many(conn, runs, labels)
    return results


ACCEPT = Joined(accept_together, accept_alone)


def new_run(arrival: Arrival, taker: Taker, state: State) -> journal.NewRun:
    """The run of a message on one of its routes. A split gives labels and status to its parts."""
    first = taker.route.steps[0]
    if first.verb == "split":
        return journal.NewRun(arrival.id, taker.route.name, taker.route.revision, first.id, None, state, {})
    phi = {entry.name: entry.phi for entry in taker.route.labels}
    labels = {name: (text, phi[name]) for name, text in taker.labels.items() if text}
    status = first.status or None
    return journal.NewRun(arrival.id, taker.route.name, taker.route.revision, first.id, status, state, labels)


def _in_order(conn: Connection, taker: Taker, new: journal.NewRun, last_of: Mapping[str, str]) -> journal.NewRun:
    """With its order key, and behind the last run that holds it. last_of: those of the same group."""
    if taker.order is None:
        return new
    ahead = last_of.get(taker.order) or order.ahead(conn, taker.order)
    if not ahead:
        return replace(new, order_key=taker.order)
    return replace(new, order_key=taker.order, state=State.WAITING, waits_for=f"{order.BEHIND}{ahead}")


def refuse(
    conn: Connection, arrival: Arrival, outcome: str, reply: bytes, finding: Finding, route: str, now: int
) -> None:
    """Keep a message that no run is made of, with its reason; Attention lists it."""
    _INSERT.run(conn, **_row(arrival, outcome, reply, route or None, now, finding))
    kind = "conflict" if outcome == "conflict" else "invalid"
    journal.add_attention(conn, kind, now, finding.code, finding.text(), message_id=arrival.id, route=route)


def meta_of(incoming: Incoming) -> dict[str, str]:
    """The value `meta` of a run."""
    return {"connection": incoming.connection, "operation": incoming.operation, **incoming.meta}


def _row(
    arrival: Arrival, outcome: str, reply: bytes, route: str | None, now: int, finding: Finding | None
) -> dict[str, Any]:
    incoming = arrival.incoming
    meta = meta_of(incoming)
    if arrival.same_as:
        meta["same_as"] = arrival.same_as
    return {
        "id": arrival.id, "connection": incoming.connection, "operation": incoming.operation, "route": route,
        "received_at": now, "outcome": outcome, "code": finding.code if finding else "",
        "reason": finding.text() if finding else "", "content_type": incoming.content_type,
        "size": len(incoming.body), "body": None if arrival.blob else incoming.body, "blob": arrival.blob,
        "reply": reply, "repeats": 0, "origin": None, "meta": json.dumps(meta),
    }  # fmt: skip


def _remember(conn: Connection, arrival: Arrival, reply: bytes, known: Row | None, now: int) -> None:
    common = {"content": arrival.content, "message_id": arrival.id, "reply": reply, "at": now}
    if known is None:
        _ADD_IDENTITY.run(conn, scope=arrival.scope, key=arrival.key, **common)
    else:
        _REPLACE_IDENTITY.run(conn, in_scope=arrival.scope, of=arrival.key, **common)
