"""Pages of a question: gathered while they are few, else asked for some pages; both say the same."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

from engine.store.sql import raw
from records import matching
from records.matching import Matching


@pytest.fixture(autouse=True)
def fixture_pages(conn: Connection) -> None:
    for page in range(1, 41):
        text = f"common {'even' if page % 2 == 0 else 'odd'} {'tenth' if page % 10 == 0 else ''}"
        raw(conn).execute("INSERT INTO page_find (rowid, text) VALUES (?, ?)", (page, text))


@pytest.mark.parametrize("step", [1, 7, 250_000])
@pytest.mark.parametrize("question", ['"tenth"', '"odd"', '"even" AND "tenth"', '"te" *', '"odd" AND "even"'])
def test_gathered_or_asked_the_answer_is_the_same(
    conn: Connection, monkeypatch: pytest.MonkeyPatch, step: int, question: str
) -> None:
    monkeypatch.setattr(matching, "STRETCH", step)
    gathered, asked = Matching(conn, question), Matching(conn, question)
    assert gathered.gather()
    assert gathered.pages is not None
    assert list(gathered.pages) == sorted(gathered.pages)
    assert set(gathered.pages) == asked.among(range(1, 41))
    for some in ([3, 10, 11], [1, 40], [20], [], [99], range(9, 12)):
        assert gathered.among(some) == asked.among(some) == set(gathered.pages) & set(some)


def test_too_many_are_not_gathered_but_for_the_beginning_of_a_word(
    conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matching, "MANY", 20)
    common, even, begins = (Matching(conn, question) for question in ('"common"', '"even"', '"com" *'))
    assert (common.gather(), even.gather(), begins.gather()) == (False, True, True)
    assert (common.pages, len(even.pages or ()), len(begins.pages or ())) == (None, 20, 40)
    assert common.among([1, 2]) == {1, 2}


def test_gathering_ends_when_it_takes_too_long(conn: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "LONGEST", -1.0)
    monkeypatch.setattr(matching, "STRETCH", 10)
    assert not Matching(conn, '"tenth"').gather()
    monkeypatch.setattr(matching, "STRETCH", 40)
    assert Matching(conn, '"tenth"').gather()


def test_an_index_without_pages(conn: Connection) -> None:
    raw(conn).execute("INSERT INTO page_find (page_find) VALUES ('delete-all')")
    one = Matching(conn, '"common"')
    assert one.gather()
    assert one.among([1]) == set()


def test_the_ends_are_found_without_a_walk(conn: Connection) -> None:
    plan = [row[3] for row in raw(conn).execute("EXPLAIN QUERY PLAN " + matching.SPAN)]
    assert sum(line.startswith("SEARCH") for line in plan) == 2, plan
