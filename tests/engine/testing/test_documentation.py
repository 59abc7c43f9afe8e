"""docs/testing.md: its example passes, and it names every key."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

from engine.registry import Registry
from engine.site.load import load_site
from engine.testing import model, reading
from engine.testing.scenario import play
from engine.testing.stage import House
from tests.engine.testing.bench import Here, reactor

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "testing.md").read_text("utf-8")


async def test_the_example_is_run(tmp_path: Path):
    (tmp_path / "messages").symlink_to(ROOT / "route-tests" / "messages")
    (block,) = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    (tmp_path / "example.yaml").write_text(block, "utf-8")
    registry, pool = Registry(), Here()
    site = load_site(ROOT, registry)
    (found,) = reading.load_cases(site, registry, [tmp_path / "example.yaml"])
    here: Any = pool
    outcome = await play(House(reactor, site, registry, here), found.case)
    assert outcome.good, (outcome.error, outcome.differences)


@pytest.mark.parametrize(
    "kind",
    [model.Given, model.Answer, model.Mock, model.FileCame, model.PersonSays, model.Signed, model.SignalSent,
     model.Replied, model.RunIs, model.Expect, model.Event, model.Case],
)  # fmt: skip
def test_every_key_is_on_the_page(kind: Any):
    keys = [part.name for part in dataclasses.fields(kind) if part.metadata.get("help")]
    missing = [key for key in keys if not re.search(rf"\b{key}\b", TEXT)]
    assert not missing
