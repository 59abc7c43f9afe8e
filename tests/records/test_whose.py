"""Whose a page may be, and what speaks against a patient."""

from __future__ import annotations

import json
import zlib
from typing import Any

import pytest
from sqlalchemy import Connection, Row, insert, select

from engine.store.schema_records import page, page_text
from records import appointments, codes, patients
from records.whose import against, candidates
from tests.records import seed

TODAY = "2026-11-21"


def known(conn: Connection, number: str, name: str, born: str = "1980-01-02") -> int:
    return int(patients.upsert(conn, number, {"name": name, "birth_date": born, "sex": "F"}, 1)["id"])


def read(conn: Connection, key: int, text: str, confidence: float = 90.0) -> None:
    """As if Tesseract had read these lines, a word each."""
    lines = enumerate(text.split("\n"))
    words = [[0.1 * n, 0.1 * m, 0.09, 0.02, 90, word] for m, line in lines for n, word in enumerate(line.split())]
    packed = zlib.compress(json.dumps(words).encode())
    values = {"page": key, "languages": "eng", "engine": "t", "recipe": "", "text": text, "words": packed}
    conn.execute(insert(page_text).values(values | {"confidence": confidence, "ms": 1, "at": 1}))


def one(conn: Connection, **changes: Any) -> Row[Any]:
    """A page in a batch of its own."""
    (key,) = seed.pages(conn, seed.batch(conn), 1, **changes)
    return conn.execute(select(page).where(page.c.id == key)).one()


def label(number: str) -> dict[str, Any]:
    return {"format": "Code128", "text": codes.label(number), "box": [0.1, 0.2, 0.3, 0.1]}


def found(conn: Connection, row: Row[Any]) -> list[tuple[str, str, Any]]:
    return [(one.patient.number, one.why, one.place) for one in candidates(conn, row, TODAY)]


def test_a_label_comes_first_with_its_place(conn: Connection) -> None:
    known(conn, "1000001", "Ana Ejemplo"), known(conn, "1000002", "Eva Ejemplo")
    row = one(conn, codes=[{"format": "QR", "text": "http://x", "box": [0, 0, 1, 1]}, label("1000002"), label("77")])
    read(conn, row.id, "MRN 1000001")
    assert found(conn, row) == [
        ("1000002", "label", (0.1, 0.2, 0.3, 0.1)),
        ("1000001", "text", pytest.approx((0.1, 0, 0.09, 0.02))),
    ]


def test_names_and_numbers_in_the_text(conn: Connection) -> None:
    known(conn, "1000001", "Ana Ejemplo")
    known(conn, "1000002", "王小华")
    known(conn, "1000003", "Eva Otra")
    row = one(conn)
    read(conn, row.id, "Name: Ana Ejemplo\n姓名: 王小华\nsee also 1000003")
    assert [(number, why) for number, why, _ in found(conn, row)] == [
        ("1000001", "text"), ("1000002", "text"), ("1000003", "text"),
    ]  # fmt: skip


def test_a_common_name_needs_the_birth_date(conn: Connection) -> None:
    for n in range(5):
        known(conn, f"100000{n}", "王小华", f"198{n}-01-02")
    known(conn, "1000009", "王小华强", "1982-01-02")
    row = one(conn)
    read(conn, row.id, "姓名: 王小华\n出生日期: 1982-01-02")
    assert [number for number, _, _ in found(conn, row)] == ["1000002"]
    other = one(conn)
    read(conn, other.id, "姓名: 王小华")
    assert found(conn, other) == []


