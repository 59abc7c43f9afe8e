"""The second look at rule 7: what another library draws."""

from __future__ import annotations

from io import BytesIO

from pypdf import PdfReader, PdfWriter

from engine.transform.pdf import Box
from signing.drawing import check_drawing
from signing.gate import CONTENT, UNREADABLE
from simulators.ca_sign import Seal
from simulators.report import report_bytes
from tests.signing.desk import BOX, SEAL, Desk, report


def codes(sent: bytes, returned: bytes, seal: Box | None) -> list[str]:
    return [finding.code for finding in check_drawing(sent, returned, seal)]


def test_the_seal_is_the_only_difference(desk: Desk) -> None:
    signed = desk.wish().honest()
    assert codes(desk.sent, signed, BOX) == []
    assert codes(desk.sent, signed, None) == [CONTENT]
    assert codes(desk.sent, signed, Box(2, 100, 120, 185, 160)) == [CONTENT]
    assert codes(desk.sent, signed, Box(1, *SEAL.box)) == [CONTENT]


def test_one_other_digit_is_seen() -> None:
    assert codes(report(), report_bytes("175||3126", "invented", "ANS", 2), None) == [CONTENT]


def test_another_number_or_size_of_pages_is_seen() -> None:
    assert codes(report(), report(3), None) == [CONTENT]
    writer = PdfWriter(clone_from=PdfReader(BytesIO(report())))
    writer.pages[0].mediabox.right = 500
    out = BytesIO()
    writer.write(out)
    assert codes(report(), out.getvalue(), None) == [CONTENT]


def test_the_seal_of_a_turned_page_is_where_it_shows(desk: Desk) -> None:
    writer = PdfWriter(clone_from=PdfReader(BytesIO(report())))
    writer.pages[1].rotate(90)
    out = BytesIO()
    writer.write(out)
    desk.sent = out.getvalue()
    seal = Seal(2, 360, 120, 445, 160)
    result = desk.verify(desk.signed(seal=seal))
    assert result.accepted, result.reason()


def test_what_cannot_be_drawn_is_not_accepted() -> None:
    assert codes(report(), b"garbage", None) == [UNREADABLE]
