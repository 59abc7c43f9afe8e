"""PDFs seen by a worker: no beginning of a file is complete, and a keyword is found where it stands."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter

from engine.message import Refused
from engine.transform.pdf import complete, keyword_box, pages, render_png, text
from simulators.report import KEYWORD, report_bytes

PDF = report_bytes("175||3125", "invented", "ANS", pages=3)


@pytest.fixture(name="report")
def fixture_report(tmp_path: Path) -> str:
    path = tmp_path / "report.pdf"
    path.write_bytes(PDF)
    return str(path)


def test_the_whole_is_complete_and_no_beginning_of_it_is(tmp_path: Path, report: str) -> None:
    assert complete(report) == ""
    part = tmp_path / "part.pdf"
    end = len(PDF.rstrip())
    for cut in [*range(0, end, 997), end - 1, end - 5, end - 20, end - 300]:
        part.write_bytes(PDF[:cut])
        assert complete(str(part)), cut


def test_a_cross_reference_stream_is_complete(tmp_path: Path) -> None:
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.pdf_utils.writer import copy_into_new_writer

    path = tmp_path / "stream.pdf"
    writer = copy_into_new_writer(PdfFileReader(BytesIO(PDF)), writer_kwargs={"stream_xrefs": True})
    with path.open("wb") as out:
        writer.write(out)
    assert b"/XRef" in path.read_bytes()
    assert complete(str(path)) == ""


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "begin"),
        (b"hello", "begin"),
        (b"%PDF-1.4\n%%EOF", "names no cross"),
        (b"%PDF-1.4\nstartxref\n5\n%%EOF", "not where"),
        (b"%PDF-1.4\nxref\n0 1\n0000000000 65535 f \ntrailer\n<< /Size 1 >>\nstartxref\n9\n%%EOF", "cannot be read"),
    ],
)
def test_what_is_not_complete_has_a_reason(tmp_path: Path, data: bytes, reason: str) -> None:
    path = tmp_path / "bad.pdf"
    path.write_bytes(data)
    assert reason in complete(str(path))


def test_an_encrypted_pdf_is_complete(tmp_path: Path) -> None:
    writer = PdfWriter(clone_from=PdfReader(BytesIO(PDF)))
    writer.encrypt("secret", algorithm="AES-256")
    path = tmp_path / "locked.pdf"
    writer.write(path)
    assert complete(str(path)) == ""


def test_pages_and_text(report: str) -> None:
    assert pages(report) == 3
    assert "175||3125" in text(report, 1)
    assert KEYWORD in text(report, 3)


def test_the_keyword_is_on_the_last_page_where_it_was_written(report: str) -> None:
    box = keyword_box(report, KEYWORD)
    assert box is not None
    assert box.page == 3
    assert box.left == pytest.approx(105 * 72 / 25.4, abs=2)
    assert box.bottom == pytest.approx(45 * 72 / 25.4, abs=3)
    assert 30 < box.right - box.left < 50
    assert keyword_box(report, "没有的词") is None
    assert keyword_box(report, "") is None


def test_a_page_as_a_picture(report: str) -> None:
    image = Image.open(BytesIO(render_png(report, 2, 300)))
    assert image.format == "PNG"
    assert image.width in (300, 301)


def test_what_cannot_be_read_is_refused(tmp_path: Path, report: str) -> None:
    path = tmp_path / "bad.pdf"
    path.write_bytes(b"not a PDF")
    with pytest.raises(Refused, match="WB-5004 the PDF cannot be read"):
        pages(str(path))
    with pytest.raises(Refused, match="has 3 pages"):
        text(report, 4)
