"""Our barcodes: what is built is read back, and no slip passes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.message import Refused
from records import codes
from records.codes import BadCode, Header, Label, Separator

BATCHES = st.text(codes.DIGITS, min_size=8, max_size=8)
COUNTS = st.integers(0, 9999)
NUMBERS = st.from_regex(r"[0-9A-Z]([0-9A-Z./-]{0,28}[0-9A-Z])?", fullmatch=True)


def test_the_check_character_is_that_of_iso_7064() -> None:
    # The Global Release Identifier's example, IFPI: A1-2425G-ABC1234002-M
    assert codes.check("A12425GABC1234002") == "M"


@given(BATCHES, COUNTS, COUNTS)
def test_a_header_is_read_back(batch: str, documents: int, sheets: int) -> None:
    assert codes.parse(codes.header(batch, documents, sheets)) == Header(batch, documents or None, sheets or None)


@given(BATCHES, st.integers(1, 9999))
def test_a_separator_is_read_back(batch: str, sequence: int) -> None:
    assert codes.parse(codes.separator(batch, sequence)) == Separator(batch, sequence)


@given(NUMBERS)
def test_a_label_is_read_back(number: str) -> None:
    assert codes.parse(codes.label(number)) == Label(number)
    assert number not in repr(Label(number)) or len(number) < 8


@given(BATCHES, st.integers(1, 9999), st.data())
def test_one_wrong_character_is_never_another_separator(batch: str, sequence: int, data: st.DataObject) -> None:
    text = codes.separator(batch, sequence)
    place = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.sampled_from(codes.DIGITS + "-").filter(lambda one: one != text[place]))
    wrong = text[:place] + letter + text[place + 1 :]
    assert not isinstance(codes.parse(wrong), Header | Separator | Label)


@given(NUMBERS, st.data())
def test_one_wrong_character_is_never_another_patient(number: str, data: st.DataObject) -> None:
    text = codes.label(number)
    place = data.draw(st.integers(4, len(text) - 1))
    if text[place] not in codes.DIGITS:
        return
    letter = data.draw(st.sampled_from(codes.DIGITS).filter(lambda one: one != text[place]))
    assert isinstance(codes.parse(text[:place] + letter + text[place + 1 :]), BadCode)


@given(st.text(max_size=60))
def test_any_text_is_read_or_not(text: str) -> None:
    read = codes.parse(text)
    assert read is not None or codes.kind_of(text) == "other"
    assert not isinstance(read, Header | Separator | Label) or codes.kind_of(text) == type(read).__name__.lower()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("WBS-ABCDEFGH-0000-0", "separator"),
        ("WBS-ABCDEFGH-00", "separator"),
        ("wbh-abcdefgh-0001-0001-0", "header"),
        (" WBP-1", "label"),
        ("WBX-1", "other"),
    ],
)
def test_what_looks_like_ours_is_a_bad_code(text: str, kind: str) -> None:
    assert codes.parse(text) == BadCode(kind)  # type: ignore[arg-type]
    assert codes.kind_of(text) == kind


@pytest.mark.parametrize("text", ["", "4006381333931", "WEB-1", "http://x.example/WBS-", "WB-8010"])
def test_others_are_none_of_ours(text: str) -> None:
    assert codes.parse(text) is None
    assert codes.kind_of(text) == "other"


def test_what_a_code_cannot_hold_is_refused() -> None:
    for build in (
        lambda: codes.label("12 34"),
        lambda: codes.label("张三"),
        lambda: codes.label(""),
        lambda: codes.label("1" * 31),
        lambda: codes.separator("ABC", 1),
        lambda: codes.separator("ABCDEFGH", 0),
        lambda: codes.header("ABCDEFGH", 10_000, 1),
        lambda: codes.header("abcdefgh", 1, 1),
    ):
        with pytest.raises(Refused, match="WB-8010"):
            build()


def test_a_loose_separator_has_no_place() -> None:
    assert codes.parse(codes.separator(codes.LOOSE, 0)) == Separator(codes.LOOSE, 0)


def test_a_new_number_is_printable() -> None:
    numbers = {codes.new_number() for _ in range(200)}
    assert len(numbers) == 200
    assert all(codes.parse(codes.separator(number, 1)) == Separator(number, 1) for number in numbers)