def test_the_file_the_page_before_and_who_comes(conn: Connection) -> None:
    first, file, coming = known(conn, "1000001", "A"), known(conn, "1000002", "B"), known(conn, "1000003", "C")
    known(conn, "1000004", "D")
    mine = seed.batch(conn)
    source = seed.file(conn, mine, name="scan_20261121_1000002.tif")
    seed.pages(conn, mine, 1, patient=first)
    (key,) = seed.pages(conn, mine, 1, file=source)
    for number, marked in (("1000003", 1), ("1000004", 0)):
        appointments.put(conn, {"id": number, "number": number, "day": "2026-11-22"}, 1)
        planned = appointments.day(conn, "2026-11-22")[-1]
        appointments.mark_first(conn, planned.key, on=bool(marked), by=1)
    row = conn.execute(select(page).where(page.c.id == key)).one()
    assert [(one.patient.key, one.why) for one in candidates(conn, row, TODAY)] == [
        (file, "file"), (first, "previous"), (coming, "appointment"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("between", "offered"),
    [
        ({"state": "kept"}, True), ({"state": "blank"}, True), ({"state": "dropped"}, True),
        ({"state": "separator"}, False), ({"state": "header"}, False), ({"state": "label"}, False),
        ({"state": "kept", "flags": ["sheet"]}, False), ({"state": "dropped", "flags": ["skewed", "sheet"]}, False),
    ],
)  # fmt: skip
def test_the_patient_of_the_page_before_is_not_offered_over_a_sheet(
    conn: Connection, between: dict[str, Any], offered: bool
) -> None:
    known(conn, "1000001", "A")
    first = known(conn, "1000002", "B")
    mine = seed.batch(conn)
    seed.pages(conn, mine, 1, patient=first)
    seed.pages(conn, mine, 1, **between)
    (key,) = seed.pages(conn, mine, 1)
    row = conn.execute(select(page).where(page.c.id == key)).one()
    assert [(one.patient.key, one.why) for one in candidates(conn, row, TODAY)] == [(first, "previous")] * offered


def test_nothing_is_known(conn: Connection) -> None:
    assert found(conn, one(conn)) == []


@pytest.mark.parametrize(
    ("text", "confidence", "fields"),
    [
        ("", 90, []),
        ("Name: Ana Ejemplo\nDate of birth: 1980-01-02\nMRN 1000001", 90, []),
        ("Name: Ana Ejempl0\nMRN 1000O01", 90, []),
        ("Date of birth: 1980-01-03", 90, ["birth_date"]),
        ("Date of birth: 1980-01-03\nDOB: 1980-01-02", 90, []),
        ("MRN 1000002", 90, ["number"]),
        ("MRN 7777777", 90, []),
        ("MRN 1000002\nsee MRN 1000001", 90, []),
        ("Name: Robert Smith", 90, ["name"]),
        ("Name: Robert Smith", 30, []),
        ("Name: Ana Smith", 90, []),
        ("Name: Ane Ejempla", 90, []),
        ("姓名: 王小华", 90, []),
        ("Name: Robert Smith\nMRN 1000002\nDOB: 1970-01-01", 90, ["number", "name", "birth_date"]),
    ],
)
def test_what_speaks_against_a_patient(conn: Connection, text: str, confidence: float, fields: list[str]) -> None:
    key = known(conn, "1000001", "Ana Ejemplo")
    known(conn, "1000002", "Robert Smith", "1970-01-01")
    row = one(conn)
    read(conn, row.id, text, confidence)
    assert [(one.page, one.field) for one in against(conn, [row], key)] == [(row.public_id, field) for field in fields]


def test_chinese_names_that_differ(conn: Connection) -> None:
    key = known(conn, "1", "王小华")
    row, alike = one(conn), one(conn)
    read(conn, row.id, "姓名：李建国")
    read(conn, alike.id, "姓名：王小毕")
    assert [one.page for one in against(conn, [row, alike], key)] == [row.public_id]


def test_labels_of_somebody_else_and_of_nobody(conn: Connection) -> None:
    key = known(conn, "1000001", "Ana")
    known(conn, "1000002", "Eva")
    rows = [one(conn, codes=[label(number)]) for number in ("1000001", "1000002", "9999999")]
    assert [one.page for one in against(conn, rows, key)] == [row.public_id for row in rows[1:]]
