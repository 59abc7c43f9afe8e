"""What a page says of its patient: found behind its words in three languages, and not in the middle of a sentence."""

from __future__ import annotations

import json
import zlib
from typing import Any

import pytest

from records.candidates import LONGEST_LINE, MOST_BYTES, marks, numbers, said, unpacked
from simulators.paper_text import KINDS, LANGUAGES, content, patient

NUMBERED = [("number", "0009000001"), ("name", "欧阳华")]


def values(text: str) -> list[tuple[str, str]]:
    return [(one.kind, one.value) for one in said(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("姓名：王小华 性别：女", [("name", "王小华")]),
        ("姓 名: 王 小 华", [("name", "王 小 华")]),
        ("住院号 0009000001 姓名 欧阳华 出生日期 1980年1月2日", [*NUMBERED, ("birth_date", "1980-01-02")]),
        ("Nombre y apellidos: María José García-López Edad: 45", [("name", "María José García-López")]),
        ("Paciente: de la Cruz, Ana", []),
        ("Paciente: Ana de la Cruz  NHC 1000037", [("name", "Ana de la Cruz"), ("number", "1000037")]),
        ("F. nac.: 02.01.1980", [("birth_date", "1980-01-02")]),
        ("Patient number AB-1234/5", [("number", "AB-1234/5")]),
        ("DOB: January 2, 1980", [("birth_date", "1980-01-02")]),
        ("Name: Sean O'Brien MRN: 123", [("name", "Sean O'Brien")]),
        ("The patient was placed supine.", []),
        ("Born in a town, seen on 2 January 1980", []),
        ("Date of birth: 30/02/1980", []),
        ("x" * LONGEST_LINE + " MRN 1234567", []),
        ("", []),
    ],
)  # fmt: skip
def test_values_behind_their_words(text: str, found: list[tuple[str, str]]) -> None:
    assert values(text) == found


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_simulated_pages(language: str) -> None:
    for seed, kind in enumerate(KINDS):
        who = patient(language, seed)
        page = content(kind, language, who, seed, seed % 7)
        lines = [f"{label}: {value}" for label, value in page.fields]
        lines += [line for section in page.sections for line in section.lines]
        wanted = {("number", who.number), ("name", who.name), ("birth_date", who.birth_date)}
        assert {(one, value) for one, value in values("\n".join(lines))} == wanted


def row(x: float, y: float, text: str, width: float = 0.1) -> list[Any]:
    return [x, y, width, 0.02, 90, text]


def test_places_on_the_page() -> None:
    rows = [
        row(0.1, 0.1, "姓"), row(0.2, 0.1, "名:"), row(0.3, 0.1, "王"), row(0.4, 0.101, "小华"), row(0.6, 0.1, "男"),
        row(0.1, 0.2, "MRN"), row(0.25, 0.2, "0009000001"),
        row(0.1, 0.3, "1234567"),
    ]  # fmt: skip
    name, number = marks(rows)
    assert (name.kind, name.value, number.value) == ("name", "王小华", "0009000001")
    assert name.place == pytest.approx((0.3, 0.1, 0.2, 0.021))
    assert number.place == pytest.approx((0.25, 0.2, 0.1, 0.02))
    assert "王" not in repr(name)
    assert [key for key, _ in numbers(rows)] == ["0009000001", "1234567"]
    assert marks([]) == []


def test_words_are_unpacked_within_a_limit() -> None:
    rows = [row(0.1, 0.1, "a")]
    assert unpacked(zlib.compress(json.dumps(rows).encode())) == rows
    assert unpacked(zlib.compress(b" " * (MOST_BYTES + 1))) == []
