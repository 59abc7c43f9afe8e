"""Text of pages: queued, kept, found by its words, replaced; the index built anew beside the old one."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from engine.store.schema_records import duplicate, page, page_text, reading
from engine.store.sql import raw
from records import recipe, texts, waiting, words
from tests.records import seed
from tests.records.reads import answer
from tests.records.seed import NOW

TURNED = {"rotate": 90}


def found(conn: Connection, question: str, table: str = "page_find") -> list[int]:
    sql = f"SELECT rowid FROM {table} WHERE {table} MATCH ? ORDER BY rowid"
    return [row[0] for row in raw(conn).execute(sql, (words.query(question),))]


def queued(conn: Connection) -> list[int]:
    return list(conn.execute(select(reading.c.page).where(reading.c.state == "queued")).scalars())


def put(conn: Connection, key: int, line: str, **changes: Any) -> bool:
    return texts.put(conn, key, {}, answer(line, **changes), NOW)


@pytest.fixture(name="pages")
def fixture_pages(conn: Connection) -> list[int]:
    seed.desk(conn)
    return seed.pages(conn, seed.batch(conn), 4)


def test_text_is_kept_and_found(conn: Connection, pages: list[int]) -> None:
    waiting.enter(conn, pages, NOW)
    assert put(conn, pages[0], "Neumonía 出院记录")
    assert found(conn, "neumonia") == found(conn, "出院") == found(conn, "院") == [pages[0]]
    assert queued(conn) == pages[1:]
    kept = conn.execute(select(page_text)).one()
    assert (kept.text, kept.recipe, kept.confidence, kept.at) == ("Neumonía 出院记录", "", 90.0, NOW)


def test_replaced_text_is_found_no_more(conn: Connection, pages: list[int]) -> None:
    put(conn, pages[0], "first words of the page 出院")
    put(conn, pages[0], "second 入院")
    put(conn, pages[0], "third 入院")
    assert found(conn, "first") == found(conn, "出院") == found(conn, "second") == []
    assert found(conn, "third") == found(conn, "入院") == [pages[0]]
    raw(conn).execute("INSERT INTO page_find (page_find) VALUES ('integrity-check')")


def test_a_page_that_was_turned_meanwhile_is_read_again(conn: Connection, pages: list[int]) -> None:
    waiting.enter(conn, pages[:1], NOW)
    conn.execute(update(page).where(page.c.id == pages[0]).values(recipe=TURNED))
    assert not put(conn, pages[0], "words")
    assert queued(conn) == pages[:1]
    assert found(conn, "words") == []
    assert texts.put(conn, pages[0], TURNED, answer("words"), NOW)
    assert conn.execute(select(page_text.c.recipe)).scalar_one() == recipe.key(TURNED)
    assert queued(conn) == []


def test_nothing_is_kept_of_a_page_that_is_not_of_the_record(conn: Connection, pages: list[int]) -> None:
    waiting.enter(conn, pages[:1], NOW)
    conn.execute(update(page).where(page.c.id == pages[0]).values(state="dropped"))
    assert put(conn, pages[0], "words")
    assert queued(conn) == []
    assert conn.execute(select(page_text)).all() == []


def test_pages_with_the_same_text_are_shown_once(conn: Connection, pages: list[int]) -> None:
    long = "the very same words on two sheets of paper, as if one were a copy"
    for key in pages[:3]:
        put(conn, key, long)
    put(conn, pages[1], long)
    put(conn, pages[3], "short")
    pairs = [(row.a, row.b, row.why) for row in conn.execute(select(duplicate))]
    assert pairs == [(pages[0], pages[1], "text"), (pages[0], pages[2], "text")]


def test_a_new_index_is_built_beside_the_old_one(conn: Connection, pages: list[int]) -> None:
    for number, key in enumerate(pages[:3]):
        put(conn, key, f"common word{number}")
    texts.begin(conn)
    assert texts.build(conn, 2) == pages[1]
    put(conn, pages[0], "common changed")  # behind what is built
    put(conn, pages[2], "common later")  # before it
    put(conn, pages[3], "common new")
    assert found(conn, "common") == pages
    assert found(conn, "common", texts.NEW) == pages[:2]
    while texts.build(conn, 2) is not None:
        assert texts.building(conn)
    assert not texts.building(conn)
    assert found(conn, "common") == pages
    assert found(conn, "word0") == found(conn, "word2") == []
    assert found(conn, "changed") == [pages[0]]
    assert found(conn, "later") == [pages[2]]
    put(conn, pages[3], "replaced")
    assert found(conn, "new") == []
    raw(conn).execute("INSERT INTO page_find (page_find) VALUES ('integrity-check')")


def test_a_lost_index_is_made_again(conn: Connection, pages: list[int]) -> None:
    put(conn, pages[0], "words")
    raw(conn).execute("INSERT INTO page_find (page_find) VALUES ('delete-all')")
    assert found(conn, "words") == []
    texts.rebuild(conn)
    assert found(conn, "words") == pages[:1]
    assert texts.build(conn) is None
