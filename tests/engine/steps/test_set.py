"""`set`: labels are one line of text, values keep their type."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.message import Refused, Xml
from engine.steps.set import as_text
from tests.engine.runtime.house import engine, one_route, order, rows

STEPS = "      - {id: note, set: {labels: {id: '$(body/text)'}, values: {copy: '$(body)', text: 'a $(body/id)'}}}\n"


async def test_labels_and_values(tmp_path: Path) -> None:
    async with engine(tmp_path, one_route(STEPS)) as world:
        await world.put(order(1, "<text> two\n lines </text>"), "order")
        await world.ended()
        assert rows(world, "SELECT name, value FROM label") == [("id", "two lines")]
        assert rows(world, "SELECT name, kind FROM value ORDER BY name") == [("copy", "xml"), ("text", "text")]


async def test_what_finds_nothing_is_refused_with_its_path(tmp_path: Path) -> None:
    async with engine(tmp_path, one_route(STEPS)) as world:
        await world.put(order(1), "order")
        (dead,) = await world.ended(state="dead")
        assert dead["code"] == "WB-2001"
        assert "text" in dead["reason"]


def test_a_label_is_text() -> None:
    assert as_text("a", None) == ""
    assert as_text("a", " 1\t2 ") == "1 2"
    assert as_text("a", 5) == "5"
    for value in (Xml(b"<a/>"), {"a": 1}, [1]):
        with pytest.raises(Refused, match="WB-2012"):
            as_text("a", value)
