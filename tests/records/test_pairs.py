"""Pairs are listed with what a clerk must see, and decided once."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, func, insert, select

from engine.message import Refused
from engine.store.schema import audit
from engine.store.schema_records import duplicate, page
from records import pairs
from records.assign import Who
from tests.records import seed

EVA = Who(3, "eva", "here")


def pair(conn: Connection, a: int, b: int, why: str = "bytes") -> int:
    made = conn.execute(insert(duplicate).values(a=a, b=b, why=why, at=1)).inserted_primary_key
    assert made is not None
    return int(made[0])


@pytest.fixture(name="pages")
def fixture_pages(conn: Connection) -> list[int]:
    owner = seed.patient(conn)
    return [*seed.pages(conn, seed.batch(conn), 2, patient=owner), *seed.pages(conn, seed.batch(conn), 2)]


def test_both_sides_are_shown(conn: Connection, pages: list[int]) -> None:
    key = pair(conn, pages[0], pages[2], "image")
    (item,), following = pairs.search(conn, None, 10)
    assert (item["id"], item["why"], following) == (key, "image", None)
    assert item["a"]["patient"]["name"] == "示例甲"
    assert item["b"]["patient"] is None
    assert [item["a"]["page"], item["b"]["page"]] == seed.public(conn, page, pages[0], pages[2])
    assert item["a"]["batch"] != item["b"]["batch"]
    assert item["a"]["document"] is None
    assert len(pairs.patients_of([item])) == 1


def test_the_list_goes_on_and_leaves_out_pages_that_are_of_no_record(conn: Connection, pages: list[int]) -> None:
    first, second = pair(conn, pages[0], pages[1]), pair(conn, pages[0], pages[2])
    pair(conn, pages[0], pages[3])
    conn.execute(page.update().where(page.c.id == pages[3]).values(state="dropped"))
    items, following = pairs.search(conn, None, 1)
    assert ([one["id"] for one in items], following) == ([second], second)
    items, following = pairs.search(conn, following, 1)
    assert ([one["id"] for one in items], following) == ([first], None)
    assert pairs.waiting(conn) == 3


@pytest.mark.parametrize("decision", pairs.DECISIONS)
def test_each_is_decided_once(conn: Connection, pages: list[int], decision: str) -> None:
    key = pair(conn, pages[0], pages[2])
    pairs.decide(conn, key, decision, who=EVA, at=9, note=" seen ")
    owner = conn.execute(select(page.c.patient)).scalars().first()
    said = conn.execute(select(audit.c.user, audit.c.act, audit.c.patient, audit.c.subject, audit.c.origin)).all()
    assert said == [("eva", f"duplicates.{decision}", owner, str(key), "here")]
    row = conn.execute(select(duplicate)).one()
    assert (row.state, row.by, row.decided_at, row.note) == (decision, 3, 9, "seen")
    assert (pairs.search(conn, None, 9), pairs.waiting(conn)) == (([], None), 0)
    assert len(conn.execute(select(page)).all()) == 4
    for number in (key, key + 1):
        with pytest.raises(Refused, match="WB-8050"):
            pairs.decide(conn, number, decision, who=EVA, at=9)
    assert conn.execute(select(func.count()).select_from(audit)).scalar() == 1


def test_the_audit_names_each_patient_once_and_is_there_without_one(conn: Connection, pages: list[int]) -> None:
    other = seed.patient(conn, "0009000002", "示例乙")
    (of_other,) = seed.pages(conn, seed.batch(conn), 1, patient=other)
    for a, b in ((pages[0], pages[1]), (pages[0], of_other), (pages[2], pages[3])):
        pairs.decide(conn, pair(conn, a, b), "both", who=EVA, at=9)
    said = conn.execute(select(audit.c.subject, audit.c.patient).order_by(audit.c.seq)).all()
    (first,) = {row.patient for row in said if row.subject == "1"}
    assert said == [("1", first), ("2", first), ("2", other), ("3", None)]
