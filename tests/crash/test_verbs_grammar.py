"""The two sites whose daemons are killed use the whole grammar, and every point of the code is a kill of some test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest

from engine.registry import Registry, names
from engine.site.load import load_site
from engine.site.model import OnError, Policy, Site
from engine.site.nodes import Items, Map, Node
from engine.site.routes import LabelKeys, ReceiveKeys, RouteKeys, StepKeys
from engine.site.settings import key_of
from tests.crash import points, scan_points, verbs_points, verbs_site
from tests.crash.children import ROOT

ELSEWHERE = {
    "backup.pages": "tests/engine/cli/test_backup.py",
    "backup.database": "tests/engine/cli/test_backup.py",
    "backup.copied": "tests/engine/cli/test_backup.py",
    "restore.copied": "tests/engine/cli/test_restore.py",
    "restore.changed": "tests/engine/cli/test_restore.py",
}
"""Points of commands without a daemon, and the tests that kill there."""

NOT_HERE = {
    "call.repeat", "sign.expired", "sign.on_timeout", "wait.at", "choose.cases", "check.value", "label.value",
    "route.contact",
}  # fmt: skip
"""Keys that change nothing of what a crash can do: each is a text, or another way to say what is said here."""


@pytest.fixture(name="sites", scope="module")
def fixture_sites(tmp_path_factory: pytest.TempPathFactory) -> list[Site]:
    folder = verbs_site.write(tmp_path_factory.mktemp("site") / "verbs", web=1, adt=2, lab=3, out=4, mail=5)
    return [load_site(ROOT, Registry()), load_site(folder, Registry())]


def routes(sites: list[Site]) -> list[Map]:
    return [route.source for site in sites for route in site.routes.values()]


def steps(sites: list[Site]) -> Iterator[Map]:
    for route in routes(sites):
        written = route["steps"]
        assert isinstance(written, Items)
        yield from (step for step in written if isinstance(step, Map))


def of(node: Node | None) -> set[str]:
    return set(node) if isinstance(node, Map) else set()


def said(sites: list[Site], verb: str) -> set[str]:
    """The keys that are written below this verb."""
    return {key for step in steps(sites) for key in of(step.get(verb))}


def unused(cls: type, used: set[str]) -> set[str]:
    return {key_of(part) for part in fields(cls)} - used


def test_every_verb_is_used(sites: list[Site]) -> None:
    used = {step.verb for site in sites for route in site.routes.values() for step in route.steps}
    assert used == set(names("engine.steps"))


@pytest.mark.parametrize("verb", [name for name in names("engine.steps") if name != "call"])
def test_every_key_of_a_verb_is_used(sites: list[Site], verb: str) -> None:
    missing = unused(Registry().verb(verb).Settings, said(sites, verb))
    assert {f"{verb}.{key}" for key in missing} <= NOT_HERE


@pytest.mark.parametrize("verb", [name for name in names("engine.steps") if name != "call"])
def test_every_word_of_a_verb_is_used(sites: list[Site], verb: str) -> None:
    """Where a key takes one of some words, each of them is written somewhere."""
    hints = get_type_hints(Registry().verb(verb).Settings)
    for part in fields(Registry().verb(verb).Settings):
        if get_origin(hints[part.name]) is Literal:
            written = {str(found[key_of(part)]) for step in steps(sites)
                       if isinstance(found := step.get(verb), Map) and key_of(part) in found}  # fmt: skip
            default = {str(part.default)} if isinstance(part.default, str) else set[str]()
            assert set(get_args(hints[part.name])) <= written | default, f"{verb}.{key_of(part)}"


def test_every_key_of_a_route_is_used(sites: list[Site]) -> None:
    receives = [route["receive"] for route in routes(sites)]
    assert not unused(ReceiveKeys, {key for one in receives for key in of(one)})
    reply = {key for one in receives if isinstance(one, Map) for key in of(one.get("reply"))}
    order = {key for one in receives if isinstance(one, Map) for key in of(one.get("order"))}
    assert (reply, order) == ({"when", "within", "ok", "invalid"}, {"key", "until", "on_failure"})
    assert {f"route.{key}" for key in unused(RouteKeys, {key for one in routes(sites) for key in one})} <= NOT_HERE
    labels = {key for one in routes(sites) for label in _values(one.get("labels")) for key in of(label)}
    assert not unused(LabelKeys, labels)


def test_every_key_of_a_step_is_used(sites: list[Site]) -> None:
    assert not unused(StepKeys, {key for step in steps(sites) for key in step})
    errors = {key for step in steps(sites) for key in of(step.get("on_error"))}
    assert {key_of(part) for part in fields(OnError)} == errors
    shared = {"expect", "not_expected", "in_doubt", "timeout"}
    assert shared <= said(sites, "call")
    words = [("in_doubt", "person"), ("in_doubt", "repeat"), ("not_expected", "refuse")]
    assert all(any(str(found.get(key)) == word for found in _calls(sites)) for key, word in words)


def test_every_key_of_a_policy_is_used(sites: list[Site]) -> None:
    written: set[str] = set()
    ends: set[str] = set()
    for policy in [policy for site in sites for policy in _values(site.text["policies"])]:
        written |= of(policy)
        ends |= {str(policy["then"]).partition(":")[0]} if isinstance(policy, Map) and "then" in policy else set()
    assert not unused(Policy, written)
    assert ends >= {"dead", "go", "hold"}


def test_every_channel_is_used(sites: list[Site]) -> None:
    used = {connection.type for site in sites for connection in site.connections.values()}
    assert used | {"timer_in"} >= {name for name in names("channels") if not name.startswith("memory_")}


def test_every_point_of_the_code_is_a_kill_of_some_test() -> None:
    step = {f"step.{{}}.{point}" for names in points.STEPS.values() for point in names}
    here = step | set(points.OTHERS) | {"start.recovered"} | set(ELSEWHERE)
    here |= verbs_points.passed() | scan_points.passed()
    assert set(points.in_the_code()) == here
    for name, file in ELSEWHERE.items():
        assert f'"{name}"' in (ROOT / file).read_text("utf-8")


def test_every_step_of_the_site_is_killed_or_is_of_a_kind_that_is(sites: list[Site]) -> None:
    """One step of each verb, and of each kind of wait and signal, with every point that it passes."""
    killed = {step for steps in verbs_points.STEPS.values() for step in steps} | set(points.STEPS)
    kinds: dict[str, set[str]] = {}
    for site in sites:
        for route in site.routes.values():
            for step in route.steps:
                kinds.setdefault(_kind(step.verb, step.settings), set()).add(step.id)
    assert not {kind: ids for kind, ids in kinds.items() if not ids & killed}


def _kind(verb: str, settings: Any) -> str:
    if verb == "transform":
        return f"{verb} {next(name for name in ('xslt', 'map', 'plugin') if getattr(settings, name))}"
    word = {"wait": "for_", "signal": "do"}.get(verb)
    return f"{verb} {getattr(settings, word)}" if word else verb


def _values(node: Node | None) -> list[Node]:
    return list(node.values()) if isinstance(node, Map) else []


def _calls(sites: list[Site]) -> list[Map]:
    return [found for step in steps(sites) if isinstance(found := step.get("call"), Map)]
