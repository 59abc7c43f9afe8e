"""A job for workers: values by a pattern that nobody has judged."""

from __future__ import annotations

from records.rules import Rule
from records.values import found


def values(pattern: str) -> list[str]:
    rule = Rule("stamp", "x")
    object.__setattr__(rule, "pattern", pattern)
    line = "a" * 900
    words = [[0.1, place / 10, 0.5, 0.02, 90, text] for place, text in enumerate((line, "S1"), 1)]
    return [hit["value"] for hit in found([("p1", words)], [rule], {}) if hit["name"] == "stamp"]
