"""Steps and the ways between them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from engine.site.model import Then
from engine.site.nodes import Items, Map, Text
from web.api.diagram import draw
from web.api.models_engine import Edge


def node(value: Any) -> Any:
    if isinstance(value, dict):
        return Map({key: node(inner) for key, inner in value.items()})
    return Items([node(inner) for inner in value]) if isinstance(value, list) else Text(value)


def step(name: str, verb: str, body: Any, **more: Any) -> SimpleNamespace:
    source = node({"id": name, verb: body, **{key: value for key, value in more.items() if key == "on_error"}})
    return SimpleNamespace(
        id=name, verb=verb, source=source, when=more.get("when"), policy=more.get("policy", "default"),
        settings=SimpleNamespace(to=more.get("to", "")), status="", help="", contact="",
    )  # fmt: skip


def ways(*steps: SimpleNamespace, policies: Any = None) -> set[tuple[str, str, str, str]]:
    drawn = draw(SimpleNamespace(steps=steps), policies or {}, {}, {})
    return {(edge.from_, edge.to, edge.way, edge.label) for edge in drawn.edges}


def test_steps_follow_one_another_to_the_end() -> None:
    assert ways(step("a", "set", {}), step("b", "set", {})) == {("a", "b", "next", ""), ("b", "", "next", "")}


def test_a_choice_goes_where_it_says_and_with_an_else_nowhere_else() -> None:
    cases = [{"when": {"path": "$(body/kind)", "is": "x"}, "go": "c"}, {"else": "b"}]
    found = ways(step("a", "choose", cases), step("b", "set", {}), step("c", "set", {}))
    assert {one for one in found if one[0] == "a"} == {
        ("a", "c", "choose", "$(body/kind) is x"),
        ("a", "b", "else", "else"),
    }
    without = ways(step("a", "choose", cases[:1]), step("b", "set", {}), step("c", "set", {}))
    assert ("a", "b", "next", "") in without


def test_errors_time_limits_and_policies_lead_back() -> None:
    found = ways(
        step("a", "wait", {"for": "file", "on_timeout": {"go": "b"}}),
        step("b", "sign", {"refused": "a", "expired": "c"}, on_error={"refused": "go:c"}),
        step("c", "call", {"to": "x"}, policy="remote"),
        policies={"remote": SimpleNamespace(then=Then("go", "a"))},
    )
    assert {
        ("a", "b", "timeout", "on_timeout"),
        ("b", "a", "refused", "refused"),
        ("b", "c", "expired", "expired"),
        ("b", "c", "error", "refused"),
        ("c", "a", "policy", "remote"),
    } <= found


def test_nothing_follows_a_stop_unless_it_is_skipped() -> None:
    assert ways(step("a", "stop", {"reason": "no"})) == set()
    assert ways(step("a", "stop", {"reason": "no"}, when=object())) == {("a", "", "next", "")}


def test_nodes_hold_what_stands_there() -> None:
    drawn = draw(SimpleNamespace(steps=[step("a", "call", {}, to="his_out")]), {}, {"a": {"dead": 2}}, {"a": 1000})
    (shown,) = drawn.nodes
    assert (shown.connection, shown.at, shown.oldest) == ("his_out", {"dead": 2}, "1970-01-01T00:00:01.000Z")
    assert drawn.edges == [Edge(from_="a", to="", way="next", label="")]
