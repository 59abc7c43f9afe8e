"""Lint reads plug-ins and never imports them."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.site.plugins import check


@pytest.mark.parametrize(
    "text",
    [
        "def transform(values, settings): return 1",
        "def transform(values, settings=None, *more): return 1",
        "def transform(*all): return 1",
        "from somewhere import transform",
        "raise SystemExit\ndef transform(a, b): pass",
    ],
)
def test_good_ones(tmp_path: Path, text: str) -> None:
    (tmp_path / "p.py").write_text(text)
    assert check("p.py", tmp_path / "p.py") == []


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("x = 1\ndef transform(a): pass", (2, 1), "not a plain function of two arguments"),
        ("async def transform(a, b): pass", (1, 1), "not a plain function"),
        ("def transform(a, b, *, c): pass", (1, 1), "not a plain function"),
        ("def other(a, b): pass", (1, 1), "no function `transform`"),
        ("x = 1\ny = (", (2, 5), "not Python"),
        ("x = '\0'", (1, 1), "null bytes"),
    ],
)
def test_faults(tmp_path: Path, text: str, place: tuple[int, int], said: str) -> None:
    (tmp_path / "p.py").write_text(text)
    (problem,) = check("p.py", tmp_path / "p.py")
    assert (problem.place.line, problem.place.column) == place
    assert said in problem.text
    assert problem.advice
