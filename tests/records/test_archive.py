"""Made and checked in one job."""

from __future__ import annotations

from pathlib import Path

from records import archive
from tests.records.pdf_pages import master, page


def test_a_document_is_made_and_checked(tmp_path: Path) -> None:
    words = [[0.1, 0.1, 0.3, 0.05, 90, "señora"]]
    specks = [[0.1, 0.1, 0.001, 0.05, 10, "x"], [0.1, 0.1, 0.2, 0.2, 10, "—"]]
    pages = [page(master(tmp_path), words), page(master(tmp_path)), page(master(tmp_path), specks)]
    answer = archive.make(pages, str(tmp_path / "out.pdf"), {"title": "consent", "created": 0})
    assert answer == {"pages": 3, "size": (tmp_path / "out.pdf").stat().st_size, "checks": [], "texts": 1}
