"""All images of a patient in one PDF: bookmarks, and a banner over what nobody checked."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pikepdf

from records import whole_pdf
from tests.records.pdf_pages import drawn, master, page


def test_unchecked_pages_are_marked(tmp_path: Path) -> None:
    path = master(tmp_path, size=(600, 800))
    marks = [("2026-03-01 consent", False), ("", False), ("Not classified", False), ("Not checked", True), ("", True)]
    pages = [page(path, bookmark=text, unchecked=unchecked) for text, unchecked in marks]
    out = tmp_path / "all.pdf"
    assert whole_pdf.make(pages, str(out), {"title": "Record"}) == {"pages": 6, "size": out.stat().st_size}
    with pikepdf.open(out) as pdf, pdf.open_outline() as outline:
        assert [item.title for item in outline.root] == [text for text, _ in marks if text]
        assert not pdf.check_pdf_syntax()
    told = subprocess.run(["pdftotext", "-f", "5", "-l", "5", out, "-"], capture_output=True, check=True, text=True)
    assert "NOT CHECKED - SIN REVISAR" in " ".join(told.stdout.split())
    assert drawn(out, 4).getpixel((300, 3))[0] > 150 > drawn(out, 4).getpixel((300, 3))[1]
    assert drawn(out, 2).getpixel((300, 3)) == (255, 255, 255)
