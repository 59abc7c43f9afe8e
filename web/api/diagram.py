"""A route drawn: its steps as nodes, and every way from one to another.

Read from the text of the steps, not from their settings classes, so that a new verb's jumps appear without a change
here: `go: STEP`, `go:STEP`, `else`, `refused` and `expired` name the step that follows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from web.api import models_base
from web.api.dashboard import named_in
from web.api.models_engine import Diagram, Edge, Node, Way

END = ("stop",)
"""Verbs after which nothing follows."""
OWN_WAYS = ("choose",)
"""Verbs that go on only where they say, when they have an `else`."""
JUMPS: dict[str, Way] = {"else": "else", "refused": "refused", "expired": "expired", "invalid": "refused"}


def draw(route: Any, policies: Mapping[str, Any], places: Mapping[str, Mapping[str, int]],
         oldest: Mapping[str, int]) -> Diagram:  # fmt: skip
    """places: the unfinished runs at each step by state. oldest: since when the oldest of them stands there."""
    ids = {step.id for step in route.steps}
    nodes = [_node(step, places.get(step.id, {}), oldest.get(step.id)) for step in route.steps]
    edges: list[Edge] = []
    for index, step in enumerate(route.steps):
        follower = route.steps[index + 1].id if index + 1 < len(route.steps) else ""
        edges += _ways(step, follower, ids, policies)
    return Diagram(nodes=nodes, edges=edges)


def _node(step: Any, at: Mapping[str, int], oldest: int | None) -> Node:
    named = sorted(named_in(step.settings))
    return Node(
        id=step.id,
        verb=step.verb,
        connection=named[0] if named else "",
        status=step.status,
        conditional=step.when is not None,
        at=dict(at),
        oldest=models_base.iso(oldest),
        help=step.help,
        contact=step.contact,
    )


def _ways(step: Any, follower: str, ids: set[str], policies: Mapping[str, Any]) -> list[Edge]:
    jumps = list(_jumps(step.source.get(step.verb), ids, "choose" if step.verb in OWN_WAYS else "timeout", ""))
    jumps += [("error", to, label) for _, to, label in _jumps(step.source.get("on_error"), ids, "error", "")]
    then = getattr(policies.get(step.policy), "then", None)
    if then is not None and then.kind == "go" and then.step in ids:
        jumps.append(("policy", then.step, step.policy))
    edges = [Edge(from_=step.id, to=to, way=way, label=label) for way, to, label in dict.fromkeys(jumps)]
    decided = step.verb in OWN_WAYS and any(edge.way == "else" for edge in edges)
    if (step.verb in END or decided) and step.when is None:
        return edges
    return [Edge(from_=step.id, to=follower, way="next", label=""), *edges]


def _jumps(node: Any, ids: set[str], way: Way, key: str) -> Iterator[tuple[Way, str, str]]:
    """Every step that is named as a place to go to, with the way and the key under which it stands."""
    if isinstance(node, Mapping):
        for inner_key, inner in node.items():
            name = str(inner_key)
            inner_way: Way = JUMPS.get(name, way)
            if isinstance(inner, str) and inner in ids and (name == "go" or name in JUMPS):
                yield inner_way, str(inner), _label(node, name, key)
            else:
                yield from _jumps(inner, ids, inner_way, name)
    elif isinstance(node, list):
        for inner in node:
            yield from _jumps(inner, ids, way, key)
    elif isinstance(node, str) and node.startswith("go:") and node[3:].strip() in ids:
        yield way, node[3:].strip(), key


def _label(node: Mapping[str, Any], name: str, key: str) -> str:
    """What decides: the condition beside `go`, shortened; else the word itself."""
    when = node.get("when")
    if name != "go" or when is None:
        return name if name != "go" else key
    return _short(when)


def _short(condition: Any) -> str:
    if isinstance(condition, Mapping):
        parts = [f"{key} {_short(value)}" if key != "path" else _short(value) for key, value in condition.items()]
        text = " ".join(parts)
    elif isinstance(condition, list):
        text = ", ".join(_short(value) for value in condition)
    else:
        text = str(condition)
    return text if len(text) <= 60 else f"{text[:59]}…"
