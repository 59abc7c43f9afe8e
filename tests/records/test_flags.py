"""Marks of readers: made once, answered once, each written down; shown with who, when, and the page as it is now."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, Row, func, insert, select, update

from engine.message import Refused
from engine.store.schema import audit, document
from engine.store.schema_records import document_flag, document_page
from records import flags, tree
from records.assign import Who
from tests.records import filed, seed
from tests.records.seed import NOW


@pytest.fixture(name="owner")
def fixture_owner(conn: Connection) -> int:
    return seed.patient(conn)


@pytest.fixture(name="doctor")
def fixture_doctor(conn: Connection) -> Who:
    return Who(seed.user(conn, "doc"), "doc", "ward")


@pytest.fixture(name="clerk")
def fixture_clerk(conn: Connection) -> Who:
    return Who(seed.user(conn, "eva"), "eva", "desk")


def row_of(conn: Connection, key: int) -> Row[Any]:
    row = tree.one(conn, seed.public(conn, document, key)[0])
    assert row is not None
    return row


def put(conn: Connection, key: int, who: Who, **said: Any) -> int:
    about = {"place": None, "reason": "kind", "note": "", "at": NOW} | said
    return flags.put(conn, row_of(conn, key), who=who, **about)


def written(conn: Connection) -> list[tuple[Any, ...]]:
    columns = (audit.c.user, audit.c.act, audit.c.patient, audit.c.subject, audit.c.origin)
    return [tuple(row) for row in conn.execute(select(*columns).order_by(audit.c.seq))]


def test_a_mark_is_shown_with_who_and_answered_once(conn: Connection, owner: int, doctor: Who, clerk: Who) -> None:
    key = filed.scanned(conn, owner, 3)
    row = row_of(conn, key)
    one = put(conn, key, doctor, place=2, reason="unreadable", note=" too dark ", at=NOW)
    (shown,) = flags.of(conn, row, doctor.id)
    assert shown == {
        "id": one, "whole": False, "n": 2, "version": 1, "reason": "unreadable", "note": "too dark", "at": NOW,
        "by": {"login": "doc", "name": shown["by"]["name"], "me": True},
        "answer": "", "answer_note": "", "answered_by": None, "answered_at": None,
    }  # fmt: skip
    assert flags.open_on(conn, [key, key + 1]) == {key}
    flags.answer(conn, row, one, answer="repaired", note=" scanned again ", who=clerk, at=NOW + 5)
    (shown,) = flags.of(conn, row, doctor.id)
    assert (shown["answer"], shown["answer_note"], shown["answered_at"]) == ("repaired", "scanned again", NOW + 5)
    assert (shown["answered_by"]["login"], shown["answered_by"]["me"]) == ("eva", False)
    assert flags.open_on(conn, [key]) == set()
    for number in (one, one + 1):
        with pytest.raises(Refused, match="WB-8314"):
            flags.answer(conn, row, number, answer="fine", note="x", who=clerk, at=NOW)
    assert written(conn) == [
        ("doc", "document.flag", owner, row.public_id, "ward"),
        ("eva", "document.flag.answer", owner, row.public_id, "desk"),
    ]


def test_a_mark_of_another_document_is_not_answered_here(conn: Connection, owner: int, doctor: Who, clerk: Who) -> None:
    one = put(conn, filed.scanned(conn, owner), doctor)
    with pytest.raises(Refused, match="WB-8314"):
        flags.answer(conn, row_of(conn, filed.scanned(conn, owner)), one, answer="fine", note="x", who=clerk, at=NOW)
    assert conn.execute(select(document_flag.c.answered_at)).scalar() is None


def test_the_same_mark_is_made_once_until_it_is_answered(conn: Connection, owner: int, doctor: Who, clerk: Who) -> None:
    key = filed.scanned(conn, owner, 2)
    one = put(conn, key, doctor, place=1)
    assert put(conn, key, doctor, place=1, at=NOW + 1) == one
    others = {
        put(conn, key, doctor), put(conn, key, doctor, place=2), put(conn, key, clerk, place=1),
        put(conn, key, doctor, place=1, reason="patient"), put(conn, key, doctor, place=1, note="more"),
    }  # fmt: skip
    assert len(others | {one}) == 6
    assert put(conn, key, doctor) in others
    flags.answer(conn, row_of(conn, key), one, answer="fine", note="x", who=clerk, at=NOW)
    assert put(conn, key, doctor, place=1) not in {one, *others}
    assert len([1 for entry in written(conn) if entry[1] == "document.flag"]) == 7


def test_those_that_wait_come_first_then_the_newest(conn: Connection, owner: int, doctor: Who, clerk: Who) -> None:
    key = filed.scanned(conn, owner, 3)
    made = [put(conn, key, doctor, place=place) for place in (1, 2, 3)]
    flags.answer(conn, row_of(conn, key), made[2], answer="fine", note="x", who=clerk, at=NOW)
    assert [one["id"] for one in flags.of(conn, row_of(conn, key), 0)] == [made[1], made[0], made[2]]


def test_a_page_is_where_the_newest_version_has_it(conn: Connection, owner: int, doctor: Who) -> None:
    pages = seed.pages(conn, seed.batch(conn, state="filed"), 2, patient=owner)
    key = filed.scanned(conn, owner, pages)
    for place in (1, 2):
        put(conn, key, doctor, place=place)
    conn.execute(insert(document_page).values(document=key, version=2, position=1, page=pages[1]))
    conn.execute(update(document).where(document.c.id == key).values(version=2))
    shown = flags.of(conn, row_of(conn, key), 0)
    assert [(one["n"], one["whole"], one["version"]) for one in shown] == [(1, False, 1), (None, False, 1)]
    with pytest.raises(Refused, match="WB-8315"):
        put(conn, key, doctor, place=2)


def test_a_document_without_pages_is_marked_as_a_whole(conn: Connection, owner: int, doctor: Who) -> None:
    key = filed.routed(conn, owner)
    put(conn, key, doctor)
    (shown,) = flags.of(conn, row_of(conn, key), 0)
    assert (shown["whole"], shown["n"]) == (True, None)
    with pytest.raises(Refused, match="WB-8315"):
        put(conn, key, doctor, place=1)


def test_marks_that_wait_have_a_limit(
    conn: Connection, owner: int, doctor: Who, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flags, "MOST_OPEN", 2)
    key = filed.scanned(conn, owner)
    for note in ("a", "b"):
        put(conn, key, doctor, note=note)
    with pytest.raises(Refused, match="WB-8315"):
        put(conn, key, doctor, note="c")
    assert put(conn, key, doctor, note="b") == 2
    assert conn.execute(select(func.count()).select_from(document_flag)).scalar() == 2
