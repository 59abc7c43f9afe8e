"""The same change to many documents: shown before, done in pieces, undone as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from engine.message import Refused
from engine.store.schema import document, patient
from engine.store.schema_records import act
from engine.store.sql import pieces
from records import acts, drafts, edits_documents

MOST = 5000
PIECE = 100
"""Documents of one commit."""
SAMPLE = 20


def found(conn: Connection, names: Sequence[str] | None, search: Mapping[str, Any] | None) -> list[int]:
    """The current documents of these ids, or those that the search finds; `Refused` when they are too many."""
    query = select(document.c.id).where(document.c.state == "current")
    if names is not None:
        keys: list[int] = []
        for some in pieces(names):
            keys += conn.execute(query.where(document.c.public_id.in_(some))).scalars()
        return sorted(set(keys))
    if not search or not any(search.values()):
        raise Refused(edits_documents.REFUSED, "say which documents")
    for condition in _conditions(search):
        query = query.where(condition)
    keys = list(conn.execute(query.order_by(document.c.id).limit(MOST + 1)).scalars())
    if len(keys) > MOST:
        raise Refused(edits_documents.REFUSED, f"more than {MOST} documents; narrow the search")
    return keys


def preview(
    conn: Connection, keys: Sequence[int], said: Mapping[str, Any]
) -> tuple[int, list[dict[str, Any]], set[int]]:
    """How many would change, the first of them with what changes, and whose these are (numbers of patients)."""
    values = drafts.checked(conn, said)
    count, owners = 0, set()
    sample: list[dict[str, Any]] = []
    for some in pieces(keys):
        for row in conn.execute(select(document).where(document.c.id.in_(some))):
            known = row._mapping
            changes = [
                {"name": name, "before": known[name], "after": value}
                for name, value in values.items()
                if known[name] != value
            ]
            count += bool(changes)
            if changes and len(sample) < SAMPLE:
                owners.add(row.patient)
                sample.append({"document": row.public_id, "changes": changes})
    return count, sample, owners


def apply(
    conn: Connection, keys: Sequence[int], said: Mapping[str, Any], *, by: int, at: int, reason: str, bulk: str
) -> int:
    """One piece (`PIECE` documents at most): how many changed. Those that were withdrawn meanwhile are left."""
    rows = conn.execute(select(document.c.id).where(document.c.id.in_(keys), document.c.state == "current")).scalars()
    return sum(edits_documents.edit(conn, key, said, by=by, at=at, reason=reason, bulk=bulk) > 0 for key in list(rows))


def undone(conn: Connection, bulk: str, most: int) -> list[tuple[int, int]]:
    """(act, document) of a bulk that are not undone yet, newest first."""
    mine = (act.c.bulk == bulk, act.c.undone_at.is_(None), act.c.kind == edits_documents.EDIT)
    query = select(act.c.id, act.c.document).where(*mine).order_by(act.c.id.desc()).limit(most)
    return [(row.id, row.document) for row in conn.execute(query)]


def undo(conn: Connection, pairs: Sequence[tuple[int, int]], *, by: int, at: int) -> int:
    """One piece: how many were undone; documents that were changed again since stay as they are."""
    done = 0
    for number, key in pairs:
        try:
            edits_documents.undo(conn, key, by=by, at=at, number=number)
            done += 1
        except Refused as refused:
            if refused.code != acts.NO_UNDO:
                raise
    return done


def _conditions(search: Mapping[str, Any]) -> list[Any]:
    given = []
    if search.get("patient"):
        owner = select(patient.c.id).where(patient.c.public_id == search["patient"]).scalar_subquery()
        given.append(document.c.patient == owner)
    if search.get("kinds"):
        given.append(document.c.kind.in_(search["kinds"]))
    if search.get("departments"):
        given.append(document.c.department.in_(search["departments"]))
    if search.get("author"):
        given.append(document.c.author == search["author"])
    if search.get("since"):
        given.append(document.c.date >= search["since"])
    if search.get("until"):
        given.append(document.c.date.between("0", search["until"]))
    return given
