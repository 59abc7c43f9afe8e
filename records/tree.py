"""A patient's documents as a tree, in any order of episode, department, kind and date.

However many documents there are, the number of questions stays the same: one counts all branches; the documents
themselves come with them while they are few, else branch by branch.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, and_, case, func, or_, select

from engine.store.schema import audit, document, patient
from engine.store.schema_records import act
from records import flags, loose, patients

LEVELS = ("episode", "department", "kind", "date")
EMBEDDED = 300
"""Documents of a patient that come with the tree; of more, each branch is asked for."""
READ = ("document.open", "document.reader", "document.export", "document.print")
"""Acts of the audit after which a document is not unread."""
PINNED, LOOSE = "document.pinned", "document.unpinned"
BRIEF = ("kind", "title", "department", "author", "episode", "version", "state", "origin", "pages")

_DAY = case(
    (document.c.date != "", document.c.date),
    else_=func.strftime("%Y-%m-%d", document.c.created_at / 1000, "unixepoch"),
)
"""The document's date; of one that has none, the day on which it was filed."""
_KEYS: dict[str, Any] = {
    "episode": document.c.episode,
    "department": document.c.department,
    "kind": document.c.kind,
    "date": func.substr(_DAY, 1, 7),
}


def owner(conn: Connection, public_id: str) -> Row[Any] | None:
    """The patient of this id, or the one that a merge made of it."""
    found = patients.by_public_id(conn, public_id)
    if found is None:
        return None
    return conn.execute(select(patient).where(patient.c.id == found["id"])).one()


def tree(conn: Connection, key: int, by: Sequence[str], *, user: int, login: str, withdrawn: bool) -> dict[str, Any]:
    """`{by, total, nodes, in_work, unchecked}` for this person. Dates are branches by month (`2026-03`)."""
    columns = [_KEYS[level].label(level) for level in by]
    counted = select(func.count().label("count"), *columns).where(*_of(key, withdrawn)).group_by(*columns)
    rows = [(tuple(row[1:]), int(row[0])) for row in conn.execute(counted)]
    total = sum(count for _, count in rows)
    leaves: Mapping[tuple[str, ...], list[dict[str, Any]]] | None = None
    if total <= EMBEDDED:
        found = _documents(conn, key, by, (), withdrawn, None, EMBEDDED)
        shown = briefs(conn, found, user=user, login=login, patient_id=key)
        grouped: defaultdict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
        for row, brief in zip(found, shown, strict=True):
            grouped[tuple(row._mapping[f"by_{level}"] for level in by)].append(brief)
        leaves = grouped
    nodes = _nodes(rows, (), len(by), leaves)
    return {"by": list(by), "total": total, "nodes": nodes, **loose.work(conn, key)}


def branch(
    conn: Connection,
    key: int,
    by: Sequence[str],
    keys: Sequence[str],
    *,
    user: int,
    login: str,
    withdrawn: bool,
    after: int | None,
    limit: int,
) -> tuple[list[dict[str, Any]], int | None]:
    """The documents of one branch, newest first, and where the next ones begin."""
    found = _documents(conn, key, by, keys, withdrawn, after, limit + 1)
    shown = briefs(conn, found[:limit], user=user, login=login, patient_id=key)
    return shown, found[limit - 1].id if len(found) > limit else None


def briefs(
    conn: Connection, rows: Sequence[Row[Any]], *, user: int, login: str, patient_id: int
) -> list[dict[str, Any]]:
    """Documents as lists show them; rows have the columns of `document` and `day`."""
    read = _read(conn, patient_id, login) if rows else {}
    keys = [row.id for row in rows]
    pinned, flagged = _pinned(conn, keys, user), flags.open_on(conn, keys)
    return [
        {
            **{name: row._mapping[name] for name in BRIEF},
            "id": row.public_id,
            "date": row.day,
            "unread": read.get(row.public_id, -1) < max(row.changed_at, row.created_at),
            "pinned": row.id in pinned,
            "flagged": row.id in flagged,
        }
        for row in rows
    ]


def one(conn: Connection, public_id: str) -> Row[Any] | None:
    """A document's row, with `day`."""
    return conn.execute(select(document, _DAY.label("day")).where(document.c.public_id == public_id)).one_or_none()


def _of(key: int, withdrawn: bool) -> list[Any]:
    return [document.c.patient == key, *([] if withdrawn else [document.c.state == "current"])]


def _documents(
    conn: Connection,
    key: int,
    by: Sequence[str],
    keys: Sequence[str],
    withdrawn: bool,
    after: int | None,
    limit: int,
) -> Sequence[Row[Any]]:
    columns = [_KEYS[level].label(f"by_{level}") for level in by]
    query = select(document, _DAY.label("day"), *columns).where(
        *_of(key, withdrawn), *(_KEYS[level] == text for level, text in zip(by, keys, strict=False))
    )
    if after is not None:
        last = select(_DAY).where(document.c.id == after).scalar_subquery()
        query = query.where(or_(last > _DAY, and_(last == _DAY, document.c.id < after)))
    return conn.execute(query.order_by(_DAY.desc(), document.c.id.desc()).limit(limit)).all()


def _nodes(
    rows: Iterable[tuple[tuple[str, ...], int]],
    above: tuple[str, ...],
    depth: int,
    leaves: Mapping[tuple[str, ...], list[dict[str, Any]]] | None,
) -> list[dict[str, Any]]:
    if len(above) == depth:
        return []
    groups: defaultdict[str, list[tuple[tuple[str, ...], int]]] = defaultdict(list)
    for keys, count in rows:
        groups[keys[len(above)]].append((keys, count))
    made = []
    for text in sorted(groups, reverse=True):
        path = (*above, text)
        last = len(path) == depth
        made.append(
            {
                "key": text,
                "label": text,
                "count": sum(count for _, count in groups[text]),
                "nodes": _nodes(groups[text], path, depth, leaves),
                "documents": leaves.get(path, []) if last and leaves is not None else None,
            }
        )
    return made


def _read(conn: Connection, patient_id: int, login: str) -> dict[str, int]:
    """When this person last opened each document of this patient, by public id."""
    mine = (audit.c.patient == patient_id, audit.c.user == login, audit.c.act.in_(READ))
    query = select(audit.c.subject, func.max(audit.c.at)).where(*mine).group_by(audit.c.subject)
    return {str(row[0]): int(row[1]) for row in conn.execute(query)}


def _pinned(conn: Connection, keys: Collection[int], user: int) -> set[int]:
    """Of these documents, the ones that this person has pinned."""
    mine = (act.c.document.in_(keys), act.c.by == user, act.c.kind.in_((PINNED, LOOSE)))
    query = select(act.c.document, act.c.kind).where(*mine).order_by(act.c.id)
    last = {int(row[0]): row[1] for row in conn.execute(query)}
    return {key for key, kind in last.items() if kind == PINNED}
