"""Merged patients: all that was one's is the other's, in whatever order the merges come."""

from __future__ import annotations

import random
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select

from engine.message import Refused
from engine.store.schema import audit, document, patient
from engine.store.schema_records import act, appointment, batch, draft, page, patient_key, patient_number
from records import patients
from records.lookup import lookup
from records.merge import merge
from tests.records import seed

AT = seed.NOW + 5


def known(conn: Connection, number: str, **fields: str) -> int:
    return int(patients.upsert(conn, number, {"name": f"Name {number}", **fields}, 1)["id"])


def filed(conn: Connection, owner: int) -> int:
    row = {"public_id": f"DOC{owner}", "patient": owner, "kind": "x", "blob": seed.fake("d"), "created_at": 1}
    return int(conn.execute(insert(document).values(row)).inserted_primary_key[0])  # type: ignore[index]


def planned(conn: Connection, number: str) -> int:
    row = {"key": f"K{number}", "number": number, "day": "2026-11-22", "changed_at": 1}
    return int(conn.execute(insert(appointment).values(row)).inserted_primary_key[0])  # type: ignore[index]


def owner(conn: Connection, table: Any) -> set[Any]:
    return set(conn.execute(select(table.c.patient)).scalars())


def test_all_that_was_one_patients_is_the_others(conn: Connection) -> None:
    old, last = known(conn, "1", birth_date="1980-01-02", visit="V1"), known(conn, "2", sex="F")
    mine = seed.batch(conn)
    pages = seed.pages(conn, mine, 3, patient=old)
    seed.draft(conn, mine, pages[:2], patient=old)
    filed(conn, old)
    planned(conn, "1")
    done = merge(conn, survivor="2", retired=" 1 ", at=AT)
    assert done.moved == {"page": 3, "draft": 1, "document": 1, "appointment": 1}
    assert owner(conn, page) == owner(conn, draft) == owner(conn, document) == {last}
    assert conn.execute(select(appointment.c.number)).scalars().all() == ["2"]
    found = patients.find(conn, "1")
    assert found == done.survivor == patients.find(conn, "2")
    assert (found["birth_date"], found["sex"], found["visit"], found["name"]) == ("1980-01-02", "F", "V1", "Name 2")
    assert conn.execute(select(batch.c.version)).scalar_one() == 2
    (row,) = conn.execute(select(act)).mappings()
    assert row["before"]["page"] == {str(key): {"patient": old} for key in pages}
    assert row["before"]["patient"][str(old)] == {"merged_into": None}
    assert (row["id"], row["by"], row["kind"]) == (done.act, None, "patient.merge")
    looked = conn.execute(select(audit.c.patient, audit.c.act)).all()
    assert looked == [(last, "patient.merge"), (old, "patient.merge")]


def test_the_survivor_is_found_by_what_the_other_was_called(conn: Connection) -> None:
    known(conn, "0009000001")
    patients.upsert(conn, "0009000002", {"name": "王小华"}, 1)
    merge(conn, survivor="0009000001", retired="0009000002", at=AT)
    (by_name,) = lookup(conn, "wxh")
    (by_number,) = lookup(conn, "0009000002")
    assert by_name.number == by_number.number == "0009000001"
    assert (by_name.merged_from, by_number.merged_from) == (None, "0009000002")
    assert lookup(conn, "0009000001")[0].merged_from is None


def test_the_same_again_changes_nothing(conn: Connection) -> None:
    known(conn, "1"), known(conn, "2")
    merge(conn, survivor="2", retired="1", at=AT)
    before = [conn.execute(select(table)).all() for table in (patient, patient_key, patient_number, act, audit)]
    again = merge(conn, survivor="2", retired="1", at=AT + 9)
    assert (again.moved, again.act) == ({}, 0)
    assert [conn.execute(select(table)).all() for table in (patient, patient_key, patient_number, act, audit)] == before


