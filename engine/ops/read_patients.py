"""Patients as the screens show them: found by number or name, with orders, documents and messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, or_, select

from engine.ops import read
from engine.ops.read import Page, cut, keyset
from engine.ops.read_worklist import starts_with
from engine.store.schema import document, label, message, patient, run
from engine.store.schema_records import patient_number


@dataclass(frozen=True, slots=True)
class PatientRow:
    """`key` is the table's own number, for the audit; `id` the one that goes out."""

    key: int
    id: str
    name: str = field(repr=False)
    birth_date: str = field(repr=False)
    sex: str = field(repr=False)
    number: str = field(repr=False)
    details: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class OrderRow:
    run_id: str
    order_id: str
    exam: str
    route: str
    status: str | None
    state: str
    since: int
    created_at: int


@dataclass(frozen=True, slots=True)
class DocumentRow:
    id: str
    kind: str
    title: str = field(repr=False)
    url: str
    picture: str
    run_id: str | None
    created_at: int


@dataclass(frozen=True, slots=True)
class MessageRow:
    id: str
    connection: str
    operation: str
    received_at: int
    size: int
    outcome: str
    run_id: str


def search(conn: Connection, text: str, after: int | None, limit: int) -> Page[PatientRow]:
    """Patients whose number or name begins with the text, newest first."""
    query = (
        select(patient)
        .where(
            or_(starts_with(patient.c.number, text), starts_with(patient.c.name, text)),
            patient.c.merged_into.is_(None),
            *keyset(patient.c.id, after),
        )
        .order_by(patient.c.id.desc())
        .limit(limit + 1)
    )
    rows = conn.execute(query).all()
    return cut([patient_row(row) for row in rows], [row.id for row in rows], limit)


def by_public_id(conn: Connection, public_id: str) -> PatientRow | None:
    """The patient of this id, or whom a merge leads to."""
    row = conn.execute(select(patient).where(patient.c.public_id == public_id)).first()
    if row is not None and row.merged_into is not None:
        row = conn.execute(select(patient).where(patient.c.id == row.merged_into)).first()
    return patient_row(row) if row else None


def patient_row(row: Row[Any]) -> PatientRow:
    """A row of the table as it is shown."""
    return PatientRow(row.id, row.public_id, row.name, row.birth_date, row.sex, row.number, dict(row.details or {}))


def orders(conn: Connection, number: str, after: int | None, limit: int) -> Page[OrderRow]:
    """The leaf runs that carry this patient's number, newest first."""
    query = _runs(number, after, limit).where(run.c.children == 0)
    rows = conn.execute(query).all()
    labels = read.labels_of(conn, [row.seq for row in rows], names=True)
    items = [
        OrderRow(
            run_id=row.id,
            order_id=read.text_of(labels.get(row.seq), read.ORDER),
            exam=read.text_of(labels.get(row.seq), read.EXAM),
            route=row.route,
            status=row.status,
            state=row.state,
            since=row.since,
            created_at=row.created_at,
        )
        for row in rows
    ]
    return cut(items, [row.seq for row in rows], limit)


def documents(conn: Connection, key: int, after: int | None, limit: int) -> Page[DocumentRow]:
    """What is filed under this patient, newest first."""
    query = (
        select(document, run.c.id.label("run_id"))
        .outerjoin(run, run.c.seq == document.c.run)
        .where(document.c.patient == key, document.c.state == "current", *keyset(document.c.id, after))
        .order_by(document.c.id.desc())
        .limit(limit + 1)
    )
    rows = conn.execute(query).all()
    return cut([_document(row) for row in rows], [row.id for row in rows], limit)


def _document(row: Row[Any]) -> DocumentRow:
    url = f"/d/{row.public_id}"
    return DocumentRow(row.public_id, row.kind, row.title, url, f"{url}.png", row.run_id, row.created_at)


def messages(conn: Connection, number: str, after: int | None, limit: int) -> Page[MessageRow]:
    """The messages whose runs carry this patient's number, newest first; one row a run."""
    query = _runs(number, after, limit).add_columns(
        message.c.connection, message.c.operation, message.c.received_at, message.c.size, message.c.outcome
    )
    rows = conn.execute(query.join(message, message.c.id == run.c.message_id)).all()
    items = [
        MessageRow(row.message_id, row.connection, row.operation, row.received_at, row.size, row.outcome, row.id)
        for row in rows
    ]
    return cut(items, [row.seq for row in rows], limit)


def _numbers(number: str) -> Any:
    """This number, and those that a merge has given to its patient."""
    own = select(patient.c.number).where(patient.c.number == number)
    led = select(patient_number.c.number).join(patient, patient.c.id == patient_number.c.patient)
    return own.union(led.where(patient.c.number == number))


def _runs(number: str, after: int | None, limit: int) -> Any:
    return (
        select(run)
        .join(label, label.c.run == run.c.seq)
        .where(label.c.name == read.PATIENT, label.c.value.in_(_numbers(number)), *keyset(run.c.seq, after))
        .order_by(run.c.seq.desc())
        .limit(limit + 1)
    )
