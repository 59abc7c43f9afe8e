"""Whatever a text holds, it stays one field of one segment, and comes out as it went in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.hl7_escapes import BLOCKS, escaped, one_line, unescaped

MARKS = ("|", "^", "~", "\\", "&")


@pytest.mark.parametrize(
    ("plain", "written"),
    [
        ("Prueba", "Prueba"),
        ("a|b^c~d&e", "a\\F\\b\\S\\c\\R\\d\\T\\e"),
        ("a\\b", "a\\E\\b"),
        ("a\nb", "a\\.br\\b"),
        ("示例", "示例"),
    ],
)
def test_escapes(plain: str, written: str) -> None:
    assert escaped(plain, MARKS) == written
    assert unescaped(written, MARKS) == plain


@pytest.mark.parametrize("text", ["\\", "\\F", "a\\Q\\b", "\\X4\\", "\\\\"])
def test_what_is_no_escape_stays(text: str) -> None:
    assert unescaped(text, MARKS) == text


def test_highlighting_is_no_text_and_hex_is_utf_8() -> None:
    assert unescaped("\\H\\a\\N\\", MARKS) == "a"
    assert unescaped("\\XE7A4BA\\", MARKS) == "示"


@given(st.text())
def test_a_text_never_ends_its_segment_or_its_block(text: str) -> None:
    line = one_line(text, "\\")
    assert not set(line) & {"\r", "\n", *BLOCKS}
    assert not set(escaped(text, MARKS).replace("\\", "")) & {"|", "^", "~", "&", "\r", "\n"}
