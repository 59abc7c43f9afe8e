"""Rules say at once what is wrong with them, and come back from their plain form."""

from __future__ import annotations

from typing import Any

import pytest

from records.rules import Form, Rule, of


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": "Bad Name", "pattern": "x"}, "small letters"),
        ({"name": "a", "pattern": "("}, "regular expression"),
        ({"name": "a", "pattern": "(a+)+"}, "repeat inside a repeat"),
        ({"name": "a", "pattern": "x" * 201}, "200"),
        ({"name": "a", "pattern": "x", "zone": (0, 0, 1)}, "four numbers"),
        ({"name": "a", "pattern": "x", "zone": (0, 0, 1, 2)}, "four numbers"),
        ({"name": "a"}, "labels"),
    ],
)
def test_what_is_wrong(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Rule(**wrong)


@pytest.mark.parametrize(
    "rule",
    [
        Rule("date", form=Form.DATE),
        Rule("laboratory_number", r"L\d+", after=("Lab no.",), zone=(0.0, 0.0, 1.0, 0.5)),
    ],
)
def test_plain_and_back(rule: Rule) -> None:
    assert of(rule.plain()) == rule
