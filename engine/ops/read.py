"""What the questions of the screens and of the command line share: pages by key, masks, labels, look-ups.

Everything in `engine.ops.read*` reads (but `read_audit.record`) and knows no right: the caller says whether names may
be seen. Times are UTC milliseconds. Lists are bounded and go on by key, never by counting rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, select, text

from engine.store.schema import label, patient, run

T = TypeVar("T")

UNFINISHED = ("ready", "running", "waiting", "held", "dead")
# As text, because SQLite uses a partial index only when its condition stands literally in the question.
IS_UNFINISHED = text("state IN ('ready', 'running', 'waiting', 'held', 'dead')")

ORDER = "order_id"
PATIENT = "patient_id"
NAME = "name"
EXAM = "exam"
REGISTERED = "registered"
URGENT = "urgent"
"""The labels that the screens know by name; a route that does not set one leaves its column empty."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A piece of a list; `next` is the key to go on from, None at the end."""

    items: list[T]
    next: int | None


@dataclass(frozen=True, slots=True)
class Label:
    name: str
    value: str = field(repr=False)
    phi: bool = False
    masked: bool = False


def cut(items: list[T], keys: Sequence[int], limit: int) -> Page[T]:
    """The page of rows that were asked with `limit + 1`."""
    return Page(items[:limit], keys[limit - 1] if len(items) > limit else None)


def keyset(column: ColumnElement[int], after: int | None) -> list[ColumnElement[bool]]:
    """The condition that continues a descending list."""
    return [] if after is None else [column < after]


def mask(value: str) -> str:
    """`示例甲` as `示**`: enough to tell rows apart, not to know a person."""
    return value[:1] + "**" if value else ""


def labels_of(conn: Connection, runs: Collection[int], *, names: bool) -> dict[int, dict[str, Label]]:
    """The labels of these runs by name; those with a patient's data masked unless `names`."""
    found: defaultdict[int, dict[str, Label]] = defaultdict(dict)
    query = select(label).where(label.c.run.in_(runs)).order_by(label.c.run, label.c.name)
    for row in conn.execute(query):
        hidden = bool(row.phi) and not names
        value = mask(row.value) if hidden else row.value
        found[row.run][row.name] = Label(row.name, value, bool(row.phi), hidden)
    return found


def text_of(labels: dict[str, Label] | None, name: str) -> str:
    """The value of a label, or nothing."""
    found = (labels or {}).get(name)
    return found.value if found else ""


def patients_of(conn: Connection, numbers: Collection[str]) -> dict[str, Row[Any]]:
    """The patients with these numbers, by number."""
    wanted = {number for number in numbers if number}
    if not wanted:
        return {}
    return {row.number: row for row in conn.execute(select(patient).where(patient.c.number.in_(wanted)))}


def patient_of_run(conn: Connection, seq: int) -> Row[Any] | None:
    """The patient that a run is about, when its label names one that is registered."""
    query = (
        select(patient)
        .join(label, label.c.value == patient.c.number)
        .where(label.c.run == seq, label.c.name == PATIENT)
    )
    return conn.execute(query).first()


def run_by_id(conn: Connection, run_id: str) -> Row[Any] | None:
    return conn.execute(select(run).where(run.c.id == run_id)).first()


def run_ids(conn: Connection, seqs: Collection[int | None]) -> dict[int, str]:
    """The outside ids of runs by their number."""
    wanted = {seq for seq in seqs if seq is not None}
    if not wanted:
        return {}
    return {row.seq: row.id for row in conn.execute(select(run.c.seq, run.c.id).where(run.c.seq.in_(wanted)))}


def runs_by_label(conn: Connection, name: str, value: str, limit: int = 50) -> list[str]:
    """Ids of the runs that carry this label, newest first."""
    query = (
        select(run.c.id)
        .join(label, label.c.run == run.c.seq)
        .where(label.c.name == name, label.c.value == value)
        .order_by(run.c.seq.desc())
        .limit(limit)
    )
    return list(conn.execute(query).scalars())


def runs_of_message(conn: Connection, message_id: str, limit: int = 50) -> list[str]:
    """Ids of the runs that a message made, the first first."""
    query = select(run.c.id).where(run.c.message_id == message_id).order_by(run.c.seq).limit(limit)
    return list(conn.execute(query).scalars())
