"""Appointments: late news do not undo newer ones; who comes with what is where, in a constant number of questions."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, event, insert, select

from engine.message import Refused
from engine.store.schema import document
from engine.store.schema_records import appointment
from records import patients
from records.appointments import cancel, counts, day, first_batches, first_patients, mark_first, put
from records.merge import merge
from tests.records import seed

DAY = "2026-11-22"


def said(key: str = "A1", **changes: str) -> dict[str, str]:
    return {
        "id": key,
        "number": "0009000001",
        "name": "示例甲",
        "day": DAY,
        "time": "09:30",
        "department": "ANS",
    } | changes


def row(conn: Connection, key: str = "A1") -> dict[str, Any]:
    return dict(conn.execute(select(appointment).where(appointment.c.key == key)).mappings().one())


def filed(conn: Connection, owner: int, **changes: Any) -> None:
    values = {
        "public_id": f"D{owner}-{len(changes)}",
        "patient": owner,
        "kind": "x",
        "blob": seed.fake("d"),
        "created_at": 1,
    }
    conn.execute(insert(document).values(values | {"origin": "scan"} | changes))


def test_put_again_changes_and_late_news_only_fill(conn: Connection) -> None:
    assert put(conn, said(paper="Shelf 3"), 10) == {"id": "A1", "state": "planned"}
    put(conn, said(time="10:15:00", paper=""), 20)
    put(conn, said(time="08:00", reason="control"), 15)
    found = row(conn)
    assert (found["time"], found["reason"], found["paper"], found["changed_at"]) == ("10:15", "control", "Shelf 3", 20)


def test_cancelled_in_any_order(conn: Connection) -> None:
    put(conn, said(), 10)
    assert cancel(conn, "A1", 5)["state"] == "planned"
    assert cancel(conn, "A1", 20)["state"] == "cancelled"
    assert put(conn, said(), 15)["state"] == "cancelled"
    assert put(conn, said(), 30)["state"] == "planned"
    assert cancel(conn, "A2", 20)["state"] == "cancelled"
    assert put(conn, said("A2"), 10)["state"] == "cancelled"
    assert (row(conn, "A2")["number"], row(conn, "A2")["day"]) == ("0009000001", DAY)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"id": " "}, "no id"),
        ({"number": ""}, "no number"),
        ({"day": ""}, "day is not written"),
        ({"day": "2026-02-30"}, "day is not written"),
        ({"time": "25:00"}, "time is not written"),
        ({"name": "x" * 201}, "name is too long"),
    ],
)
def test_what_the_table_does_not_take(conn: Connection, changes: dict[str, str], reason: str) -> None:
    with pytest.raises(Refused, match=reason) as failed:
        put(conn, said(**changes), 1)
    assert failed.value.code == "WB-8701"
    with pytest.raises(Refused):
        cancel(conn, "", 1)


def test_who_comes_and_what_is_where(conn: Connection) -> None:
    owner = seed.patient(conn)
    mine = seed.batch(conn, box=seed.box(conn, "BOX-7"))
    pages = seed.pages(conn, mine, 5, patient=owner)
    seed.pages(conn, mine, 1, patient=owner, state="dropped")
    seed.draft(conn, mine, pages[:2], patient=owner, state="filed")
    seed.draft(conn, mine, pages[2:3], patient=owner)
    filed(conn, owner)
    filed(conn, owner, state="withdrawn")
    filed(conn, owner, origin="route", public_id="R")
    put(conn, said(paper="Shelf 3"), 1)
    put(conn, said("A0", number="77", name="示例乙", time="", department="ECG"), 1)
    put(conn, said("A9", day="2026-11-23"), 1)
    put(conn, said("A8"), 1)
    cancel(conn, "A8", 2)
    unknown, known = day(conn, DAY)
    assert (unknown.patient, unknown.number, unknown.name, unknown.scanned, unknown.in_work) == (
        None,
        "77",
        "示例乙",
        0,
        0,
    )
    assert known.patient is not None
    assert (known.patient.key, known.scanned, known.in_work, known.box, known.paper) == (
        owner,
        1,
        3,
        "BOX-7",
        "Shelf 3",
    )
    assert [one.key for one in day(conn, DAY, "ECG")] == [unknown.key]
    assert [one.key for one in day(conn, DAY, after=("", unknown.key))] == [known.key]
    assert [one.key for one in day(conn, DAY, after=("09:30", known.key))] == []
    assert counts(conn, DAY) == {"total": 2, "first": 0, "paper": 1, "department:ANS": 1, "department:ECG": 1}
    assert counts(conn, DAY, "ECG")["total"] == 1
    assert counts(conn, "2026-01-01") == {"total": 0, "first": 0, "paper": 0}
    assert "示例" not in repr(known)


def test_a_merged_patient_comes_as_the_survivor(conn: Connection) -> None:
    for number in ("1", "2"):
        patients.upsert(conn, number, {"name": "Name"}, 1)
    merge(conn, survivor="2", retired="1", at=5)
    put(conn, said(number="1"), 9)
    (one,) = day(conn, DAY)
    assert one.patient is not None
    assert one.patient.number == "2"


def test_scan_first(conn: Connection) -> None:
    owner = seed.patient(conn)
    put(conn, said(), 10)
    key = row(conn)["id"]
    mine, other = seed.batch(conn), seed.batch(conn)
    seed.pages(conn, mine, 2, patient=owner)
    seed.pages(conn, other, 2)
    assert mark_first(conn, key, on=True, by=3) == owner
    assert day(conn, DAY)[0].first
    assert counts(conn, DAY)["first"] == 1
    assert first_patients(conn, DAY) == {owner}
    assert first_batches(conn, [mine, other], DAY) == {mine}
    assert first_batches(conn, [mine, other], "2026-11-23") == set()
    put(conn, said(time="11:00"), 11)
    assert (row(conn)["first"], row(conn)["time"]) == (1, "11:00")
    mark_first(conn, key, on=False, by=3)
    assert (row(conn)["first"], row(conn)["first_by"]) == (0, None)
    cancel(conn, "A1", 20)
    for missing in (key, 99):
        with pytest.raises(Refused, match="WB-8702"):
            mark_first(conn, missing, on=True, by=3)


def test_five_questions_however_many_come(conn: Connection) -> None:
    asked: list[str] = []
    for number in range(60):
        seed.patient(conn, f"{number:010}")
        put(conn, said(f"A{number}", number=f"{number:010}"), 1)
    event.listen(conn, "before_cursor_execute", lambda *arguments: asked.append(arguments[2]))
    assert len(day(conn, DAY)) == 50
    assert len(asked) == 5
    asked.clear()
    counts(conn, DAY)
    assert len(asked) == 1
