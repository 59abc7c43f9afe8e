"""docs/transforms.md: its tables are read, its plug-in computes; and every YAML of the reference pages is YAML."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from engine.site.nodes import load_yaml
from engine.transform import tables
from tests.docs.pages import DOCS, blocks

PAGE = DOCS / "transforms.md"
TABLES = [block for block in blocks(PAGE) if block.language == "yaml" and not block.text.startswith("- ")]
LEFT_OUT = re.compile(r"^ *\.\.\.\n|, \.\.\.|(?<=[\[{])\.\.\.", re.MULTILINE)
REFERENCE = ("routes.md", "hl7.md", "testing.md", "transforms.md", "running.md")


@pytest.mark.parametrize("block", TABLES, ids=lambda block: f"line {block.line}")
def test_a_table_is_read(block: Any, tmp_path: Path):
    (tmp_path / "routes.yaml").touch()
    transforms = tmp_path / "transforms"
    (transforms / "lookups").mkdir(parents=True)
    (transforms / "lookups" / "sex.csv").write_text("his,device\nF,2\nM,1\n")
    (transforms / "table.yaml").write_text(block.text, "utf-8")
    table = tables.load(transforms / "table.yaml", {})
    assert table.fields or table.repeats


def test_there_are_tables():
    assert len(TABLES) >= 3


def test_the_plug_in_computes():
    (block,) = (block for block in blocks(PAGE) if block.language == "python")
    room: dict[str, Any] = {}
    exec(compile(block.text, "page", "exec"), room)
    assert room["transform"]({"body": {"tests": [1, 2]}}, {"unit": "mm"}) == {"total": 2, "unit": "mm"}


@pytest.mark.parametrize("name", REFERENCE)
def test_yaml_is_yaml(name: str, tmp_path: Path):
    for block in blocks(DOCS / name):
        if block.language == "yaml" and not block.text.startswith("#"):
            text = re.sub(
                r"^ *\.\.\.\n|, \.\.\.|(?<=[\[{])\.\.\.", "", block.text, flags=re.MULTILINE
            )  # what is left out
            file = tmp_path / "block.yaml"
            file.write_text("list:\n" + text if text.startswith("- ") else text, "utf-8")
            load_yaml(file)
