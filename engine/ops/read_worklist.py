"""The worklist: the leaf runs of a status, with what a technician needs to see of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, or_, select, text

from engine.ops import read
from engine.ops.read import Page
from engine.store.schema import attention, folder_owner, label, patient, run, wait

STATUSES = ("Pending", "Processing", "Processed", "Sent")
COUNTED = 10_000
"""Counts stop here: nobody reads a larger one, and counting must not grow with the years."""

SEARCHED = (read.ORDER, read.PATIENT, read.NAME, read.EXAM)
# What ended without a result is no work.
IS_WORK = text("run.state NOT IN ('cancelled', 'filtered', 'invalid')")


@dataclass(frozen=True, slots=True)
class WorkRow:
    """A row; see `web.api.models.WorklistRow`."""

    seq: int
    run_id: str
    status: str
    state: str
    badge: str | None
    name: str = field(repr=False)
    patient_id: str | None = field(repr=False)
    patient_number: str = field(repr=False)
    order_id: str
    exam: str
    since: int
    waits_for: str
    next_at: int | None
    reason: str
    folder: str | None = field(repr=False)
    registered: str | None
    can_sign: bool


def worklist(
    conn: Connection, status: str, search: str, after: int | None, limit: int, *, names: bool, signer: bool
) -> Page[WorkRow]:
    """The rows of a status, newest first. `search` is the beginning of a label's value."""
    query = (
        select(run)
        .where(run.c.status == status, run.c.children == 0, IS_WORK, *read.keyset(run.c.seq, after))
        .order_by(run.c.seq.desc())
        .limit(limit + 1)
    )
    if search.strip():
        query = query.where(run.c.seq.in_(_matching(search.strip(), names)))
    rows = conn.execute(query).all()
    items = _rows(conn, rows[:limit], names=names, signer=signer)
    return Page(items, rows[limit - 1].seq if len(rows) > limit else None)


def counts(conn: Connection, statuses: Sequence[str] = STATUSES) -> dict[str, int]:
    """How many rows each status has, up to `COUNTED`."""
    found = {}
    for status in statuses:
        rows = select(run.c.seq).where(run.c.status == status, run.c.children == 0, IS_WORK).limit(COUNTED)
        found[status] = conn.execute(select(func.count()).select_from(rows.subquery())).scalar_one()
    return found


def starts_with(column: ColumnElement[str], beginning: str) -> ColumnElement[bool]:
    """A prefix as a range, so that an index answers it."""
    return and_(column >= beginning, column < beginning + "\U0010ffff")


def _matching(search: str, names: bool) -> Any:
    # Without the right to see names, a search must not tell them either.
    seen = [] if names else [label.c.phi == 0]
    ways = [and_(label.c.name == name, starts_with(label.c.value, search), *seen) for name in SEARCHED]
    query = select(label.c.run).where(or_(*ways))
    if not names:
        return query
    # An order of layout B gets its name only when its patient is registered: so the patient's own name counts too.
    number = select(patient.c.number).where(starts_with(patient.c.name, search))
    return query.union(select(label.c.run).where(label.c.name == read.PATIENT, label.c.value.in_(number)))


def _rows(conn: Connection, rows: Sequence[Row[Any]], *, names: bool, signer: bool) -> list[WorkRow]:
    seqs = [row.seq for row in rows]
    labels = read.labels_of(conn, seqs, names=names)
    numbers = {seq: read.text_of(labels.get(seq), read.PATIENT) for seq in seqs}
    patients = read.patients_of(conn, numbers.values())
    badges = badges_of(conn, seqs)
    folders = folders_of(conn, seqs)
    signing = set(conn.execute(select(wait.c.run).where(wait.c.run.in_(seqs), wait.c.kind == "sign")).scalars())
    return [
        _row(
            row,
            labels.get(row.seq, {}),
            patients.get(numbers[row.seq]),
            _badge(row, badges.get(row.seq)),
            folders.get(row.seq),
            signer and row.seq in signing and not row.blocked,
            names,
        )
        for row in rows
    ]


def _row(
    row: Row[Any],
    labels: dict[str, read.Label],
    known: Row[Any] | None,
    badge: str | None,
    folder: str | None,
    can_sign: bool,
    names: bool,
) -> WorkRow:
    return WorkRow(
        seq=row.seq,
        run_id=row.id,
        status=row.status,
        state=row.state,
        badge=badge,
        name=shown_name(labels, known, names=names),
        patient_id=known.public_id if known else None,
        patient_number=read.text_of(labels, read.PATIENT),
        order_id=read.text_of(labels, read.ORDER),
        exam=read.text_of(labels, read.EXAM),
        since=row.since,
        waits_for=row.waits_for,
        next_at=row.due_at,
        reason=row.blocked or row.reason,
        folder=folder,
        registered=read.text_of(labels, read.REGISTERED) or None,
        can_sign=can_sign,
    )


def shown_name(labels: dict[str, read.Label], known: Row[Any] | None, *, names: bool) -> str:
    """The patient's name of the order, else of the patient table; masked without the right."""
    given = read.text_of(labels, read.NAME)
    if given or known is None:
        return given
    return str(known.name) if names else read.mask(known.name)


def badges_of(conn: Connection, seqs: Sequence[int]) -> dict[int, str]:
    """The newest open entry of Attention of each run."""
    query = (
        select(attention.c.run, attention.c.kind)
        .where(attention.c.run.in_(seqs), attention.c.closed_at.is_(None))
        .order_by(attention.c.id)
    )
    return {row.run: row.kind for row in conn.execute(query)}


def _badge(row: Row[Any], kind: str | None) -> str | None:
    if kind in ("doubt", "late"):
        return kind
    if row.state in ("dead", "held"):
        return str(row.state)
    return "blocked" if row.blocked else kind


def folders_of(conn: Connection, seqs: Sequence[int]) -> dict[int, str]:
    """The folder that each run owns."""
    query = select(folder_owner.c.run, folder_owner.c.path).where(folder_owner.c.run.in_(seqs))
    return {row.run: row.path for row in conn.execute(query)}
