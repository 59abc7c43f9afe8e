"""The benchmark of the archive on few documents: every question is asked through a daemon, and the marks of a page."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import archive


@pytest.mark.limit(180)
def test_all_questions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.md"
    page.write_text("\n".join([*archive.USUAL, ""]), "utf-8")
    words = [
        "--documents",
        "210",
        "--pages",
        "2",
        "--times",
        "3",
        "--folder",
        str(tmp_path / "bench"),
        "--docs",
        str(page),
    ]
    assert archive.main(words) in (0, 1)
    told = {
        row.split(" | ")[0][2:]: row.split(" | ") for row in page.read_text("utf-8").splitlines() if row[:2] == "| "
    }
    assert float(told["a word on one page"][3].rstrip(" |")) == 1
    assert float(told["a word that is nowhere"][3].rstrip(" |")) == 0
    assert float(told["a frequent word"][3].rstrip(" |")) > 5
    assert float(told["two Chinese characters"][3].rstrip(" |")) > 0
    assert set(told) >= {name for name, _ in archive.questions(210, 2)}
    assert "a new index" in capsys.readouterr().out


def test_a_page_without_marks_is_not_written(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing", "utf-8")
    with pytest.raises(SystemExit):
        archive.put(page, ["x"], "<a>", "</a>")
    assert page.read_text("utf-8") == "nothing"
