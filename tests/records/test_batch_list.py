"""The list of batches."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import Connection, select

from engine.store.schema_records import batch
from records import appointments, batch_list, locks
from tests.records import seed

AT = seed.NOW


@pytest.fixture(name="ana")
def fixture_ana(conn: Connection) -> int:
    return seed.user(conn, "ana")


def test_what_a_row_counts(conn: Connection, ana: int) -> None:
    one = seed.batch(conn, sheets=5, sides="both", operator=ana, locked_by=ana, locked_at=AT, box=seed.box(conn))
    seed.pages(conn, one, 2, flags=["dark"], patient=seed.patient(conn))
    seed.pages(conn, one, 1, flags=["insert"])
    seed.pages(conn, one, 1, flags=["blank"], state="blank")
    seed.draft(conn, one, seed.pages(conn, one, 1), state="filed")
    seed.draft(conn, one, seed.pages(conn, one, 2))
    seed.draft(conn, one)
    seed.file(conn, one, state="taken")
    (row,) = batch_list.rows(conn, conn.execute(select(batch)).all(), me=ana, at=AT)
    counted = {"pages": 7, "expected": 10, "flags": 2, "unassigned": 4, "drafts": 2, "filed": 1}
    assert {name: row[name] for name in counted} == counted
    assert (row["pending_files"], row["failed_files"], row["box"]) == (1, 0, "BOX-1")
    assert row["operator"] == {"login": "ana", "name": "Ana", "me": True}
    assert row["lock"] == {"by": row["operator"], "at": AT}
    (later,) = batch_list.rows(conn, conn.execute(select(batch)).all(), me=0, at=AT + locks.LIFE)
    assert (later["lock"], later["operator"]["me"]) == (None, False)


def test_found_by_state_station_person_and_box(conn: Connection, ana: int) -> None:
    a = seed.batch(conn, state="filed", operator=ana)
    b = seed.batch(conn, station="desk-2", box=seed.box(conn))
    c = seed.batch(conn, locked_by=ana, locked_at=AT)
    ids = dict(zip((a, b, c), (row.public_id for row in conn.execute(select(batch).order_by(batch.c.id))), strict=True))

    def found(**asked: object) -> list[int]:
        items, _, _ = batch_list.search(conn, me=ana, at=AT, **asked)  # type: ignore[arg-type]
        return [next(key for key, public in ids.items() if public == item["id"]) for item in items]

    assert found() == [c, b, a]
    assert found(states=["open"]) == [c, b]
    assert found(station="desk-2") == [b]
    assert found(mine=True) == [c, a]
    assert found(box_code="BOX-1") == [b]
    assert found(box_code="nowhere") == []
    assert batch_list.mine_open(conn, ana) == 1


def test_who_comes_soon_is_first_within_a_page(conn: Connection, ana: int) -> None:
    owner = seed.patient(conn)
    done, soon, other = seed.batch(conn, state="filed"), seed.batch(conn), seed.batch(conn)
    for key in (done, soon):
        seed.pages(conn, key, 1, patient=owner)
    today = datetime.fromtimestamp(AT / 1000).astimezone().date().isoformat()
    appointments.put(conn, {"id": "A1", "number": "0009000001", "day": today}, AT)
    assert [row["first"] for row in batch_list.search(conn, me=ana, at=AT)[0]] == [False, False, False]
    appointments.mark_first(conn, 1, on=True, by=ana)
    items, _, _ = batch_list.search(conn, me=ana, at=AT)
    assert [row["first"] for row in items] == [True, False, False]
    assert [row["id"] for row in items] == seed.public(conn, batch, soon, other, done)
    items, following, counted = batch_list.search(conn, me=ana, at=AT, limit=1)
    assert [row["id"] for row in items] == seed.public(conn, batch, other)
    items, following, counted = batch_list.search(conn, me=ana, at=AT, limit=1, first=True)
    assert ([row["id"] for row in items], following, counted) == (seed.public(conn, batch, soon), None, {"open": 1})
    later = AT + 2 * 86_400_000
    assert batch_list.search(conn, me=ana, at=later, first=True)[0] == []


def test_the_list_goes_on_by_key(conn: Connection, ana: int) -> None:
    keys = [seed.batch(conn, state="open" if n % 2 else "filed") for n in range(5)]
    items, after, counts = batch_list.search(conn, me=ana, at=AT, limit=3)
    assert (len(items), after, counts) == (3, keys[2], {"open": 2, "filed": 3})
    rest, after, counts = batch_list.search(conn, me=ana, at=AT, limit=3, after=after)
    assert (len(rest), after) == (2, None)
    assert counts == {"open": 2, "filed": 3}  # of all, whatever is shown
