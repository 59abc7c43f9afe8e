"""The waybill: all that is known of one run, or of one message that no run came from, with bodies left closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, or_, select

from engine.ops import persons, read
from engine.ops.read_pauses import pauses
from engine.ops.read_steps import StepRow, StepText, steps_of
from engine.store.schema import attention, effect, event, message, run, wait

MOST = 500
"""Events, effects and children that are shown; a run with more is a loop, and its beginning tells why."""


@dataclass(frozen=True, slots=True)
class Line:
    """What it waits for, since when, what happens next, what a person may do."""

    text: str
    waits_for: str
    since: int
    next_at: int | None
    may: list[str]


@dataclass(frozen=True, slots=True)
class MessageFacts:
    id: str
    connection: str
    operation: str
    received_at: int
    size: int
    outcome: str
    code: str
    reason: str
    repeats: int


@dataclass(frozen=True, slots=True)
class RunLink:
    id: str
    state: str
    status: str | None


@dataclass(frozen=True, slots=True)
class EffectRow:
    step: str
    connection: str
    operation: str
    state: str
    attempts: int
    at: int
    settled_at: int | None
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class EventRow:
    at: int
    kind: str
    step: str
    code: str
    text: str
    user: str


@dataclass(frozen=True, slots=True)
class AttentionRow:
    id: int
    kind: str
    code: str
    reason: str
    created_at: int
    acknowledged_by: str


@dataclass(frozen=True, slots=True)
class Waybill:
    """See `web.api.models.Waybill`; `seq` and `patient` are the tables' own numbers, for the audit."""

    seq: int | None
    patient: int | None
    id: str
    route: str | None
    revision: str | None
    state: str
    status: str | None
    step: str | None
    created_at: int
    line: Line
    message: MessageFacts | None
    parent: RunLink | None
    children: list[RunLink]
    origin: RunLink | None
    resent: list[RunLink]
    order_held: bool
    question: persons.Question | None
    labels: list[read.Label] = field(repr=False)
    steps: list[StepRow]
    effects: list[EffectRow]
    events: list[EventRow]
    attention: list[AttentionRow]
    patient_id: str | None


def run_waybill(conn: Connection, run_id: str, steps: Sequence[StepText], *, names: bool) -> Waybill | None:
    """The waybill of a run; `steps` are those of its revision of the route (none when it is no longer known)."""
    row = read.run_by_id(conn, run_id)
    if row is None:
        return None
    known = read.patient_of_run(conn, row.seq)
    effects = _effects(conn, row.seq)
    events = _events(conn, event.c.run == row.seq)
    open_entries = _attention(conn, attention.c.run == row.seq)
    return Waybill(
        seq=row.seq,
        patient=known.id if known else None,
        id=row.id,
        route=row.route,
        revision=row.revision,
        state=row.state,
        status=row.status,
        step=row.step,
        created_at=row.created_at,
        line=_line(conn, row, effects),
        message=_message(conn, row.message_id),
        parent=_parent(conn, row.parent),
        children=_children(conn, row.seq),
        origin=_parent(conn, row.origin),
        resent=_resent(conn, row.seq),
        order_held=bool(row.order_held),
        question=persons.question(conn, run_id) if row.state == "waiting" else None,
        labels=list(read.labels_of(conn, [row.seq], names=names).get(row.seq, {}).values()),
        steps=steps_of(conn, row, steps, events),
        effects=effects,
        events=events,
        attention=open_entries,
        patient_id=known.public_id if known else None,
    )


def message_waybill(conn: Connection, message_id: str) -> Waybill | None:
    """The same shape for a message: invalid, in conflict, rejected, or accepted (its runs are the children)."""
    facts = _message(conn, message_id)
    if facts is None:
        return None
    runs = conn.execute(select(run).where(run.c.message_id == message_id, run.c.parent.is_(None)).limit(MOST))
    of_message = select(run.c.seq).where(run.c.message_id == message_id)  # most events are found by their run
    text = facts.outcome if not facts.code else f"{facts.outcome}: {facts.code} {facts.reason}"
    return Waybill(
        seq=None,
        patient=None,
        id=facts.id,
        route=conn.execute(select(message.c.route).where(message.c.id == message_id)).scalar(),
        revision=None,
        state=facts.outcome,
        status=None,
        step=None,
        created_at=facts.received_at,
        line=Line(text, "", facts.received_at, None, []),
        message=facts,
        parent=None,
        children=[RunLink(row.id, row.state, row.status) for row in runs],
        origin=None,
        resent=[],
        order_held=False,
        question=None,
        labels=[],
        steps=[],
        effects=[],
        events=_events(conn, event.c.message_id == message_id, or_(event.c.run.is_(None), event.c.run.in_(of_message))),
        attention=_attention(conn, attention.c.message_id == message_id),
        patient_id=None,
    )


