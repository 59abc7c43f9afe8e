"""The benchmark of the scan desk measures what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import desk


def test_every_edit_is_measured(tmp_path: Path) -> None:
    took = desk.run(tmp_path, 30, 9)
    assert set(took) == {"rotate", "crop", "deskew", "drop", "keep", "flag", "move", "draft", "undo", *desk.OTHERS}
    assert all(one > 0 for each in took.values() for one in each)


def test_it_prints_what_it_found(capsys: pytest.CaptureFixture[str]) -> None:
    desk.main(["30", "9"])
    printed = capsys.readouterr().out
    assert "an edit in a batch of 30 pages: p95" in printed
