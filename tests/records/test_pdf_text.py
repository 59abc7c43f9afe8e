"""The font without shapes, and which numbers its characters have."""

from __future__ import annotations

import io

from records.pdf_text import TextLayer, font_program, to_unicode
from records.pdf_writer import Writer


def test_the_font_is_one_that_readers_open() -> None:
    from PIL import ImageFont

    program = font_program()
    assert len(program) < 400
    font = ImageFont.truetype(io.BytesIO(program), 100)
    assert font.getmetrics() == (80, 20)


def test_each_character_is_told_once() -> None:
    told = to_unicode({"a": 1, "王": 2, "𠮷": 3}).decode()
    assert "3 beginbfchar\n<0001> <0061>\n<0002> <738b>\n<0003> <d842dfb7>\nendbfchar" in told
    assert to_unicode({chr(200 + n): n for n in range(250)}).count(b"beginbfchar") == 3


def test_what_has_no_room_or_no_letters_is_left_out() -> None:
    layer = TextLayer(Writer(io.BytesIO()))
    empty = [[0, 0, 0.5, 0, 90, "flat"], [0, 0, 0, 0.5, 90, "thin"], [0, 0, 1, 1, 90, " \n"]]
    assert layer.content(empty, 100, 100) == b""
    drawn = layer.content([[0.1, 0.2, 0.5, 0.1, 90, "ab"]], 100, 200).decode()
    assert drawn == "BT 3 Tr\n250 Tz /F 20 Tf 1 0 0 1 10 144 Tm <000100020003> Tj\nET\n"
