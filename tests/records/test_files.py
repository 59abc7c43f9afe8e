"""Scanned files: added once, tried again a few times, dismissed by a person only."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, Row, insert, select, text

from engine.message import Blob, Refused
from engine.store.schema import blob
from engine.store.schema_records import batch, page, scan_file
from records import files
from records.states import FileState

SCAN = Blob("ab" * 32, 10, "image/jpeg", "a.jpg")


def added(conn: Connection, key: str = "k1", **changes: Any) -> int:
    given: dict[str, Any] = {"station": "S1", "name": "a.jpg", "blob": SCAN, "meta": {"device": "d"}, "at": 5}
    return int(files.add(conn, key=key, **{**given, **changes})["id"])


def row_of(conn: Connection, number: int) -> Row[Any]:
    return conn.execute(select(scan_file).where(scan_file.c.id == number)).one()


def test_the_same_key_adds_nothing(conn: Connection) -> None:
    first = files.add(conn, key="k", station="S1", name="a.jpg", blob=SCAN, meta={}, at=5)
    again = files.add(conn, key="k", station="S2", name="b.jpg", blob=SCAN, meta={}, at=6)
    assert first == {"id": first["id"], "state": "taken", "new": True}
    assert again == {"id": first["id"], "state": "taken", "new": False}
    assert [row.id for row in files.due(conn)] == [first["id"]]


def test_a_file_says_what_it_is_and_where_it_wants_to_go(conn: Connection) -> None:
    row = row_of(conn, added(conn, station="ward/", name="x" * 300 + ".jpg", batch="BATCH"))
    assert (row.station, row.blob, row.size, row.content_type) == ("ward", SCAN.sha256, 10, "image/jpeg")
    assert row.name.endswith(".jpg")
    assert len(row.name) == 200
    assert row.meta == {"device": "d", "wanted": "BATCH"}
    assert conn.execute(select(blob.c.sha256)).scalars().all() == [SCAN.sha256]


@pytest.mark.parametrize(
    ("folder", "station"), [("/desk-1/2026/", "desk-1"), ("Ward 3", "Ward-3"), ("登记处", "登记处")]
)
def test_the_folder_of_a_drop_is_a_station(conn: Connection, folder: str, station: str) -> None:
    assert row_of(conn, added(conn, station=folder)).station == station


@pytest.mark.parametrize("station", ["", "  ", "/", "??", "s" * 41])
def test_a_file_has_a_station(conn: Connection, station: str) -> None:
    with pytest.raises(Refused, match="WB-8001"):
        added(conn, station=station)


def test_stations_wait_in_the_order_of_their_oldest_file(conn: Connection) -> None:
    one, two, three = added(conn, "a", station="B"), added(conn, "b", station="A"), added(conn, "c", station="B")
    assert files.stations(conn) == ["B", "A"]
    assert [row.id for row in files.due(conn, station="B")] == [one, three]
    assert [row.id for row in files.due(conn, most=2)] == [one, two]
    files.fail(conn, one, "WB-8020", "broken")
    assert files.stations(conn) == ["A", "B"]


def test_files_of_years_are_not_looked_at(conn: Connection) -> None:
    for query in ("station = 'S1'", "1"):
        plan = conn.execute(
            text(f"EXPLAIN QUERY PLAN SELECT id FROM scan_file WHERE state = 'taken' AND state != 'joined' AND {query}")
        ).all()
        assert "scan_file_state" in str(plan)


def test_a_batch_waits_for_the_file_that_is_meant_for_it(conn: Connection) -> None:
    for number, state in ((1, "open"), (2, "closed")):
        conn.execute(
            insert(batch).values(
                id=number, public_id=f"B{number}", state=state, station="S1", created_at=1, changed_at=1
            )
        )
    assert row_of(conn, added(conn, "a", batch="B1")).batch == 1
    assert row_of(conn, added(conn, "b", batch="B2")).batch is None
    assert row_of(conn, added(conn, "c", batch="B3")).batch is None


def test_our_own_failures_are_bounded(conn: Connection) -> None:
    number = added(conn)
    assert files.tried(conn, number, "WB-2005", "died")
    assert files.tried(conn, number, "WB-2005", "died")
    assert not files.tried(conn, number, "WB-2005", "died")
    row = row_of(conn, number)
    assert (row.state, row.attempts, row.code) == (FileState.TAKEN, 3, "WB-2005")


def test_a_failed_file_is_tried_again_or_dismissed(conn: Connection) -> None:
    number = added(conn)
    for act in (lambda: files.retry(conn, number), lambda: files.dismiss(conn, number, by=1, reason="r", at=9)):
        with pytest.raises(Refused, match="WB-8002"):
            act()
    files.fail(conn, number, "WB-8020", "broken")
    files.retry(conn, number)
    assert (row_of(conn, number).state, row_of(conn, number).code) == (FileState.TAKEN, "")
    files.fail(conn, number, "WB-8020", "broken")
    with pytest.raises(Refused, match="WB-8002"):
        files.dismiss(conn, number, by=1, reason=" ", at=9)
    files.dismiss(conn, number, by=1, reason="scanned again", at=9)
    row = row_of(conn, number)
    assert row.state == FileState.DISMISSED
    assert row.meta["dismissed"] == {"by": 1, "at": 9, "reason": "scanned again"}


def test_pages_that_are_in_no_batch_yet_are_missing(conn: Connection) -> None:
    number = added(conn)
    files.counted(conn, number, 4)
    conn.execute(insert(batch).values(id=1, public_id="B", state="open", station="S1", created_at=1, changed_at=1))
    conn.execute(
        insert(page).values(
            public_id="P", batch=1, file=number, number=2, position=1.0, state="kept", master="m",
            media_type="image/png", width=1, height=1, recipe={}, flags=[], codes=[], created_at=1, changed_at=1,
        )
    )  # fmt: skip
    conn.execute(scan_file.update().values(meta={"bad": [3]}))
    assert files.missing(conn, row_of(conn, number)) == [1, 4]
    files.fail(conn, number, "WB-8020", "page 3")
    files.retry(conn, number)
    assert files.missing(conn, row_of(conn, number)) == [1, 3, 4]
