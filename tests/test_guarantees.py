"""docs/guarantees.md names tests that exist, for every guarantee."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "guarantees.md").read_text("utf-8")
ROWS = re.findall(r"^\| (\d+) \| (.+) \| (.+) \|$", PAGE, re.MULTILINE)


def test_every_guarantee_is_there() -> None:
    assert [int(number) for number, _, _ in ROWS] == [*range(1, 10), 12, 13, 14]


def test_each_names_tests_that_are_there() -> None:
    for number, _, shown in ROWS:
        files = re.findall(r"`(tests/[\w/]+\.py)`", shown)
        assert files, f"guarantee {number} names no test"
        for name in files:
            text = (ROOT / name).read_text("utf-8")
            assert re.search(r"^(    )?(async )?def test_|TestCase$", text, re.MULTILINE), f"{name} holds no test"
