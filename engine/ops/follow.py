"""What passes, as it passes: new rows of events and messages by their numbers. Reads only, nothing is configured.

Every row has its number from the one writer, so what comes later has a greater one, and nothing is missed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, func, select

from engine.ops import read
from engine.ops.filters import LabelFilter
from engine.store.schema import effect, event, message, run

MOST = 500
KINDS = {
    "created": "accepted", "done": "step", "ended": "ended", "waits": "waits", "dead": "error", "held": "error",
    "filtered": "ended", "cancelled": "ended", "skipped": "skipped", "jumped": "step", "split": "step",
}  # fmt: skip
"""What a line says of an event; others are said by their own word."""


@dataclass(frozen=True, slots=True)
class Place:
    """The last event and message that were told."""

    event: int = 0
    message: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened."""

    at: int
    what: str
    run: str
    message: str
    route: str
    step: str
    connection: str
    code: str
    text: str
    labels: dict[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Only:
    """What is told; empty: everything."""

    connections: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()
    labels: tuple[LabelFilter, ...] = ()


def newest(conn: Connection) -> Place:
    """Where following begins: with what comes next."""
    last = [conn.execute(select(func.max(table.c.seq))).scalar() or 0 for table in (event, message)]
    return Place(*last)


def lines(conn: Connection, place: Place, only: Only, *, names: bool) -> tuple[list[Line], Place]:
    """What came after `place`, and the place after it."""
    refused, last_message = _refused(conn, place.message, only)
    query = (
        select(event, run.c.id, run.c.route, run.c.message_id.label("of"), message.c.connection)
        .join(run, run.c.seq == event.c.run)
        .outerjoin(message, message.c.id == run.c.message_id)
        .where(event.c.seq > place.event)
        .order_by(event.c.seq)
        .limit(MOST)
    )
    rows = conn.execute(query).all()
    seqs = {row.run for row in rows}
    labels = read.labels_of(conn, seqs, names=names)
    effects = _effects(conn, {row.run for row in rows if row.kind in ("done", "dead", "held", "ended", "waits")})
    told = list(refused)
    for row in rows:
        own = labels.get(row.run, {})
        if _fits(row, own, effects, only):
            told += _of_event(row, {name: one.value for name, one in own.items()}, effects)
    last = rows[-1].seq if rows else _passed(conn, place.event)
    return told, Place(last, last_message)


def _passed(conn: Connection, seq: int) -> int:
    """Events without a run are told by nobody, and passed by."""
    return conn.execute(select(func.max(event.c.seq)).where(event.c.seq > seq)).scalar() or seq


def _fits(row: Row[Any], labels: dict[str, read.Label], effects: dict[tuple[int, str], Row[Any]], only: Only) -> bool:
    if only.routes and row.route not in only.routes:
        return False
    if only.connections and row.connection not in only.connections:
        done = effects.get((row.run, row.step))
        if done is None or done.connection not in only.connections:
            return False
    return all(_has(labels, one) for one in only.labels)


def _has(labels: dict[str, read.Label], wanted: LabelFilter) -> bool:
    found = labels.get(wanted.name)
    if found is None or found.masked:
        return False
    return found.value.startswith(wanted.value) if wanted.prefix else found.value == wanted.value


def _of_event(row: Row[Any], labels: dict[str, str], effects: dict[tuple[int, str], Row[Any]]) -> list[Line]:
    def line(what: str, connection: str, code: str, text: str) -> Line:
        return Line(row.at, what, row.id, row.of, row.route, row.step, connection, code, text, labels)

    told = []
    made = effects.get((row.run, row.step)) if row.step and row.kind in ("done", "dead", "held", "waits") else None
    if made is not None and made.settled_at is not None:
        text = f"{made.operation} {made.state}, attempt {made.attempts}"
        told.append(line("effect", made.connection, made.code, text))
    return [*told, line(KINDS.get(row.kind, row.kind), row.connection or "", row.code, row.text)]


def _effects(conn: Connection, seqs: set[int]) -> dict[tuple[int, str], Row[Any]]:
    """The last effect of each step."""
    query = select(effect).where(effect.c.run.in_(seqs)).order_by(effect.c.generation)
    return {(row.run, row.step): row for row in conn.execute(query)}


def _refused(conn: Connection, after: int, only: Only) -> tuple[Sequence[Line], int]:
    columns = (message.c.seq, message.c.id, message.c.received_at, message.c.connection, message.c.operation,
               message.c.route, message.c.outcome, message.c.code, message.c.reason)  # fmt: skip
    rows = conn.execute(select(*columns).where(message.c.seq > after).order_by(message.c.seq).limit(MOST)).all()
    told = [
        Line(row.received_at, row.outcome, "", row.id, row.route or "", "", row.connection, row.code, row.reason, {})
        for row in rows
        if row.outcome != "accepted"
        and not only.labels
        and (not only.connections or row.connection in only.connections)
        and (not only.routes or row.route in only.routes)
    ]
    return told, rows[-1].seq if rows else after
