"""The patient table keeps what it knows: nothing blanks a name, and late news does not undo newer."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, select

from engine.message import Refused
from engine.store.schema import patient
from engine.store.schema_records import patient_key, patient_number
from records.names import keys
from records.patients import by_key, by_public_id, find, index, key_of, upsert
from tests.records import seed

FULL = {"name": "示例丙", "birth_date": "1988-04-12", "sex": "F", "visit": "V1", "identity_number": "0000"}


def test_an_unknown_number_is_nothing(conn: Connection) -> None:
    assert find(conn, "1") is None


def test_what_is_written_is_found(conn: Connection) -> None:
    written = upsert(conn, " 0009000002 ", FULL, 10)
    assert (
        written
        == find(conn, "0009000002")
        == FULL
        | {
            "number": "0009000002",
            "id": written["id"],
            "public_id": written["public_id"],
        }
    )
    assert len(written["public_id"]) == 16
    assert upsert(conn, "2", FULL, 10)["public_id"] != written["public_id"]


def test_the_same_again_changes_nothing(conn: Connection) -> None:
    before = upsert(conn, "1", FULL, 10)
    assert upsert(conn, "1", FULL, 20) == before
    assert conn.execute(select(patient.c.created_at, patient.c.updated_at)).all() == [(10, 10)]


def test_an_empty_field_blanks_nothing(conn: Connection) -> None:
    upsert(conn, "1", FULL, 10)
    found = upsert(conn, "1", {"name": "", "birth_date": " ", "sex": "U", "visit": "", "telephone": "1"}, 20)
    assert {name: found[name] for name in FULL} == FULL
    assert found["telephone"] == "1"


def test_news_replace_and_late_news_only_fill(conn: Connection) -> None:
    upsert(conn, "1", {"name": "示例甲", "sex": "M"}, 10)
    upsert(conn, "1", {"name": "示例乙", "sex": "F"}, 30)
    found = upsert(conn, "1", {"name": "示例甲", "sex": "M", "birth_date": "1980-01-02", "visit": "V1"}, 20)
    assert (found["name"], found["sex"], found["birth_date"], found["visit"]) == ("示例乙", "F", "1980-01-02", "V1")
    assert conn.execute(select(patient.c.updated_at)).scalar() == 30


@pytest.mark.parametrize(
    ("number", "fields", "reason"),
    [
        ("", {"name": "示例"}, "number is empty"),
        ("1" * 61, {"name": "示例"}, "number is empty or too long"),
        ("1", {"name": ""}, "has no name"),
        ("1", {"name": "示" * 201}, "name is too long"),
        ("1", {"name": "示例", "birth_date": "19880412"}, "not written YYYY-MM-DD"),
        ("1", {"name": "示例", "birth_date": "1988-13-12"}, "not written YYYY-MM-DD"),
        ("1", {"name": "示例", "sex": "1"}, "not F, M or U"),
        ("1", {"name": "示例", "note": "x" * 401}, "too many details"),
    ],
)
def test_what_does_not_fit_is_refused_without_its_value(
    conn: Connection, number: str, fields: dict[str, str], reason: str
) -> None:
    with pytest.raises(Refused, match=reason) as caught:
        upsert(conn, number, fields, 1)
    assert "示" not in str(caught.value)
    assert conn.execute(select(patient)).all() == []


def test_a_detail_cannot_take_the_place_of_an_id(conn: Connection) -> None:
    found = upsert(conn, "1", FULL | {"id": "99", "public_id": "x", "number": "2"}, 1)
    assert (found["number"], found["id"]) == ("1", 1)
    assert found["public_id"] != "x"


def keys_of(conn: Connection, key: int) -> set[str]:
    return set(conn.execute(select(patient_key.c.key).where(patient_key.c.patient == key)).scalars())


def test_the_keys_follow_the_name(conn: Connection) -> None:
    key = upsert(conn, "1", {"name": "Ana", "birth_date": "1980-01-02"}, 10)["id"]
    assert keys_of(conn, key) == {"n:1", "a:ana", "b:19800102"}
    conn.execute(patient_key.insert().values(key="n:77", patient=key))  # a merge's
    upsert(conn, "1", {"name": "Eva", "birth_date": "1980-01-03"}, 20)
    assert keys_of(conn, key) == {"n:1", "n:77", "a:eva", "b:19800103"}
    upsert(conn, "1", {"name": "Ana"}, 5)
    assert "a:ana" not in keys_of(conn, key)


def test_rows_without_keys_are_indexed_in_pieces(conn: Connection) -> None:
    made = [seed.patient(conn, f"000900010{n}", f"示例{'甲乙丙丁戊'[n]}") for n in range(5)]
    conn.execute(patient_key.insert().values(key="n:kept", patient=made[1]))
    conn.execute(patient.update().where(patient.c.id == made[2]).values(merged_into=made[0]))
    after: int | None = 0
    pieces = 0
    while after is not None:
        after = index(conn, after, 2)
        pieces += 1
    assert pieces == 4
    assert keys_of(conn, made[0]) == keys("0009000100", "示例甲", "1988-04-12")
    assert (keys_of(conn, made[1]), keys_of(conn, made[2])) == ({"n:kept"}, set())
    assert keys_of(conn, made[4])


def test_a_merged_patient_leads_on(conn: Connection) -> None:
    old, middle, last = (upsert(conn, number, {"name": f"Name {number}"}, 10)["id"] for number in "123")
    conn.execute(patient.update().where(patient.c.id == old).values(merged_into=middle))
    conn.execute(patient.update().where(patient.c.id == middle).values(merged_into=last))
    conn.execute(patient_number.insert().values(number="0", patient=old, was=0, at=10))
    for number in "0123":
        assert find(conn, number) == by_key(conn, last)
        assert key_of(conn, number) == last
    public_id = conn.execute(select(patient.c.public_id).where(patient.c.id == old)).scalar_one()
    found = by_public_id(conn, public_id)
    assert found is not None
    assert found["number"] == "3"
    assert "merged_into" not in found
    assert (by_public_id(conn, "nobody"), by_key(conn, 99), key_of(conn, "9")) == (None, None, None)


def test_news_under_an_old_number_only_fill(conn: Connection) -> None:
    old, last = (upsert(conn, number, {"name": f"Name {number}"}, 10)["id"] for number in "12")
    conn.execute(patient.update().where(patient.c.id == old).values(merged_into=last))
    found = upsert(conn, "1", {"name": "Wrong", "birth_date": "1980-01-02"}, 99)
    assert (found["number"], found["name"], found["birth_date"]) == ("2", "Name 2", "1980-01-02")
