"""Many documents at once: what would change, done, undone but for what was changed again."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, select, update

from engine.message import Refused
from engine.store.schema import document
from records import bulk_edit, edits_documents
from tests.records import seed
from tests.records.filed import scanned
from tests.records.test_drafts import lists


@pytest.fixture(name="keys")
def fixture_keys(conn: Connection) -> list[int]:
    lists(conn)
    seed.user(conn, "ana", ("CL",))
    owner = seed.patient(conn)
    kinds = ("consent", "consent", "blood")
    return [scanned(conn, owner, 1, kind=kind, author="Dr. A", date=f"2026-0{n}-01") for n, kind in enumerate(kinds, 1)]


def kinds(conn: Connection) -> list[str]:
    return list(conn.execute(select(document.c.kind).order_by(document.c.id)).scalars())


def test_documents_are_found(conn: Connection, keys: list[int]) -> None:
    names = list(conn.execute(select(document.c.public_id)).scalars())
    conn.execute(update(document).where(document.c.id == keys[1]).values(state="withdrawn"))
    assert bulk_edit.found(conn, [*names, "NONE"], None) == [keys[0], keys[2]]
    for search, found in (
        ({"kinds": ["consent"]}, keys[:1]),
        ({"author": "Dr. A", "since": "2026-02-01"}, keys[2:]),
        ({"until": "2026-01-31"}, keys[:1]),
        ({"patient": "P0009000001", "departments": ["psy"]}, []),
    ):
        assert bulk_edit.found(conn, None, search) == found
    for nothing in (None, {}, {"kinds": [], "author": ""}):
        with pytest.raises(Refused, match="say which"):
            bulk_edit.found(conn, None, nothing)


def test_a_preview_changes_nothing(conn: Connection, keys: list[int]) -> None:
    count, sample, owners = bulk_edit.preview(conn, keys, {"kind": "blood", "title": None})
    assert (count, len(owners)) == (2, 1)
    assert sample[0]["changes"] == [{"name": "kind", "before": "consent", "after": "blood"}]
    assert kinds(conn) == ["consent", "consent", "blood"]
    with pytest.raises(Refused, match="no such kind"):
        bulk_edit.preview(conn, keys, {"kind": "none"})


def test_done_and_undone_as_one(conn: Connection, keys: list[int]) -> None:
    said = {"kind": "blood", "department": "lab"}
    assert bulk_edit.apply(conn, keys, said, by=1, at=9, reason="", bulk="B1") == 3
    assert kinds(conn) == ["blood"] * 3
    edits_documents.edit(conn, keys[1], {"kind": "consent"}, by=1, at=10)
    pairs = bulk_edit.undone(conn, "B1", 10)
    assert len(pairs) == 3
    assert bulk_edit.undo(conn, pairs, by=1, at=11) == 2
    assert kinds(conn) == ["consent", "consent", "blood"]
    assert [key for _, key in bulk_edit.undone(conn, "B1", 10)] == [keys[1]]


def test_what_was_withdrawn_meanwhile_is_left(conn: Connection, keys: list[int]) -> None:
    edits_documents.withdraw(conn, keys[0], by=1, at=9, reason="x")
    assert bulk_edit.apply(conn, keys, {"kind": "blood"}, by=1, at=9, reason="", bulk="B1") == 1
