"""The seal stands right of the keyword and on the page."""

from __future__ import annotations

from dataclasses import astuple
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader, PdfWriter
from pypdf.generic import RectangleObject

from engine.message import Refused
from engine.transform.pdf import Box, keyword_box
from signing.seal import EDGE, fit, length, place
from simulators.ca_sign import Seal
from simulators.report import KEYWORD
from tests.signing.desk import Desk, report

PAGE = Box(1, 0, 0, 595, 842)


def test_beside_the_keyword_of_a_report(tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    path.write_bytes(report())
    word = keyword_box(str(path), KEYWORD)
    seal = place(str(path), KEYWORD, length("30mm"))
    assert word is not None
    assert seal.page == 2
    assert seal.left > word.right
    assert seal.right - seal.left == pytest.approx(85.04, abs=0.01)
    assert seal.bottom < word.bottom < word.top < seal.top
    with pytest.raises(Refused, match="WB-4052"):
        place(str(path), "没有", 10)


@given(st.floats(0, 595), st.floats(0, 842))
def test_always_on_the_page(left: float, bottom: float) -> None:
    seal = fit(Box(1, left, bottom, left + 40, bottom + 10), 85, 42, PAGE)
    assert seal.left >= 0
    assert seal.bottom >= EDGE - 0.001
    assert seal.right <= 595 - EDGE + 0.001
    assert seal.top <= 842 - EDGE + 0.001


def test_a_seal_larger_than_the_page_is_refused() -> None:
    with pytest.raises(Refused, match="larger"):
        fit(Box(1, 0, 0, 1, 1), 600, 10, PAGE)


@pytest.mark.parametrize(("text", "points"), [("30mm", 85.039), ("2 cm", 56.693), ("1in", 72), ("80pt", 80)])
def test_lengths(text: str, points: float) -> None:
    assert length(text) == pytest.approx(points, abs=0.001)


@pytest.mark.parametrize("text", ["", "30", "mm", "-1mm", "0mm", "1e3mm", "30 px"])
def test_what_is_no_length(text: str) -> None:
    with pytest.raises(ValueError, match="length"):
        length(text)


def test_turned_and_cropped_pages_keep_the_page_s_own_coordinates(tmp_path: Path, desk: Desk) -> None:
    writer = PdfWriter(clone_from=PdfReader(BytesIO(report())))
    writer.pages[1].rotate(270)
    writer.pages[1].cropbox = RectangleObject((50, 40, 500, 800))
    out = BytesIO()
    writer.write(out)
    desk.sent = out.getvalue()
    plain, turned = tmp_path / "plain.pdf", tmp_path / "turned.pdf"
    plain.write_bytes(report())
    turned.write_bytes(desk.sent)
    seal = place(str(turned), KEYWORD, 60)
    assert astuple(seal) == pytest.approx(astuple(place(str(plain), KEYWORD, 60)), abs=0.01)
    asked = Seal(seal.page, *(round(number) for number in astuple(seal)[1:]))
    result = desk.verify(desk.signed(seal=asked), seal=seal)
    assert result.accepted, result.reason()
