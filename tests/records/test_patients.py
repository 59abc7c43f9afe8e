"""The patient table keeps what it knows: nothing blanks a name, and late news does not undo newer."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, select

from engine.message import Refused
from engine.store.schema import patient
from records.patients import find, upsert

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
