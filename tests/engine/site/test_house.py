"""What a stylesheet or schema may include, as lint says it."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.site.house import house
from engine.site.lint import compiles

SHEET = '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">\n{}</xsl:stylesheet>'
SCHEMA = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">\n{}</xs:schema>'


def test_the_house_is_the_outermost_transforms(tmp_path: Path) -> None:
    assert house(tmp_path / "transforms" / "his" / "transforms" / "a.xsl") == (tmp_path / "transforms").resolve()
    assert house(tmp_path / "a.xsl") == tmp_path.resolve()


@pytest.mark.parametrize(
    ("suffix", "text", "link"),
    [(".xsl", SHEET, '<xsl:include href="{}"/>'), (".xsd", SCHEMA, '<xs:include schemaLocation="{}"/>')],
)
def test_lint_says_what_it_may_not_include(tmp_path: Path, suffix: str, text: str, link: str) -> None:
    folder = tmp_path / "transforms" / "lab"
    folder.mkdir(parents=True)
    for place in (tmp_path, tmp_path / "transforms"):
        (place / f"other{suffix}").write_text(text.format(""))
    one = folder / f"one{suffix}"
    one.write_text(text.format(link.format(f"../other{suffix}")))
    assert compiles("one", one) == []
    for href in (f"../../other{suffix}", str(tmp_path / f"other{suffix}")):
        one.write_text(text.format(link.format(href)))
        (problem,) = compiles("one", one)
        assert (problem.place.line, problem.text) == (2, "it includes a file outside transforms/")