def may(state: str, waits: str, *, doubt: bool, timed: bool, split: bool = False, holds: bool = False) -> list[str]:
    """What an operator may do with a run in this state. The acts themselves decide again.

    waits: the kind of its wait. doubt: its current step's effect is in doubt. timed: it goes on at a known time.
    split: it has parts, which are what is sent again. holds: later runs wait behind it for its order key.
    """
    release = ["release"] if holds and state in ("dead", "held") else []
    if doubt and state == "held":
        return ["arrived", "again", "ask", *release, "cancel"]
    acts: dict[str, list[str]] = {
        "dead": ["retry", "retry_from", "edit", "cancel"],
        "held": ["retry", "retry_from", "edit", "cancel"],
        "ready": ["cancel"],
        "waiting": ["retry_from", "cancel"],
        "done": ["edit"],
        "filtered": ["edit"],
        "cancelled": ["edit"],
    }
    waiting = {"file": ["choose"], "sign": ["sign"], "person": ["answer"]}
    more = waiting.get(waits, []) if state == "waiting" else []
    # A wait for a file or a person with a time limit is not tried earlier by anybody.
    retry = ["retry"] if state == "waiting" and timed and not waits else []
    found = more + retry + release + acts.get(state, [])
    return [act for act in found if not (split and act in ("retry_from", "edit"))]


def _line(conn: Connection, row: Row[Any], effects: Sequence[EffectRow]) -> Line:
    kind = conn.execute(select(wait.c.kind).where(wait.c.run == row.seq)).scalar() or ""
    doubt = any(one.state == "doubt" and one.step == row.step for one in effects)
    acts = may(
        row.state, kind, doubt=doubt, timed=row.due_at is not None, split=row.children > 0, holds=bool(row.order_held)
    )
    parts = [row.state]
    if row.step and row.ended_at is None:
        parts.append(f"at {row.step}")
    if row.waits_for:
        parts.append(f"waits for {row.waits_for}")
    mark = pauses(conn).get(("route", row.route)) if row.state == "ready" else None
    if mark is not None:
        parts.append(f"the route is {mark.state} by {mark.by}")
    # While it waits for its next attempt the reason counts them already.
    if row.attempts and row.ended_at is None and not row.reason.startswith("attempt "):
        parts.append(f"attempt {row.attempts}")
    why = " ".join(part for part in (row.code, row.blocked or row.reason) if part)
    text = ", ".join(parts) + (f": {why}" if why else "")
    return Line(text, row.waits_for, row.since, row.due_at, acts)


def _message(conn: Connection, message_id: str) -> MessageFacts | None:
    # Not the whole row: it holds the body.
    columns = [message.c[name] for name in MessageFacts.__slots__]
    row = conn.execute(select(*columns).where(message.c.id == message_id)).first()
    return MessageFacts(*row) if row else None


def _parent(conn: Connection, seq: int | None) -> RunLink | None:
    if seq is None:
        return None
    row = conn.execute(select(run.c.id, run.c.state, run.c.status).where(run.c.seq == seq)).first()
    return RunLink(*row) if row else None


def _children(conn: Connection, seq: int) -> list[RunLink]:
    query = select(run.c.id, run.c.state, run.c.status).where(run.c.parent == seq).order_by(run.c.seq).limit(MOST)
    return [RunLink(*row) for row in conn.execute(query)]


def _resent(conn: Connection, seq: int) -> list[RunLink]:
    query = select(run.c.id, run.c.state, run.c.status).where(run.c.origin == seq).order_by(run.c.seq).limit(MOST)
    return [RunLink(*row) for row in conn.execute(query)]


def _effects(conn: Connection, seq: int) -> list[EffectRow]:
    columns = [effect.c[name] for name in EffectRow.__slots__]
    query = select(*columns).where(effect.c.run == seq).order_by(effect.c.at, effect.c.key).limit(MOST)
    return [EffectRow(*row) for row in conn.execute(query)]


def _events(conn: Connection, *conditions: Any) -> list[EventRow]:
    columns = [event.c[name] for name in EventRow.__slots__]
    query = select(*columns).where(*conditions).order_by(event.c.seq).limit(MOST)
    return [EventRow(*row) for row in conn.execute(query)]


def _attention(conn: Connection, condition: Any) -> list[AttentionRow]:
    columns = [attention.c[name] for name in AttentionRow.__slots__]
    query = select(*columns).where(condition, attention.c.closed_at.is_(None)).order_by(attention.c.id).limit(MOST)
    return [AttentionRow(*row) for row in conn.execute(query)]
