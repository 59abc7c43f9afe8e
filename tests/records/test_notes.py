"""The band of a page that nobody has checked."""

from __future__ import annotations

from records import notes


def test_a_band_stands_in_the_head_of_the_page() -> None:
    text = notes.banner(600, 800).decode()
    assert "0 776 600 24 re" in text
    assert "(NOT CHECKED  -  SIN REVISAR  -  )" in text
    assert "未核对".encode("utf-16-be").hex() in text


def test_a_sheet_is_a_whole_page() -> None:
    content, width, height = notes.sheet()
    assert (round(width), round(height)) == (595, 842)
    assert b"0 0 595.28 841.89 re" in content
