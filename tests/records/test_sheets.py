"""What we print is read back, in each language, and says what it is in words."""

from __future__ import annotations

import io
from typing import Any

import pypdf
import pytest

from engine.message import Refused
from records import codes, inspect, sheets
from records.codes import Header, Label, Separator
from tests.records import printed

BATCH: dict[str, Any] = {
    "batch": "ABCDEFGH", "documents": 3, "sheets": 40, "station": "desk-1", "title": "Box 12"
}  # fmt: skip
PATIENT = {"number": "0009000001", "name": "示例甲", "birth_date": "1988-04-12"}


def read(kind: str, given: dict[str, Any], language: str = "en") -> list[list[Any]]:
    found = [inspect.barcodes(scan) for scan in printed.scans(kind, given, language)]
    assert all({one["format"] for one in page} == {"qr", "code128"} for page in found)
    return [list({codes.parse(one["text"]) for one in page}) for page in found]


@pytest.mark.parametrize("language", ["en", "es", "zh"])
def test_a_set_is_read_back(language: str) -> None:
    assert read("set", BATCH, language) == [
        [Header("ABCDEFGH", 3, 40)],
        [Separator("ABCDEFGH", 1)],
        [Separator("ABCDEFGH", 2)],
        [Separator("ABCDEFGH", 3)],
    ]


def test_more_separators_are_printed_from_a_number_on() -> None:
    assert read("separators", BATCH | {"first": 4, "count": 2}) == [
        [Separator("ABCDEFGH", 4)],
        [Separator("ABCDEFGH", 5)],
    ]


def test_loose_separators_are_of_no_batch() -> None:
    assert read("separators", {"count": 2}, "zh") == [[Separator(codes.LOOSE, 0)]] * 2


def test_labels_are_read_back() -> None:
    assert read("labels", {"patient": PATIENT, "count": 2}, "zh") == [[Label("0009000001")]] * 2


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ("SEPARATOR", "2 of 3")), ("es", ("SEPARADOR", "2 de 3")), ("zh", ("分隔页", "第 2 页，共 3 页"))],
)
def test_a_sheet_says_in_words_what_it_is(language: str, words: tuple[str, ...]) -> None:
    document = pypdf.PdfReader(io.BytesIO(sheets.make("separators", BATCH, language)))
    text = document.pages[1].extract_text()
    assert all(word in text for word in words)
    assert codes.separator("ABCDEFGH", 2) in text
    assert document.metadata is not None
    assert document.metadata.title == "Waybill"


def test_long_words_stay_on_the_sheet() -> None:
    assert read("header", BATCH | {"title": "一" * 200, "station": "x" * 40}) == [[Header("ABCDEFGH", 3, 40)]]


@pytest.mark.parametrize(
    ("kind", "given", "language"),
    [
        ("poster", BATCH, "en"), ("header", BATCH, "fr"), ("separators", BATCH | {"documents": 0}, "en"),
        ("separators", BATCH | {"count": 501}, "en"), ("labels", {"patient": PATIENT, "count": 501}, "en"),
        ("labels", {"patient": {"number": "12 3"}}, "en"),
    ],
)  # fmt: skip
def test_what_cannot_be_printed_is_refused(kind: str, given: dict[str, Any], language: str) -> None:
    with pytest.raises(Refused, match=r"WB-80[13]0"):
        sheets.make(kind, given, language)
