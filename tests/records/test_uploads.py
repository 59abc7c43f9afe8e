"""Uploads: begun once, gone on with, ended once, left for long."""

from __future__ import annotations

import dataclasses

import pytest
from sqlalchemy import Connection, select, text, update

from engine.message import Blob, Refused, Unavailable
from engine.store.schema_records import scan_file, upload
from engine.store.sql import raw
from records import problems, uploads
from records.uploads import Wanted, advance, begin, expected, finish, refuse, sweep
from tests.records.seed import NOW

HASH = "a" * 64
WANTED = Wanted("admission", "page.jpg", HASH, 100, "image/jpeg", "", {"sender": "token:1"})
BLOB = Blob(HASH, 100, "image/jpeg", "page.jpg")


def test_from_the_first_piece_to_the_file(conn: Connection) -> None:
    one = begin(conn, WANTED, by=None, at=1)
    assert (one.state, one.received) == ("open", 0)
    assert expected(conn, one.id, 0, 60).size == 100
    assert advance(conn, one.id, 0, 60, 2).received == 60
    assert begin(conn, WANTED, by=None, at=3).received == 60
    advance(conn, one.id, 60, 100, 4)
    for _ in range(2):
        assert finish(conn, one.id, BLOB, 5).state == "done"
    (file,) = conn.execute(select(scan_file)).all()
    assert (file.station, file.name, file.blob, file.state) == ("admission", "page.jpg", HASH, "taken")
    assert begin(conn, WANTED, by=None, at=6).state == "done"


def test_a_piece_goes_where_the_upload_is(conn: Connection) -> None:
    one = begin(conn, WANTED, by=None, at=1)
    for offset, length, code in ((10, 10, "WB-8605"), (0, 101, "WB-8601"), (0, uploads.PIECE + 1, "WB-8601")):
        with pytest.raises(Refused, match=code):
            expected(conn, one.id, offset, length)
    advance(conn, one.id, 0, 50, 2)
    with pytest.raises(Refused, match="WB-8605"):
        advance(conn, one.id, 0, 50, 2)
    with pytest.raises(Refused, match="WB-8602"):
        expected(conn, "none", 0, 1)


def test_the_wanted_batch_goes_with_the_file(conn: Connection) -> None:
    one = begin(conn, dataclasses.replace(WANTED, batch="b1", name="scans\\C:/x/page.jpg"), by=None, at=1)
    assert one.name == "page.jpg"
    finish(conn, one.id, BLOB, 2)
    (file,) = conn.execute(select(scan_file)).all()
    assert file.meta == {"sender": "token:1", "wanted": "b1"}


def test_what_was_refused_may_begin_anew(conn: Connection) -> None:
    one = begin(conn, WANTED, by=None, at=1)
    advance(conn, one.id, 0, 50, 2)
    refuse(conn, one.id, uploads.DIFFERENT, "the hash differs", 3)
    for call in (lambda: expected(conn, one.id, 0, 1), lambda: finish(conn, one.id, BLOB, 3)):
        with pytest.raises(Refused, match="WB-8602"):
            call()
    again = begin(conn, WANTED, by=None, at=4)
    assert (again.id, again.state, again.received) == (one.id, "open", 0)


@pytest.mark.parametrize(
    "change",
    [
        {"size": 0},
        {"size": uploads.LARGEST + 1},
        {"sha256": "A" * 64},
        {"name": " "},
        {"name": "a\nb"},
        {"station": ""},
        {"station": "a/b"},
        {"station": " a"},
        {"station": "x" * 41},
    ],
)
def test_what_cannot_be(conn: Connection, change: dict[str, object]) -> None:
    with pytest.raises(Refused, match="WB-8601"):
        begin(conn, dataclasses.replace(WANTED, **change), by=None, at=1)  # type: ignore[arg-type]


def test_open_ones_are_bounded_and_old_ones_are_swept(conn: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MOST_OPEN", 2)
    first = begin(conn, WANTED, by=None, at=1)
    begin(conn, dataclasses.replace(WANTED, name="other.jpg"), by=None, at=uploads.OLD)
    third = dataclasses.replace(WANTED, name="third.jpg")
    with pytest.raises(Unavailable, match="WB-8604"):
        begin(conn, third, by=None, at=2)
    assert sweep(conn, uploads.OLD + 1) == []
    assert sweep(conn, uploads.OLD + 2) == [first.id]
    (row,) = conn.execute(select(upload).where(upload.c.state == "refused")).all()
    assert row.meta["code"] == "WB-8606"
    assert begin(conn, third, by=None, at=3).state == "open"
    conn.execute(update(upload).values(at=0))
    assert len(sweep(conn, uploads.OLD * 2, most=1)) == 1


def test_uploads_of_years_are_not_looked_at(conn: Connection) -> None:
    begin(conn, WANTED, by=None, at=1)
    told: list[str] = []
    raw(conn).set_trace_callback(told.append)
    begin(conn, dataclasses.replace(WANTED, name="other.jpg"), by=None, at=1)
    sweep(conn, 2)
    uploads.open_ones(conn)
    problems.search(conn, [], "upload-0", 5, NOW)
    problems.counts(conn, [], NOW)
    raw(conn).set_trace_callback(None)
    asked = [sql for sql in told if "FROM upload" in sql and "upload.sha256 =" not in sql and "public_id =" not in sql]
    assert len(asked) == 5
    for sql in asked:
        plan = [row[3] for row in conn.execute(text(f"EXPLAIN QUERY PLAN {sql}"))]
        assert any("USING INDEX upload_state" in line or "COVERING INDEX upload_state" in line for line in plan), sql
