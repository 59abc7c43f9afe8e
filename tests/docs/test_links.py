"""Links between the pages lead to a file, and to a heading in it; the index names every page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, PAGES

LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in HEADING.findall(text)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path):
    lost = []
    for target in LINK.findall(page.read_text("utf-8")):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name) if name else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            lost.append(target)
    assert not lost


def test_the_tests_that_are_named_are_there():
    """README and decisions say which tests show what."""
    named = {name for page in PAGES for name in re.findall(r"`(tests/[\w./-]+)`", page.read_text("utf-8"))}
    assert len(named) > 10
    assert not [name for name in sorted(named) if not (DOCS.parent / name).exists()]


def test_the_index_names_every_page():
    text = (DOCS / "README.md").read_text("utf-8")
    named = {target.partition("#")[0] for target in LINK.findall(text)}
    assert {page.name for page in DOCS.glob("*.md")} - {"README.md"} <= named


def test_every_page_has_a_length_that_is_read():
    """Those that are written by tools are for looking up."""
    written = {"channels.md", "codes.md"}
    long = {page.name for page in DOCS.rglob("*.md") if len(page.read_text("utf-8").splitlines()) > 450}
    assert long <= written
