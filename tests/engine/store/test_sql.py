"""Compiled statements on the raw driver say what SQLAlchemy would."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, bindparam, create_engine, insert, select, update
from sqlalchemy.pool import StaticPool

from engine.store.schema import blob, metadata
from engine.store.sql import MOST, Bundle, Statement, pieces, raw

P = bindparam
ADD = Statement(insert(blob).values(sha256=P("sha256"), size=P("size"), content_type="a/b", name="", at=0))


@pytest.fixture(name="conn")
def fixture_conn() -> Iterator[Connection]:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    metadata.create_all(engine)
    with engine.connect() as conn:
        raw(conn).row_factory = sqlite3.Row
        yield conn
    engine.dispose()


def test_one_many_and_all(conn: Connection) -> None:
    ADD.run(conn, sha256="a", size=1)
    ADD.many(conn, [{"sha256": "b", "size": 2}, {"sha256": "c", "size": 3}])
    by_size = Statement(
        select(blob.c.sha256, blob.c.content_type).where(blob.c.size >= P("least")).order_by(blob.c.size)
    )
    assert [tuple(row) for row in by_size.all(conn, least=2)] == [("b", "a/b"), ("c", "a/b")]
    row = by_size.one(conn, least=3)
    assert row is not None
    assert row["sha256"] == "c"
    assert by_size.one(conn, least=9) is None


def test_a_fixed_list_is_written_out(conn: Connection) -> None:
    ADD.many(conn, [{"sha256": text, "size": 1} for text in "abcd"])
    grow = Statement(update(blob).where(blob.c.sha256.in_(["a", "c"])).values(size=P("new")))
    assert grow.run(conn, new=7).rowcount == 2
    fixed = Statement(select(blob.c.sha256).where(blob.c.size == 7).order_by(blob.c.sha256))
    assert [row["sha256"] for row in fixed.all(conn)] == ["a", "c"]


PAIR = Bundle(
    "pair",
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
    PAIR.run(conn, [("a", 1, "b", 2), ("c", 3, None, None)])
    PAIR.run(conn, [])
    assert kept(conn) == [("a", 1), ("b", 2), ("c", 3)]


@pytest.mark.parametrize("count", [1, MOST, MOST + 1, 3 * MOST + 7])
def test_a_bundle_of_any_number_of_rows(conn: Connection, count: int) -> None:
    PAIR.run(conn, [(f"{number:04}", number, None, None) for number in range(count)])
    assert kept(conn) == [(f"{number:04}", number) for number in range(count)]


def test_a_bundle_raises_and_its_transaction_is_undone(conn: Connection) -> None:
    driver = raw(conn)
    driver.isolation_level = None
    PAIR.run(conn, [("a", 1, None, None)])
    for bad in (("b", -1, None, None), ("b", 2, "a", 2)):
        driver.execute("BEGIN")
        with pytest.raises(sqlite3.IntegrityError):
            PAIR.run(conn, [("z", 1, None, None), bad])
        driver.execute("ROLLBACK")
        assert kept(conn) == [("a", 1)]


def test_a_bundle_that_a_rollback_took_away_is_there_again(conn: Connection) -> None:
    driver = raw(conn)
    driver.isolation_level = None
    driver.execute("BEGIN")
    PAIR.run(conn, [("a", 1, None, None)])
    driver.execute("ROLLBACK")
    PAIR.run(conn, [("b", 1, None, None)])
    assert kept(conn) == [("b", 1)]


def test_bundles_prepared_beforehand_outlive_a_rollback(conn: Connection) -> None:
    driver = raw(conn)
    driver.isolation_level = None
    Bundle.prepare(conn)
    driver.execute("BEGIN")
    PAIR.run(conn, [("a", 1, None, None)])
    driver.execute("ROLLBACK")
    PAIR.run(conn, [("b", 1, None, None)])
    assert kept(conn) == [("b", 1)]


@pytest.mark.parametrize(("count", "sizes"), [(0, []), (1, [1]), (3, [3]), (7, [3, 3, 1])])
def test_the_pieces_of_a_list_hold_all_of_it_in_order(count: int, sizes: list[int]):
    made = list(pieces(range(count), 3))
    assert ([len(piece) for piece in made], [one for piece in made for one in piece]) == (sizes, list(range(count)))
