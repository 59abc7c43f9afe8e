"""Drafts made of pages."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, select

from engine.message import Refused
from engine.store.schema_records import draft, page
from records import groups
from records.desk import CANNOT, Desk, Plan, Wish
from tests.records import seed


def planned(conn: Connection, batch: int, act: str, *pages: int) -> Plan:
    desk = Desk(conn, batch, Wish(act, seed.public(conn, page, *pages)), 1, seed.NOW)
    return {"split": groups.split, "join": groups.join, "draft": groups.group}[act](desk)


def refused(conn: Connection, batch: int, act: str, *pages: int) -> str:
    with pytest.raises(Refused) as error:
        planned(conn, batch, act, *pages)
    assert error.value.code == CANNOT
    return error.value.reason


def test_a_draft_is_split_in_two(conn: Connection) -> None:
    one = seed.batch(conn)
    a, b, c, d = seed.pages(conn, one, 4)
    seed.draft(conn, one, [a, b, c])
    seed.draft(conn, one, [d])
    plan = planned(conn, one, "split", b)
    (made,) = plan.added
    assert plan.pages == {b: {"draft": made}, c: {"draft": made}}
    row = conn.execute(select(draft).where(draft.c.id == made)).one()
    assert (row.batch, row.position, row.state, row.by) == (one, 2.0, "open", 1)
    assert "begins at this page" in refused(conn, one, "split", a)


def test_pages_of_no_draft_up_to_the_next_sheet(conn: Connection) -> None:
    one = seed.batch(conn)
    a, b, sheet, c = seed.pages(conn, one, 4)
    conn.execute(page.update().where(page.c.id == sheet).values(state="separator"))
    assert list(planned(conn, one, "split", a).pages) == [a, b]
    assert list(planned(conn, one, "split", c).pages) == [c]
    refused(conn, one, "split", sheet)


def test_a_draft_is_joined_to_the_one_before(conn: Connection) -> None:
    one = seed.batch(conn)
    a, b, c, d = seed.pages(conn, one, 4)
    first = seed.draft(conn, one, [a])
    seed.draft(conn, one, [b, c])
    conn.execute(page.update().where(page.c.id == c).values(state="dropped"))
    assert planned(conn, one, "join", c).pages == {b: {"draft": first}, c: {"draft": first}}
    refused(conn, one, "join", a)
    refused(conn, one, "join", d)


def test_not_to_a_filed_one_or_another_patients(conn: Connection) -> None:
    one = seed.batch(conn)
    a, b, c = seed.pages(conn, one, 3)
    seed.draft(conn, one, [a], state="filed")
    seed.draft(conn, one, [b])
    seed.draft(conn, one, [c])
    refused(conn, one, "join", b)
    for key, number in ((b, "0009000001"), (c, "0009000002")):
        conn.execute(page.update().where(page.c.id == key).values(patient=seed.patient(conn, number)))
    assert "different patients" in refused(conn, one, "join", c)


def test_chosen_pages_become_one(conn: Connection) -> None:
    one = seed.batch(conn)
    a, b, c = seed.pages(conn, one, 3)
    seed.draft(conn, one, [a, b, c])
    plan = planned(conn, one, "draft", c, a)
    assert plan.pages == {c: {"draft": plan.added[0]}, a: {"draft": plan.added[0]}}