def test_back_again_is_the_same_patient(conn: Connection) -> None:
    known(conn, "1"), known(conn, "2")
    merge(conn, survivor="2", retired="1", at=AT)
    assert merge(conn, survivor="1", retired="2", at=AT + 9).survivor["number"] == "2"
    assert len(conn.execute(select(act)).all()) == 1


@pytest.mark.parametrize("order", [("12", "23", "34"), ("34", "23", "12"), ("23", "34", "12"), ("23", "12", "34")])
def test_chains_lead_straight_to_the_last(conn: Connection, order: tuple[str, ...]) -> None:
    keys = {number: known(conn, number) for number in "1234"}
    for number, key in keys.items():
        seed.pages(conn, seed.batch(conn), 1, patient=key)
        planned(conn, number)
    for retired, survivor in map(tuple, order):
        merge(conn, survivor=survivor, retired=retired, at=AT)
    assert owner(conn, page) == {keys["4"]}
    assert set(conn.execute(select(appointment.c.number)).scalars()) == {"4"}
    rows = conn.execute(select(patient.c.merged_into).where(patient.c.number != "4")).scalars().all()
    assert rows == [keys["4"]] * 3
    led = conn.execute(select(patient_number.c.number, patient_number.c.patient)).all()
    assert sorted(led) == [(number, keys["4"]) for number in "123"]


def test_a_merge_before_the_patients(conn: Connection) -> None:
    with pytest.raises(Refused, match="WB-8211"):
        merge(conn, survivor="2", retired="1", at=AT)
    last = known(conn, "2")
    done = merge(conn, survivor="2", retired="1", at=AT)
    assert (done.moved, done.survivor["number"]) == ({}, "2")
    late = patients.upsert(conn, "1", {"name": "Late", "birth_date": "1980-01-02", "visit": "V9"}, AT + 50)
    assert (late["id"], late["name"], late["visit"]) == (last, "Name 2", "V9")
    assert len(conn.execute(select(patient)).all()) == 1
    known(conn, "3")
    merge(conn, survivor="3", retired="2", at=AT)
    assert {patients.find(conn, number)["number"] for number in "123"} == {"3"}  # type: ignore[index]
    assert lookup(conn, "1")[0].merged_from == "1"


@pytest.mark.parametrize(("survivor", "retired"), [("1", "1"), ("", "1"), ("1", " "), ("1", "x" * 61)])
def test_no_two_numbers(conn: Connection, survivor: str, retired: str) -> None:
    known(conn, "1")
    with pytest.raises(Refused, match="WB-8210"):
        merge(conn, survivor=survivor, retired=retired, at=AT)


@pytest.mark.parametrize("start", range(5))
def test_any_merges_agree_with_sets_of_numbers(conn: Connection, start: int) -> None:
    dice = random.Random(start)
    numbers = [f"{n:03}" for n in range(12)]
    sets = {number: {number} for number in numbers}
    pages: dict[int, str] = {}
    for _ in range(40):
        number = dice.choice(numbers)
        key = known(conn, number)
        pages[seed.pages(conn, seed.batch(conn), 1, patient=key)[0]] = number
        survivor, retired = dice.sample(numbers, 2)
        if patients.key_of(conn, survivor) is not None:
            merge(conn, survivor=survivor, retired=retired, at=AT)
            joined = sets[survivor] | sets[retired]
            sets |= dict.fromkeys(joined, joined)
    for number in numbers:
        found = patients.key_of(conn, number)
        assert {patients.key_of(conn, other) for other in sets[number]} == {found}
        mine = {one for one, of in pages.items() if of in sets[number]}
        assert set(conn.execute(select(page.c.id).where(page.c.patient == found)).scalars()) == mine
        assert found is None or found in {one.key for one in lookup(conn, number)}
    alive = set(conn.execute(select(patient.c.id).where(patient.c.merged_into.is_(None))).scalars())
    assert set(conn.execute(select(patient_key.c.patient)).scalars()) == alive


def test_nothing_of_a_patient_is_in_a_repr(conn: Connection) -> None:
    known(conn, "1"), known(conn, "2")
    assert "Name" not in repr(merge(conn, survivor="2", retired="1", at=AT))
