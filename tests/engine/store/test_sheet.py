"""What a group writes: rows of bundles, side by side in one statement where that will do."""

from __future__ import annotations

import sqlite3

import pytest
from sqlalchemy import Connection

from engine.store.sheet import MOST, Bundle, Pair, Sheet, facts
from engine.store.sql import raw

NOTE = Bundle(
    "note",
    ("sha256", "size", "other", "more"),
    """
    INSERT INTO blob (sha256, size, content_type, name, at) VALUES (NEW.sha256, NEW.size, 'a/b', '', 0);
    SELECT RAISE(FAIL, 'too small') WHERE NEW.size < 0;
    INSERT INTO blob (sha256, size, content_type, name, at)
        SELECT NEW.other, NEW.more, 'c/d', '', 0 WHERE NEW.other IS NOT NULL;
    """,
)


def kept(conn: Connection) -> list[tuple[str, int]]:
    rows = raw(conn).execute("SELECT sha256, size FROM blob ORDER BY sha256").fetchall()
    return [(row["sha256"], row["size"]) for row in rows]


def test_a_bundle_writes_all_that_each_row_says(conn: Connection) -> None:
    NOTE.run(conn, [("a", 1, "b", 2), ("c", 3, None, None)])
    NOTE.run(conn, [])
    assert kept(conn) == [("a", 1), ("b", 2), ("c", 3)]


@pytest.mark.parametrize("count", [1, MOST, MOST + 1, 3 * MOST + 7])
def test_a_bundle_of_any_number_of_rows(conn: Connection, count: int) -> None:
    NOTE.run(conn, [(f"{number:04}", number, None, None) for number in range(count)])
    assert kept(conn) == [(f"{number:04}", number) for number in range(count)]


def test_a_bundle_raises_and_its_transaction_is_undone(conn: Connection) -> None:
    driver = raw(conn)
    NOTE.run(conn, [("a", 1, None, None)])
    for bad in (("b", -1, None, None), ("b", 2, "a", 2)):
        driver.execute("BEGIN")
        with pytest.raises(sqlite3.IntegrityError):
            NOTE.run(conn, [("z", 1, None, None), bad])
        driver.execute("ROLLBACK")
        assert kept(conn) == [("a", 1)]


def test_a_bundle_that_a_rollback_took_away_is_there_again(conn: Connection) -> None:
    driver = raw(conn)
    driver.execute("BEGIN")
    NOTE.run(conn, [("a", 1, None, None)])
    driver.execute("ROLLBACK")
    NOTE.run(conn, [("b", 1, None, None)])
    assert kept(conn) == [("b", 1)]


def test_bundles_prepared_beforehand_outlive_a_rollback(conn: Connection) -> None:
    driver = raw(conn)
    Bundle.prepare(conn)
    driver.execute("BEGIN")
    NOTE.run(conn, [("a", 1, None, None)])
    driver.execute("ROLLBACK")
    NOTE.run(conn, [("b", 1, None, None)])
    assert kept(conn) == [("b", 1)]


OTHER = Bundle(
    "other",
    ("sha256", "name"),
    """
    UPDATE blob SET name = NEW."name" WHERE sha256 = NEW.sha256;
    SELECT RAISE(FAIL, 'is not there') WHERE NOT EXISTS (SELECT 1 FROM blob WHERE sha256 = NEW.sha256);
    """,
)
BOTH = Pair("note_and_other", NOTE, OTHER)
LONELY = Bundle("lonely", ("sha256",), "DELETE FROM blob WHERE sha256 = NEW.sha256;")


def names(conn: Connection) -> dict[str, str]:
    return {row["sha256"]: row["name"] for row in raw(conn).execute("SELECT sha256, name FROM blob")}


def sheet_of(*parts: tuple[Bundle, list[tuple[object, ...]]]) -> Sheet:
    sheet = Sheet()
    for bundle, rows in parts:
        sheet.rows(bundle, rows)
    return sheet


def committed(conn: Connection, sheet: Sheet) -> None:
    pair = sheet.pair()
    assert pair is BOTH
    sheet.commit(conn, pair)
    assert not raw(conn).in_transaction


@pytest.mark.parametrize(("notes", "others"), [(1, 0), (0, 1), (3, 1), (1, 3), (MOST, MOST)])
def test_a_pair_writes_the_rows_of_both_at_once(conn: Connection, notes: int, others: int) -> None:
    NOTE.run(conn, [(f"old{place}", 1, None, None) for place in range(others)])
    committed(conn, sheet_of(
        (NOTE, [(f"new{place}", place, None, None) for place in range(notes)]),
        (OTHER, [(f"old{place}", f"named {place}") for place in range(others)]),
    ))  # fmt: skip
    expected = {f"new{place}": "" for place in range(notes)} | {f"old{n}": f"named {n}" for n in range(others)}
    assert names(conn) == expected


@pytest.mark.parametrize("bad", ["a constraint", "what the first raises", "what the second raises"])
def test_nothing_is_written_when_a_row_of_a_pair_cannot_be(conn: Connection, bad: str) -> None:
    NOTE.run(conn, [("a", 1, None, None)])
    notes: list[tuple[object, ...]] = [("b", 1, None, None), ("c", 1, None, None)]
    others: list[tuple[object, ...]] = [("a", "new name"), ("b", "new name")]
    match bad:
        case "a constraint":
            notes[1] = ("c", 1, "a", 1)
        case "what the first raises":
            notes[1] = ("c", -1, None, None)
        case "what the second raises":
            others[1] = ("nowhere", "new name")
    with pytest.raises(sqlite3.IntegrityError):
        committed(conn, sheet_of((NOTE, notes), (OTHER, others)))
    assert not raw(conn).in_transaction
    assert names(conn) == {"a": ""}
    committed(conn, sheet_of((NOTE, notes[:1])))
    assert names(conn) == {"a": "", "b": ""}


def test_what_is_more_than_a_pair_is_written_in_order(conn: Connection) -> None:
    sheet = sheet_of((NOTE, [("a", 1, None, None)]))
    sheet.call(lambda conn: raw(conn).execute("UPDATE blob SET name = 'called' WHERE sha256 = 'a'"))
    sheet.rows(OTHER, [("a", "last")])
    assert sheet.pair() is None
    sheet.write(conn)
    assert names(conn) == {"a": "last"}


def test_what_no_pair_writes(conn: Connection) -> None:
    many: list[tuple[object, ...]] = [(f"{place:03}", 1, None, None) for place in range(MOST + 1)]
    for sheet in (Sheet(), sheet_of((LONELY, [("a",)])), sheet_of((NOTE, many)), sheet_of((NOTE, [])),
                  sheet_of((NOTE, many[:1]), (LONELY, [("a",)]))):  # fmt: skip
        assert sheet.pair() is None
        sheet.write(conn)
        raw(conn).execute("DELETE FROM blob")


def test_facts_are_a_connections_own(conn: Connection) -> None:
    facts(conn)["last"] = 7
    assert facts(conn) == {"last": 7}
    with conn.engine.connect() as other:
        assert facts(other) == {}
