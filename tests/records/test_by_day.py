"""Documents by their day: the same order in stretches, at once and of pages; from the index, nothing sorted."""

from __future__ import annotations

import random
from typing import Any

import pytest
from sqlalchemy import Connection, update

from engine.store.schema import document
from engine.store.sql import raw
from records import by_day
from records.by_day import ByDay
from tests.records import filed, seed

DAYS = ["2024-02-03", "2021-05-01", "", "1999-12-31", "2021-05-01", "2023-01-01", "2020-02-29", "0000-00-00", "odd"]


@pytest.fixture(name="owner")
def fixture_owner(conn: Connection) -> int:
    owner = seed.patient(conn)
    for day in random.Random(3).sample(DAYS * 2, 18):
        filed.scanned(conn, owner, 1, date=day)
    return owner


def walked(conn: Connection, where: str = "1", after: int | None = None, **changes: Any) -> list[int]:
    days = ByDay(conn, where, {}, after=after, **({"newest": True} | changes))
    return [row[0] for row in days.walk() if row is not None]


def expected(conn: Connection) -> list[tuple[str, int]]:
    rows = raw(conn).execute(f"SELECT {by_day.DAY}, d.id FROM document d").fetchall()
    return sorted((row[0], row[1]) for row in rows)


@pytest.mark.parametrize("quick", [-1.0, 9.0])
@pytest.mark.parametrize("newest", [True, False])
def test_every_way_has_the_same_order_from_any_place(
    conn: Connection, owner: int, monkeypatch: pytest.MonkeyPatch, newest: bool, quick: float
) -> None:
    monkeypatch.setattr(by_day, "QUICK", quick)
    monkeypatch.setattr(by_day, "SLOW", quick)
    conn.execute(update(document).where(document.c.date.in_(("odd", "0000-00-00"))).values(date="2001-01-01"))
    wanted = [key for _, key in expected(conn)][:: -1 if newest else 1]
    pages = raw(conn).execute("SELECT json_group_array(page) FROM document_page").fetchone()[0]
    assert walked(conn, newest=newest) == wanted
    for place, key in enumerate(wanted):
        assert walked(conn, newest=newest, after=key) == wanted[place + 1 :]
        again = ByDay(conn, "1", {}, newest=newest, after=key)
        assert [row[0] for row in again.own()] == [row[0] for row in again.of_pages(pages)] == wanted[place + 1 :]


def test_days_that_are_none_are_not_lost(conn: Connection, owner: int) -> None:
    wanted = [key for _, key in expected(conn)]
    assert walked(conn) == wanted[::-1]
    assert walked(conn, newest=False) == wanted


def test_limits_and_filters(conn: Connection, owner: int) -> None:
    known = expected(conn)
    for since, until in (
        ("2020-02-29", "2023-01-01"), ("", "2020-01-01"), ("2021-05-02", ""), ("2030-01-01", ""), ("", "0000-01-01"),
    ):  # fmt: skip
        wanted = [key for day, key in known if day >= since and (not until or day <= until)]
        for newest in (True, False):
            assert walked(conn, newest=newest, since=since, until=until) == wanted[:: -1 if newest else 1]
            days = ByDay(conn, "1", {}, newest=newest, after=None, since=since, until=until)
            assert [row[0] for row in days.own()] == wanted[:: -1 if newest else 1]
    some = ByDay(conn, "d.id % 2 = :rest", {"rest": 1}, newest=True, after=None)
    assert [row[0] for row in some.walk() if row is not None] == [key for _, key in known[::-1] if key % 2]


def test_where_a_stretch_ended(conn: Connection, owner: int) -> None:
    days = ByDay(conn, "0", {}, newest=True, after=None, until="2022-01-01")
    ends = [days.reached() for row in days.walk() if row is None]
    assert ends[0] is None  # in January 2022 there is none
    first = next(end for end in ends if end is not None)
    assert first in [key for day, key in expected(conn) if "2019" < day < "2022"]
    assert len(set(ends) - {None}) > 2


@pytest.mark.parametrize("newest", [True, False])
def test_a_stretch_that_is_behind_us_is_not_where_we_go_on(conn: Connection, owner: int, newest: bool) -> None:
    for _, key in expected(conn):
        days = ByDay(conn, "0", {}, newest=newest, after=key)
        assert key not in [days.reached() for row in days.walk() if row is None]


def test_without_documents(conn: Connection) -> None:
    assert walked(conn) == []


@pytest.mark.parametrize("newest", [True, False])
def test_the_index_of_days_leads_and_nothing_is_sorted(conn: Connection, newest: bool) -> None:
    days = ByDay(conn, "d.kind IN ('a', 'b')", {}, newest=newest, after=1)
    given = {"low": "2020", "high": "2021", "at_day": "2020-05-01", "at": 1}
    stretch = by_day.STRETCH.format(tie=days._tie, where=days.where, way=days.way)
    for sql, how in ((stretch, "SEARCH"), (by_day.EDGE.format(tie=days._tie, way=days.way), "SEARCH"),
                     (by_day.END.format(way=days.way), "SCAN")):  # fmt: skip
        (plan,) = [row[3] for row in raw(conn).execute("EXPLAIN QUERY PLAN " + sql, given)]
        assert plan.startswith(f"{how} d USING INDEX document_day"), plan
