"""The pages name only what there is. Their links, examples and commands: tests/docs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.cli.main import commands
from engine.registry import names
from tests.docs.pages import PAGES

ROOT = Path(__file__).resolve().parents[1]


def sources(*folders: str) -> str:
    return "\n".join(
        path.read_text(encoding="utf-8") for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))
    )


def words(pattern: str) -> dict[str, set[str]]:
    """What each page says that fits the pattern."""
    return {str(page.relative_to(ROOT)): set(re.findall(pattern, page.read_text(encoding="utf-8"))) for page in PAGES}


def test_codes_are_on_their_page():
    known = set(
        re.findall(r"^\| (WB-\d{4}) \|", (ROOT / "docs" / "codes.md").read_text(encoding="utf-8"), re.MULTILINE)
    )
    unknown = {name: found - known for name, found in words(r"WB-\d{4}").items() if found - known}
    assert not unknown


def test_commands_exist():
    said = {word for found in words(r"(?:`|\n|/)waybill ([a-z]+(?:-[a-z]+)?)").values() for word in found}
    assert "check" in said
    assert said <= set(commands())


def test_environment_names_and_metrics_exist():
    known = sources("engine", "web/api", "channels") + (ROOT / "tools" / "setup").read_text(encoding="utf-8")
    said = {word for found in words(r"\b(?:WAYBILL_[A-Z_]+|waybill_[a-z_]+)\b").values() for word in found}
    examples = {word for word in said if word.startswith("WAYBILL_SECRET_")}
    assert not sorted(word for word in said - examples if word not in known)


def test_channel_types_of_the_guides_exist():
    said = {word for found in words(r"`type: ([a-z_]+)`").values() for word in found}
    # A page may make a type of its own: docs/new-channel.md.
    made = {name for found in words(r"(?m)^```python channels/([a-z_]+)\.py$").values() for name in found}
    assert said <= set(names("channels")) | made


def test_every_decision_is_listed():
    folder = ROOT / "docs" / "decisions"
    listed = set(re.findall(r"\((\d{4}-[a-z0-9-]+\.md)\)", (folder / "README.md").read_text(encoding="utf-8")))
    assert listed == {path.name for path in folder.glob("[0-9]*.md")}


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md")), ids=lambda page: page.name)
def test_a_decision_has_its_parts(page):
    text = page.read_text(encoding="utf-8")
    for title in ("## Context", "## Decision", "## Consequences"):
        assert title in text
    assert len(text.splitlines()) <= 60
