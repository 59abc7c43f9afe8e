"""The guides' routes: what they quote stands in the demonstration, and their other examples are sound."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.registry import Registry
from engine.site.lint import lint
from tests.docs.pages import DOCS, ROOT, Block, blocks

GUIDES = ("guide-analysts.md", "hl7.md")
EXAMPLES = [(page, block) for page in GUIDES for block in blocks(DOCS / page) if block.language == "yaml"]
NAMES = [f"{page} {block.line}" for page, block in EXAMPLES]
TOP = {"connections", "policies", "routes", "steps", "alerts"}
ARCHIVE = {"type": "mllp_out", "host": "127.0.0.1", "port": "2578"}


def read(text: str) -> Any:
    """YAML with every scalar as text, as the engine reads it."""
    return yaml.load(text, Loader=yaml.BaseLoader)


DEMO = read((ROOT / "routes.yaml").read_text("utf-8"))


def site_of(example: Any) -> dict[str, Any]:
    """The example inside as much of the demonstration as it needs."""
    order = DEMO["routes"]["exam_report"]
    site = {"connections": {**DEMO["connections"], "archive": ARCHIVE}, "policies": DEMO["policies"]}
    site |= {"alerts": DEMO["alerts"], "routes": {}}
    if isinstance(example, list):
        known = next(step for step in order["steps"] if step["id"] == "order")
        steps = [known, *example]
        receive = {"from": "his_in", "operation": "AddRisAppBillRt", "identity": ["//Header/MessageID"]}
        site["routes"] = {"example": {"receive": receive, "labels": order["labels"], "steps": steps}}
    elif set(example) <= TOP:
        for name, part in example.items():
            site[name] = {**site.get(name, {}), **part}
        site["routes"] = site["routes"] or {"exam_report": order}
    else:
        site["routes"] = {"example": example}
    return site


@pytest.mark.parametrize("block", [block for _, block in EXAMPLES], ids=NAMES)
def test_an_example_is_sound(block: Block, tmp_path: Path):
    if block.rest == "demo":
        there = {line.strip() for line in (ROOT / "routes.yaml").read_text("utf-8").splitlines()}
        assert not [line for line in block.text.splitlines() if line.strip() not in there]
        return
    shutil.copytree(ROOT / "transforms", tmp_path / "transforms")
    text = yaml.safe_dump(site_of(read(block.text)), allow_unicode=True, sort_keys=False)
    (tmp_path / "routes.yaml").write_text(text, "utf-8")
    assert not [f"{problem.place} {problem.text}" for problem in lint(tmp_path, Registry())], text


def test_a_fault_would_be_found(tmp_path: Path):
    shutil.copytree(ROOT / "transforms", tmp_path / "transforms")
    text = yaml.safe_dump(site_of(read("- {id: x, set: {labels: {exam: $(nothing/here)}}}")))
    (tmp_path / "routes.yaml").write_text(text, "utf-8")
    assert lint(tmp_path, Registry())


def test_every_step_of_the_order_s_route_is_explained():
    quoted = "".join(block.text for _, block in EXAMPLES if block.rest == "demo")
    assert not [step["id"] for step in DEMO["routes"]["exam_report"]["steps"] if f"id: {step['id']}," not in quoted]
