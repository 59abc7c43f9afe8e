"""Simple paths have steps; what is not simple has none."""

from __future__ import annotations

import pytest

from engine.site.steps_of_paths import branches, moves


def shown(text: str) -> str | None:
    found = moves(text)
    return None if found is None else "".join(("//" if m.anywhere else "/") + m.shown for m in found)


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("//Header/MessageID", "//Header/MessageID"),
        ("/Request/*/x:Body/@id", "/Request/*/Body/@id"),
        (".//OEORIOrderItemID", "/.//OEORIOrderItemID"),
        ("./no", "/./no"),
        ("a/b/text()", "/a/b"),
        ("count(//a)", None),
        ("../a", None),
        ("ancestor::a/b", None),
        ("//a = 'b'", None),
        ("a/@b/c", None),
        ("string(a)", None),
        ("a b", None),
        ("", None),
    ],
)
def test_moves(text: str, steps: str | None) -> None:
    assert shown(text) == steps


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("//OrderList[not(Order)] | //OrderList/Order", ["//OrderList", "//OrderList/Order"]),
        ("//a[b = '|]']/c[1][@d]", ["//a/c"]),
        ("concat('a|b', c)", []),
        ("a[b", []),
    ],
)
def test_branches(text: str, found: list[str]) -> None:
    assert branches(text) == found
