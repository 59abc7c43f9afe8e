"""Patients found by what a person types; and that no question reads the whole table."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

from engine.message import Refused
from engine.store.sql import raw
from records import codes, patients
from records.lookup import brief, lookup, statement, ways

PEOPLE = [
    ("0009000001", "王小华", "1980-01-02", "F"),
    ("0009000002", "单小平", "1981-03-04", "M"),
    ("0009000003", "García López, María José", "1980-02-01", "F"),
    ("0009000004", "García Núñez, Ana", "1990-12-31", "F"),
    ("0009000005", "Sean O'Brien", "1955-05-05", "M"),
    ("AB-77", "Jean-Luc Smith", "", "M"),
    ("0009000007", "吕平", "1981-03-04", "M"),
]


@pytest.fixture(name="people")
def fixture_people(conn: Connection) -> Connection:
    for number, name, birth_date, sex in PEOPLE:
        patients.upsert(conn, number, {"name": name, "birth_date": birth_date, "sex": sex}, 1)
    return conn


@pytest.mark.parametrize(
    ("text", "numbers", "why"),
    [
        ("0009000002", ["0009000002"], "number"),
        ("9000002", ["0009000002"], "number"),
        ("ab 77", ["AB-77"], "number"),
        ("王", ["0009000001"], "name"),
        ("小", ["0009000001", "0009000002"], "name"),
        ("王小华", ["0009000001"], "name"),
        ("wangxh", [], ""),
        ("wxh", ["0009000001"], "initials"),
        ("WANG XIAOHUA", ["0009000001"], "pinyin"),
        ("xiaohua", ["0009000001"], "pinyin"),
        ("shanxiao", ["0009000002"], "pinyin"),
        ("lvping", ["0009000007"], "pinyin"),
        ("lü ping", ["0009000007"], "pinyin"),
        ("garcia", ["0009000003", "0009000004"], "name"),
        ("garcía lóp", ["0009000003"], "name"),
        ("jose maria", ["0009000003"], "name"),
        ("nunez", ["0009000004"], "name"),
        ("O’Brien", ["0009000005"], "name"),
        ("brien sean", ["0009000005"], "name"),
        ("jean-luc", ["AB-77"], "name"),
        ("1980-01-02", ["0009000001"], "birth"),
        ("01/02/1980", ["0009000003"], "birth"),
        ("19810304", ["0009000002", "0009000007"], "birth"),
        ("1980", ["0009000001", "0009000003"], "birth"),
        ("garcia 1990-12-31", ["0009000004"], "name"),
        ("xiao 1981", ["0009000002"], "pinyin"),
        ("lp 1981-03-04", ["0009000007"], "initials"),
        ("王 1981", [], ""),
        ("nobody", [], ""),
        ("", [], ""),
        (" ,, ", [], ""),
        ("%_*\"'", [], ""),
    ],
)
def test_found(people: Connection, text: str, numbers: list[str], why: str) -> None:
    found = lookup(people, text)
    assert [one.number for one in found] == numbers
    assert {one.why for one in found} <= {why}


def test_the_surest_come_first_and_not_too_many(conn: Connection) -> None:
    patients.upsert(conn, "19800102", {"name": "One"}, 1)
    patients.upsert(conn, "2", {"name": "Two", "birth_date": "1980-01-02"}, 1)
    patients.upsert(conn, "198001021", {"name": "Three"}, 1)
    found = [(one.name, one.why) for one in lookup(conn, "19800102")]
    assert found == [("One", "number"), ("Three", "number"), ("Two", "birth")]
    assert len(lookup(conn, "19800102", 2)) == 2


def test_the_exact_name_comes_before_longer_ones(conn: Connection) -> None:
    for number, name in enumerate(("王小华", "王小", "王")):
        patients.upsert(conn, str(number), {"name": name}, 1)
    assert [one.name for one in lookup(conn, "王")] == ["王", "王小", "王小华"]


def test_a_brief_of_several(people: Connection) -> None:
    (one,) = lookup(people, "ab77")
    assert brief(people, [one.key, 999]) == {one.key: brief(people, [one.key])[one.key]}
    assert brief(people, []) == {}
    assert "Jean" not in repr(one)
    assert "77" not in repr(one)


@pytest.mark.parametrize("count", [1, 2, 6])
def test_no_question_reads_the_table(people: Connection, count: int) -> None:
    ranges = {f"{end}{place}": "a:garcia" for place in range(count) for end in ("low", "high")}
    made = statement(count)
    plan = [
        row[3] for row in raw(people).execute(f"EXPLAIN QUERY PLAN {made.sql}", {**made.defaults, **ranges, "most": 9})
    ]
    searches = [line for line in plan if line.startswith(("SEARCH", "SCAN"))]
    assert len(searches) == count
    assert all(line.startswith("SEARCH") for line in searches), plan
    assert "SEARCH patient_key USING PRIMARY KEY (key>? AND key<?)" in searches[0]
    assert all("patient_key_patient (patient=? AND key>? AND key<?)" in line for line in searches[1:])
    assert not any("TEMP B-TREE" in line for line in plan)


def test_a_long_text_is_cut() -> None:
    assert all(len(ranges) <= 7 for _, ranges in ways("ab1 " * 1000))


def test_the_code_of_a_label(people: Connection) -> None:
    code = codes.label("0009000002")
    for text in (code, f" {code} ", code.removeprefix("WBP-")):
        assert [one.number for one in lookup(people, text)] == ["0009000002"]
    wrong = code[:-1] + ("A" if code[-1] != "A" else "B")
    for text in (wrong, codes.separator("ABCDEFGH", 1)):
        with pytest.raises(Refused, match="WB-8203"):
            lookup(people, text)
