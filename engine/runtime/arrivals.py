"""Writer functions of what arrives: a message with its identity, its runs, its labels; or its refusal.

`ACCEPT` writes the messages of many senders together. One whose identity is known, and one that a waiting run may be
looking for, is written alone. Where the first steps of a run are done already (`engine.runtime.ahead`), what they made
and the intention of the call after them are in the same commit.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from engine.frozen import frozen
from engine.message import Finding, Incoming, new_id
from engine.runtime import journal, ledger, order, signals
from engine.runtime.ahead import Ahead
from engine.runtime.bundles import ARRIVED
from engine.runtime.identities import FORMER, Parts, former
from engine.runtime.outcome import Run
from engine.runtime.settle import write_draft
from engine.runtime.states import State
from engine.site.model import Route
from engine.store.schema import identity, message, run, wait
from engine.store.sheet import Sheet, facts
from engine.store.sql import Row, Statement
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
_BEFORE = Statement(
    select(
        func.coalesce(select(func.max(run.c.seq)).scalar_subquery(), 0).label("last"),
        select(wait.c.run).where(wait.c.kind == "signal").exists().label("awaited"),
        select(identity.c.key).where(identity.c.scope >= FORMER).exists().label("former"),
    )
)
_NO_LABEL = (None, None, None)
_NO_ORDER = (None, 0, "")
_NOTHING_DONE = (None, None, None, None, None, None, None)


@frozen
class Arrival:
    """A message ready for its commit. key: of its identity, whose parts these are."""

    id: str
    incoming: Incoming
    blob: str | None
    content: str
    scope: str
    key: str
    parts: Parts = field(default=(), repr=False)
    same_as: str = ""


@frozen
class Taker:
    """One of the routes that receive a message, with the labels that it reads from it."""

    route: Route
    labels: Mapping[str, str]
    order: str | None = None  # the order key, hashed


@frozen
class Accepting:
    """What the commit of a good message needs. room: whether its runs may be claimed. ahead: of its only run."""

    arrival: Arrival
    takers: tuple[Taker, ...]
    reply: bytes
    room: bool
    now: int
    ahead: Ahead | None = None


@frozen
class Stored:
    """What the commit answers. runs: claimed in the same commit, when there was room. intended: what was done ahead."""

    kind: str
    message_id: str
    reply: bytes
    runs: tuple[Run, ...] = ()
    ready: bool = False
    woken: bool = field(default=False)
    intended: ledger.Entry | None = None


def accept_alone(conn: Connection, item: Accepting) -> Stored:
    """One message, whatever it needs."""
    arrival, now = item.arrival, item.now
    known = _IDENTITY.one(conn, scope=arrival.scope, key=arrival.key)
    told = known or _former(conn, arrival)
    if told is not None and told["at"] + item.takers[0].route.receive.keep * 1000 > now:
        if told["content"] != arrival.content:
            return Stored("conflict", told["message_id"], b"")
        _REPEATED.run(conn, of=told["message_id"])
        return Stored("repeat", told["message_id"], told["reply"])
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
    intended = None
    if item.ahead is not None and runs:
        runs[0], intended = _intended(conn, runs[0], item.ahead, now)
    return Stored("accepted", arrival.id, item.reply, tuple(runs), not item.room, woken, intended)


def _former(conn: Connection, arrival: Arrival) -> Row | None:
    """What an earlier version remembered of this identity."""
    scope, key = former(arrival.scope, arrival.parts)
    return _IDENTITY.one(conn, scope=scope, key=key)


def _intended(conn: Connection, born: Run, ahead: Ahead, now: int) -> tuple[Run, ledger.Entry]:
    """The run where its call is intended."""
    at = born.at_step(ahead.step, ahead.status, now)
    write_draft(conn, at, ahead.draft, now)
    journal.at_step(conn, at, now)
    intent = ledger.Intent(ledger.effect_key(at, at.step), ahead.connection, ahead.operation)
    return at, ledger.intend(conn, at, intent, now)


def _collect(conn: Connection, items: list[Accepting], sheet: Sheet) -> list[Stored]:
    """Many new messages: each statement once for all of them. A known identity raises when it is written."""
    known = facts(conn)
    if "last" not in known:
        before = _BEFORE.one(conn)
        assert before is not None
        known.update(last=int(before["last"]), awaited=bool(before["awaited"]), former=bool(before["former"]))
    if known["awaited"] or (known["former"] and any(_former(conn, item.arrival) for item in items)):
        raise Apart
    rows = _Rows(known["last"])
    results = [_joined(conn, item, rows) for item in items]
    known["last"] = rows.last
    rows.put(sheet)
    return results


@dataclass(slots=True)
class _Rows:
    """What a group writes beside its first rows. last: the number of the last run."""

    last: int
    arrived: list[tuple[Any, ...]] = field(default_factory=list)
    runs: list[dict[str, Any]] = field(default_factory=list)
    labels: list[tuple[int, str, str, int]] = field(default_factory=list)
    events: list[tuple[int | None, str | None, int, str, str, str, str, str]] = field(default_factory=list)
    values: list[tuple[int, str, str, bytes | None, str | None, int]] = field(default_factory=list)
    last_of: dict[str, str] = field(default_factory=dict)

    def put(self, sheet: Sheet) -> None:
        """All of them on the sheet."""
        sheet.rows(ARRIVED, self.arrived)
        if self.runs or self.labels:
            sheet.call(lambda conn: journal.create_many(conn, self.runs, self.labels))
        if self.events or self.values:
            sheet.call(lambda conn: journal.add_drafted(conn, self.events, self.values))


def _joined(conn: Connection, item: Accepting, rows: _Rows) -> Stored:
    if len(item.takers) == 1 and item.takers[0].order is None:
        return _plainly_joined(item, rows)
    arrival, now = item.arrival, item.now
    state = State.RUNNING if item.room else State.READY
    claimed: list[Run] = []
    for taker in item.takers:
        rows.last += 1
        new = _in_order(conn, taker, new_run(arrival, taker, state), rows.last_of)
        born = journal.born(new, rows.last, new_id(), now)
        if new.order_key is not None:
            rows.last_of[new.order_key] = born.id
        labels = journal.label_rows(born.seq, new.labels)
        if taker is not item.takers[0]:
            rows.runs.append(journal.row_of(new, born, now))
            rows.labels += labels
        else:
            rows.labels += labels[1:]
            order_of = (new.order_key, int(born.ordered), new.waits_for)
            rows.arrived.append(_arrived(item, born, born.step, new.state, order_of, labels, _NOTHING_DONE))
        if new.state is State.RUNNING:
            claimed.append(born)
    return Stored("accepted", arrival.id, item.reply, tuple(claimed), not item.room)


def _plainly_joined(item: Accepting, rows: _Rows) -> Stored:
    """As `_joined`, for a message of one route without order: nearly all of them."""
    arrival, now, route, texts = item.arrival, item.now, item.takers[0].route, item.takers[0].labels
    first, split = route.steps[0], route.steps[0].verb == "split"
    rows.last = seq = rows.last + 1
    labels = [
        (seq, entry.name, texts[entry.name][:400], int(entry.phi)) for entry in route.labels if texts.get(entry.name)
    ]  # fmt: skip
    if split:
        labels = []
    step, status = first.id, None if split else first.status or None
    ahead = item.ahead if item.room else None
    if ahead is not None:
        step, status = ahead.step, ahead.status
    at = Run(
        seq, new_id(), arrival.id, None, seq, None, route.name, route.revision, status, step, 0, int(item.room), now,
        now, fresh=True,
    )  # fmt: skip
    intended, done = (None, _NOTHING_DONE) if ahead is None else _done_ahead(at, ahead, now, rows)
    rows.labels += labels[1:]
    state = State.RUNNING if item.room else State.READY
    rows.arrived.append(_arrived(item, at, first.id, state, _NO_ORDER, labels, done))
    return Stored("accepted", arrival.id, item.reply, (at,) if item.room else (), not item.room, False, intended)


def _done_ahead(at: Run, ahead: Ahead, now: int, rows: _Rows) -> tuple[ledger.Entry, tuple[Any, ...]]:
    """The intention of the call where the run is, and the last columns of its row."""
    first: tuple[Any, ...] = (None, None, None, None)
    for place, (name, ((kind, data), _)) in enumerate(ahead.draft.values.items()):
        step = ahead.draft.events[place][1]
        if place == 0:
            first = (step, name, kind, data)
        else:
            rows.values.append((at.seq, name, kind, data, None, now))
            rows.events.append((at.seq, None, now, "done", step, "", "", ""))
    key = ledger.effect_key(at, at.step)
    return ledger.Entry(key, "fresh", now, 1), (*first, key, ahead.connection, ahead.operation)


def _arrived(
    item: Accepting, at: Run, entered: str, state: State, order_of: tuple[str | None, int, str],
    labels: list[tuple[int, str, str, int]], done: tuple[Any, ...],
) -> tuple[Any, ...]:  # fmt: skip
    """A row of `ARRIVED`. at: the run where it is now; entered: its first step."""
    arrival, incoming = item.arrival, item.arrival.incoming
    return (
        at.seq, at.id, arrival.id, incoming.connection, incoming.operation, at.route, item.now, incoming.content_type,
        incoming.size, None if arrival.blob else incoming.body, arrival.blob, _meta(arrival), item.reply,
        arrival.scope, arrival.key, arrival.content, at.revision, state.value, at.status, entered, at.step,
        at.attempts, *order_of, *(labels[0][1:] if labels else _NO_LABEL), *done,
    )  # fmt: skip


ACCEPT = Joined(_collect, accept_alone)


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
    return {
        "id": arrival.id, "connection": incoming.connection, "operation": incoming.operation, "route": route,
        "received_at": now, "outcome": outcome, "code": finding.code if finding else "",
        "reason": finding.text() if finding else "", "content_type": incoming.content_type,
        "size": incoming.size, "body": None if arrival.blob else incoming.body, "blob": arrival.blob,
        "reply": reply, "repeats": 0, "origin": None, "meta": _meta(arrival),
    }  # fmt: skip


def _meta(arrival: Arrival) -> str:
    meta = meta_of(arrival.incoming)
    if arrival.same_as:
        meta["same_as"] = arrival.same_as
    return _written(tuple(meta.items()))


@lru_cache(maxsize=256)
def _written(meta: tuple[tuple[str, str], ...]) -> str:
    """A connection's messages have the same ones again and again."""
    return json.dumps(dict(meta))


def _remember(conn: Connection, arrival: Arrival, reply: bytes, known: Row | None, now: int) -> None:
    common = {"content": arrival.content, "message_id": arrival.id, "reply": reply, "at": now}
    if known is None:
        _ADD_IDENTITY.run(conn, scope=arrival.scope, key=arrival.key, **common)
    else:
        _REPLACE_IDENTITY.run(conn, in_scope=arrival.scope, of=arrival.key, **common)
