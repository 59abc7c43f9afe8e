"""What needs a person: open entries grouped by cause, and the files that nothing claims."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, func, select

from engine.ops import read
from engine.store.schema import attention, file

GROUPS = 100
SHOWN = 50
FILES = 200
OPEN_FILES = ("unmatched", "ambiguous", "late", "incomplete")

ANSWERS: dict[str, tuple[str, ...]] = {
    "update": ("ignore", "anew"),
    "conflict": ("ignore",),
    "invalid": ("ignore",),
    "rejected": ("ignore",),
    "late": ("ignore",),
}
"""How an entry may be closed by word alone; the others end by what is done with their run or file."""


@dataclass(frozen=True, slots=True)
class Item:
    id: int
    run_id: str | None
    message_id: str | None
    file_id: int | None
    order_id: str
    reason: str
    created_at: int
    acknowledged_by: str


@dataclass(frozen=True, slots=True)
class Group:
    """Entries of one kind, code, route and step; `cause` is the newest one's reason."""

    kind: str
    code: str
    cause: str
    route: str
    step: str
    count: int
    oldest: int
    answers: tuple[str, ...]
    items: list[Item]


@dataclass(frozen=True, slots=True)
class FileRow:
    id: int
    connection: str
    path: str = field(repr=False)
    size: int
    first_seen: int
    state: str
    reason: str
    has_content: bool


def open_count(conn: Connection) -> int:
    """How many entries are open and not acknowledged by anyone."""
    query = select(func.count()).where(attention.c.closed_at.is_(None), attention.c.acknowledged_by == "")
    return conn.execute(query.select_from(attention)).scalar_one()


def groups(conn: Connection) -> list[Group]:
    """All open entries by cause, the largest group first."""
    columns = (attention.c.kind, attention.c.code, attention.c.route, attention.c.step)
    count = func.count()
    query = (
        select(*columns, count.label("number"), func.min(attention.c.created_at).label("oldest"))
        .where(attention.c.closed_at.is_(None))
        .group_by(*columns)
        .order_by(count.desc(), *columns)
        .limit(GROUPS)
    )
    return [_group(conn, row) for row in conn.execute(query).all()]


def _group(conn: Connection, group: Row[Any]) -> Group:
    query = (
        select(attention)
        .where(
            attention.c.closed_at.is_(None),
            attention.c.kind == group.kind,
            attention.c.code == group.code,
            attention.c.route == group.route,
            attention.c.step == group.step,
        )
        .order_by(attention.c.id.desc())
        .limit(SHOWN)
    )
    rows = conn.execute(query).all()
    return Group(
        kind=group.kind,
        code=group.code,
        cause=rows[0].reason if rows else "",
        route=group.route,
        step=group.step,
        count=group.number,
        oldest=group.oldest,
        answers=ANSWERS.get(group.kind, ()),
        items=_items(conn, rows),
    )


def _items(conn: Connection, rows: Sequence[Row[Any]]) -> list[Item]:
    seqs = [row.run for row in rows if row.run is not None]
    ids = read.run_ids(conn, seqs)
    labels = read.labels_of(conn, seqs, names=False)
    return [
        Item(
            id=row.id,
            run_id=ids.get(row.run),
            message_id=row.message_id,
            file_id=row.file,
            order_id=read.text_of(labels.get(row.run), read.ORDER),
            reason=row.reason,
            created_at=row.created_at,
            acknowledged_by=row.acknowledged_by,
        )
        for row in rows
    ]


def unmatched(conn: Connection) -> list[FileRow]:
    """The files that wait for a person's word, oldest first; at most `FILES`."""
    query = select(file).where(file.c.state.in_(OPEN_FILES)).order_by(file.c.id).limit(FILES)
    return [_file(row) for row in conn.execute(query)]


def unmatched_count(conn: Connection) -> int:
    return conn.execute(select(func.count()).select_from(file).where(file.c.state.in_(OPEN_FILES))).scalar_one()


def file_row(conn: Connection, file_id: int) -> Row[Any] | None:
    return conn.execute(select(file).where(file.c.id == file_id)).first()


def _file(row: Row[Any]) -> FileRow:
    seen = (row.id, row.connection, row.path, row.size, row.first_seen, row.state, row.reason)
    return FileRow(*seen, row.blob is not None)
