"""What two sites differ in, in words."""

from __future__ import annotations

from pathlib import Path

from engine.desk.plan import Changes, Plan, compare
from engine.registry import Registry
from engine.site.load import load_site
from engine.site.model import Site
from engine.site.nodes import Place
from engine.site.problems import Problem
from tests.engine.runtime.house import one_route
from tests.engine.world import write_site

STEPS = """      - {id: a, set: {values: {x: y}}}
      - {id: out, call: {to: sink, operation: send, body: transforms/t.yaml}}
"""


def load(folder: Path, text: str, table: str = "x: {value: one}\n") -> Site:
    return load_site(write_site(folder, text, t__yaml=table), Registry())


def why(tmp_path: Path, new: str, table: str = "x: {value: one}\n") -> Plan:
    old = load(tmp_path / "old", one_route(STEPS))
    return compare(old, load(tmp_path / "new", new, table))


def test_the_same_text_elsewhere_is_the_same(tmp_path: Path) -> None:
    assert not why(tmp_path, one_route(STEPS) + "# a comment\n")


def test_steps(tmp_path: Path) -> None:
    new = "      - {id: b, set: {values: {x: y}}}\n" + STEPS.split("\n")[1] + "\n"
    assert why(tmp_path, one_route(new)).routes.changed == {"r": "step b added; step a removed"}
    swapped = "".join(f"{line}\n" for line in reversed(STEPS.strip("\n").split("\n")))
    assert why(tmp_path, one_route(swapped)).routes.changed == {"r": "steps in another order"}


def test_labels_files_and_help(tmp_path: Path) -> None:
    assert why(tmp_path, one_route(STEPS, labels="{id: {path: //number}}")).routes.changed == {"r": "labels changed"}
    assert why(tmp_path, one_route(STEPS), "x: {value: two}\n").routes.changed == {"r": "changed: t.yaml"}


def test_policies_are_notes(tmp_path: Path) -> None:
    policy = "policies:\n  default: {first: 1s, max: 2s}\n"
    assert why(tmp_path, policy + one_route(STEPS)).notes == ["policies: default"]


def test_connections(tmp_path: Path) -> None:
    text = one_route(STEPS)
    assert why(tmp_path, text.replace("repeat: unknown", "help: call us")).connections.changed == {
        "sink": "changed: repeat"
    }
    assert not why(tmp_path, text.replace("type: memory_in", "type: memory_in, help: call us")).connections
    old = load(tmp_path / "old", text)
    assert compare(old, old, lambda connection: connection.name == "sink").connections.changed == {
        "sink": "a secret was changed"
    }


def test_as_json() -> None:
    plan = Plan(Changes({"a": "new"}), problems=[Problem(Place("routes.yaml", 3, 4), "WB-6001", "wrong", "write")])
    told = plan.as_dict()
    assert told["routes"] == {"added": {"a": "new"}, "changed": {}, "removed": {}}
    assert told["problems"][0] == {
        "place": "routes.yaml:3:4", "file": "routes.yaml", "line": 3, "column": 4, "code": "WB-6001", "text": "wrong",
        "advice": "write",
    }  # fmt: skip
    assert told["applied"] is False
