"""Places of pages."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, select

from engine.message import Refused
from engine.store.schema_records import page
from records import order
from records.desk import CANNOT, Desk, Wish
from tests.records import seed

AT = seed.NOW


def planned(conn: Connection, batch: int, act: str, *pages: int, before: int | None = None) -> dict[int, Any]:
    """What the edit would write, written."""
    ids = seed.public(conn, page, *pages)
    mark = seed.public(conn, page, before)[0] if before else None
    desk = Desk(conn, batch, Wish(act, ids, before=mark), 1, AT)
    edit = {"move": order.move, "interleave": order.interleave, "insert": order.insert}[act]
    plan = edit(desk).pages
    for key, values in plan.items():
        conn.execute(page.update().where(page.c.id == key).values(values))
    return plan


def listed(conn: Connection, batch: int) -> list[int]:
    return list(conn.execute(select(page.c.id).where(page.c.batch == batch).order_by(page.c.position)).scalars())


def drafts(conn: Connection) -> dict[int, int | None]:
    return {row.id: row.draft for row in conn.execute(select(page.c.id, page.c.draft))}


def test_a_page_is_moved_alone(conn: Connection) -> None:
    one = seed.batch(conn)
    a, b, c, d = seed.pages(conn, one, 4)
    assert list(planned(conn, one, "move", d, c, before=b)) == [d, c]
    assert listed(conn, one) == [a, d, c, b]
    planned(conn, one, "move", a)
    assert listed(conn, one) == [d, c, b, a]
    planned(conn, one, "move", a, before=d)
    assert listed(conn, one) == [a, d, c, b]
    with pytest.raises(Refused) as refused:
        planned(conn, one, "move", a, before=a)
    assert refused.value.code == CANNOT


def test_where_there_is_no_room_all_are_numbered_anew(conn: Connection) -> None:
    one = seed.batch(conn)
    a, b, c = seed.pages(conn, one, 3)
    conn.execute(page.update().where(page.c.id == b).values(position=1 + order.NARROW))
    assert len(planned(conn, one, "move", c, before=b)) == 3
    assert listed(conn, one) == [a, c, b]


def test_a_moved_page_joins_the_draft_that_it_lands_in(conn: Connection) -> None:
    one = seed.batch(conn)
    a, b, sheet, c, d = seed.pages(conn, one, 5)
    conn.execute(page.update().where(page.c.id == sheet).values(state="separator"))
    first, second = seed.draft(conn, one, [a, b]), seed.draft(conn, one, [c, d])
    planned(conn, one, "move", d, before=b)
    assert drafts(conn)[d] == first
    planned(conn, one, "move", d, before=c)  # behind the separator
    assert drafts(conn)[d] == second
    planned(conn, one, "move", d, before=sheet)
    assert drafts(conn)[d] == first
    planned(conn, one, "move", sheet)
    assert drafts(conn)[sheet] is None
    planned(conn, one, "move", d)
    assert drafts(conn)[d] is None  # behind a sheet that nothing follows


def test_two_passes_become_sheets(conn: Connection) -> None:
    one = seed.batch(conn, sides="twice")
    owner = seed.patient(conn)
    f1, f2, f3, b3, b2, b1 = seed.pages(conn, one, 6)
    first, second = seed.draft(conn, one, [f1]), seed.draft(conn, one, [f2, f3, b3, b2, b1])
    # The label on the last front was taken for the backs too; one back was assigned by a person.
    conn.execute(page.update().where(page.c.id.in_([f3, b3, b2, b1])).values(patient=owner, assigned_how="label"))
    conn.execute(page.update().where(page.c.id == b2).values(assigned_how="typed"))
    planned(conn, one, "interleave")
    assert listed(conn, one) == [f1, b1, f2, b2, f3, b3]
    assert drafts(conn) == {f1: first, b1: first, f2: second, b2: second, f3: second, b3: second}
    owners = {row.id: row.patient for row in conn.execute(select(page))}
    assert owners == {f1: None, b1: None, f2: None, b2: owner, f3: owner, b3: owner}


def test_passes_that_do_not_agree(conn: Connection) -> None:
    one = seed.batch(conn)
    pages = seed.pages(conn, one, 5)
    with pytest.raises(Refused, match="5 pages") as refused:
        planned(conn, one, "interleave")
    assert refused.value.code == CANNOT
    conn.execute(page.update().where(page.c.id == pages[0]).values(state="replaced"))
    planned(conn, one, "interleave")
    a, b, c, d, e = pages
    assert listed(conn, one) == [a, b, e, c, d]
    planned(conn, one, "interleave", b, e)  # two pages are a sheet
    seed.draft(conn, one, [b], state="filed")
    with pytest.raises(Refused, match="filed"):
        planned(conn, one, "interleave")


def test_what_is_scanned_next_goes_before_the_mark(conn: Connection) -> None:
    one = seed.batch(conn)
    assert order.next_positions(conn, one, 2) == [1.0, 2.0]
    a, b = seed.pages(conn, one, 2)
    assert order.next_positions(conn, one, 1) == [3.0]
    planned(conn, one, "insert", before=b)
    planned(conn, one, "insert", before=a)
    assert [row.flags for row in conn.execute(select(page).order_by(page.c.id))] == [["insert"], []]
    assert order.next_positions(conn, one, 2) == [-1.0, 0.0]
    planned(conn, one, "insert", before=b)
    added: list[int] = []
    for _ in range(60):  # more than a float could halve
        (at,) = order.next_positions(conn, one, 1)
        added += seed.pages(conn, one, 1, position=at)
    assert listed(conn, one) == [a, *added, b]
    planned(conn, one, "insert")
    assert (
        order.next_positions(conn, one, 1)[0] > conn.execute(select(page.c.position).where(page.c.id == b)).scalar_one()
    )


@pytest.mark.parametrize(
    ("low", "high", "count", "places"),
    [
        (None, None, 2, [1.0, 2.0]),
        (5.0, None, 2, [6.0, 7.0]),
        (None, 1.0, 2, [-1.0, 0.0]),
        (1.0, 2.0, 1, [1.5]),
        (1.0, 9.0, 2, [2.0, 3.0]),
        (1.0, 1.0, 1, None),
    ],
)
def test_between(low: float | None, high: float | None, count: int, places: list[float] | None) -> None:
    assert order.between(low, high, count) == places


def test_a_page_that_lies_there_already_is_not_moved(conn: Connection) -> None:
    one = seed.batch(conn)
    keys = seed.pages(conn, one, 3)
    names = seed.public(conn, page, *keys)
    for chosen, before in (([0], 1), ([1, 2], None), ([0, 1], 2)):
        wish = Wish("move", [names[place] for place in chosen], before=None if before is None else names[before])
        plan = order.move(Desk(conn, one, wish, 1, 9))
        assert [values["position"] for values in plan.pages.values()] == [float(place + 1) for place in chosen]
