"""Marks of readers on a document, or on a page of it: this is wrong, and why. Someone who may repair answers each.

A mark changes nothing by itself; it stays, with its answer, for as long as the document is there.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Row, and_, func, insert, select, update

from engine.message import Refused
from engine.store.schema import users
from engine.store.schema_records import document_flag, document_page
from records import audit
from records.assign import Who

ANSWERED = "WB-8314"  # a mark on a document that was answered already, or is not there
CROWDED = "WB-8315"  # a mark that cannot be made: the page is not there, or too many marks wait for an answer

MOST_OPEN = 50
"""Marks on one document that wait for an answer."""
SHOWN = 200
FLAGGED, REPLIED = "document.flag", "document.flag.answer"


def put(conn: Connection, row: Row[Any], *, place: int | None, reason: str, note: str, who: Who, at: int) -> int:
    """Mark the document of this row (place: one page of its version), and write it down. The mark's number.

    The same mark of the same person is made once, however often it is sent.
    """
    page = None if place is None else _page(conn, row, place)
    mine = and_(
        document_flag.c.document == row.id, document_flag.c.page.is_not_distinct_from(page),
        document_flag.c.by == who.id, document_flag.c.reason == reason, document_flag.c.note == note.strip(),
    )  # fmt: skip
    waiting = conn.execute(
        select(document_flag.c.id, mine.label("mine"))
        .where(document_flag.c.document == row.id, document_flag.c.answered_at.is_(None))
        .limit(MOST_OPEN)
    ).all()
    known = next((int(one.id) for one in waiting if one.mine), None)
    if known is not None:
        return known
    if len(waiting) >= MOST_OPEN:
        raise Refused(CROWDED, "too many marks on this document wait for an answer")
    made = conn.execute(
        insert(document_flag).values(
            document=row.id, version=row.version, page=page, reason=reason, note=note.strip(), by=who.id, at=at
        )
    )
    _write_down(conn, row, FLAGGED, who, at)
    return int(made.inserted_primary_key[0])  # type: ignore[index]


def answer(conn: Connection, row: Row[Any], number: int, *, answer: str, note: str, who: Who, at: int) -> None:
    """What came of a mark on the document of this row: `repaired`, or `fine`. Each is answered once."""
    of = (document_flag.c.id == number, document_flag.c.document == row.id, document_flag.c.answered_at.is_(None))
    said = {"answer": answer, "answer_note": note.strip(), "answered_by": who.id, "answered_at": at}
    if conn.execute(update(document_flag).where(*of).values(said)).rowcount != 1:
        raise Refused(ANSWERED, "the mark was answered already, or is not there")
    _write_down(conn, row, REPLIED, who, at)


def of(conn: Connection, row: Row[Any], user: int) -> list[dict[str, Any]]:
    """The marks on the document of this row: those that wait first, then the newest. n: the page in its version."""
    by, answered_by = users.alias("by"), users.alias("answered_by")
    newest = and_(
        document_page.c.document == row.id,
        document_page.c.version == row.version,
        document_page.c.page == document_flag.c.page,
    )
    query = (
        select(
            document_flag,
            func.min(document_page.c.position).label("n"),
            *_named("maker", by),
            *_named("answerer", answered_by),
        )
        .join(by, by.c.id == document_flag.c.by)
        .outerjoin(answered_by, answered_by.c.id == document_flag.c.answered_by)
        .outerjoin(document_page, newest)
        .where(document_flag.c.document == row.id)
        .group_by(document_flag.c.id)
        .order_by(document_flag.c.answered_at.is_not(None), document_flag.c.id.desc())
        .limit(SHOWN)
    )
    return [_shown(one, user) for one in conn.execute(query)]


def open_on(conn: Connection, keys: Collection[int]) -> set[int]:
    """Of these documents, the ones with a mark that waits for an answer."""
    waiting = (document_flag.c.document.in_(keys), document_flag.c.answered_at.is_(None))
    return set(conn.execute(select(document_flag.c.document).where(*waiting).distinct()).scalars())


def _page(conn: Connection, row: Row[Any], place: int) -> int:
    of = (document_page.c.document == row.id, document_page.c.version == row.version)
    query = select(document_page.c.page).where(*of, document_page.c.position == place)
    found = conn.execute(query).scalar_one_or_none()
    if found is None:
        raise Refused(CROWDED, "the document has no such page now")
    return int(found)


def _write_down(conn: Connection, row: Row[Any], act: str, who: Who, at: int) -> None:
    audit.record(conn, at=at, user=who.login, act=act, patient=row.patient, subject=row.public_id, origin=who.origin)


def _named(word: str, table: Any) -> list[Any]:
    return [table.c[name].label(f"{word}_{name}") for name in ("id", "login", "name")]


def _shown(row: Row[Any], user: int) -> dict[str, Any]:
    found = row._mapping
    people = {
        word: None if found[f"{word}_id"] is None
        else {"login": found[f"{word}_login"], "name": found[f"{word}_name"], "me": found[f"{word}_id"] == user}
        for word in ("maker", "answerer")
    }  # fmt: skip
    return {
        **{name: found[name] for name in ("id", "version", "reason", "note", "at", "answer", "answer_note",
                                          "answered_at", "n")},
        "whole": row.page is None, "by": people["maker"], "answered_by": people["answerer"],
    }  # fmt: skip
