"""Reads test files: `route-tests/*.yaml` of a site, or the files that are named."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from engine.registry import Registry
from engine.site.model import Site
from engine.site.nodes import Items, Map, Node, load_yaml
from engine.site.problems import (
    BAD_VALUE,
    DUPLICATE_NAME,
    MISSING_KEY,
    UNKNOWN_CONNECTION,
    UNKNOWN_KEY,
    UNKNOWN_OPERATION,
    UNKNOWN_ROUTE,
    Invalid,
    Problem,
    invalid,
)
from engine.site.settings import Context, build, nearest
from engine.testing.model import Case, Expect, Given, Mocks, RunIs

FOLDER = "route-tests"
"""Below the site's folder; the site of the demonstration is a Python project with its own `tests/`."""


@dataclass(frozen=True)
class Found:
    """A test and the file that it stands in."""

    case: Case
    path: Path


def files_of(site: Path, named: Iterable[Path]) -> list[Path]:
    """The files that are named (folders: what is in them), or those of the site."""
    wanted = list(named) or [site / FOLDER]
    found: list[Path] = []
    for path in wanted:
        found += sorted(path.glob("*.yaml")) if path.is_dir() else [path]
    return found


def load_cases(site: Site, registry: Registry, files: Iterable[Path]) -> list[Found]:
    """Every test of the files; raises `Invalid` with all their faults."""
    found: list[Found] = []
    problems: list[Problem] = []
    for path in files:
        try:
            found += [Found(case, path) for case in _file(path, site, registry)]
        except Invalid as error:
            problems += error.problems
    if problems:
        raise Invalid(problems)
    return found


def _file(path: Path, site: Site, registry: Registry) -> list[Case]:
    top = load_yaml(path, str(path))
    context = Context(path.parent.absolute(), site.namespaces, routes=frozenset(site.routes))
    nodes = top["tests"] if "tests" in top else Items([top], top.at)
    if not isinstance(nodes, Items):
        raise invalid(nodes, BAD_VALUE, "a list of tests is needed here", "write `tests: [{test: NAME, ...}]`")
    shared = {key: value for key, value in top.items() if key in ("route", "mocks")} if "tests" in top else {}
    for key in top if "tests" in top else ():
        if key not in ("tests", "route", "mocks"):
            raise invalid(top.place_of(key), UNKNOWN_KEY, f"unknown key `{key}`", nearest(key, _BESIDE))
    problems: list[Problem] = []
    cases: dict[str, Case] = {}
    for node in nodes:
        try:
            case = build(Case, _with(node, shared, top), context)
            problems += _check(case, site, registry)
            if case.test in cases:
                problems.append(Problem(case.at, DUPLICATE_NAME, f"two tests `{case.test}`", "rename one"))
            cases[case.test] = case
        except Invalid as error:
            problems += error.problems
    if problems:
        raise Invalid(problems)
    return list(cases.values())


_BESIDE = ("route", "mocks", "tests")


def _with(node: Node, shared: dict[str, Node], top: Map) -> Node:
    """A test with what stands beside `tests` for all of them; its own mocks of a connection replace the shared."""
    if not isinstance(node, Map):
        return node
    whole = dict(shared)
    for key, value in node.items():
        both = whole.get(key)
        if key == "mocks" and isinstance(both, Map) and isinstance(value, Map):
            value = Map({**both, **value}, value.at, {**both.key_at, **value.key_at})
        whole[key] = value
    return Map(whole, node.at, {**top.key_at, **node.key_at})


def _check(case: Case, site: Site, registry: Registry) -> list[Problem]:
    """What a test names must be there."""
    problems: list[Problem] = []
    for route in [case.route, *(event.signal.route for event in case.then if event.signal)]:
        if route not in site.routes:
            advice = nearest(route, site.routes)
            problems.append(Problem(case.at, UNKNOWN_ROUTE, f"there is no route `{route}`", advice))
    for given in _messages(case):
        problems += _check_given(given, site)
    for mocks in [case.mocks, *(event.mocks for event in case.then)]:
        problems += _check_mocks(mocks, case, site, registry)
    for expect in _expects(case):
        problems += _check_expect(expect, site)
    return problems


def _messages(case: Case) -> list[Given]:
    return [*case.given, *(event.message for event in case.then if event.message)]


def _expects(case: Case) -> list[Expect]:
    return [one for one in [case.expect, *(event.expect for event in case.then)] if one is not None]


def _check_given(given: Given, site: Site) -> list[Problem]:
    if given.connection not in site.connections:
        text = f"there is no connection `{given.connection}`"
        return [Problem(given.at, UNKNOWN_CONNECTION, text, nearest(given.connection, site.connections))]
    known = site.receiving(given.connection)
    if given.operation not in known:
        text = f"no route receives `{given.operation}` from {given.connection}"
        return [Problem(given.at, UNKNOWN_OPERATION, text, nearest(given.operation, known))]
    return []


def _check_mocks(mocks: Mocks, case: Case, site: Site, registry: Registry) -> list[Problem]:
    problems = []
    for name, rules in mocks.items():
        if name not in site.connections:
            text, advice = f"there is no connection `{name}`", nearest(name, site.connections)
            problems.append(Problem(rules[0].at if rules else case.at, UNKNOWN_CONNECTION, text, advice))
            continue
        calls = getattr(registry.channel(site.connections[name].type), "CALLS", {})
        for rule in rules:
            if rule.operation and rule.operation not in calls and "*" not in calls:
                text, advice = f"`{name}` has no operation `{rule.operation}`", nearest(rule.operation, calls)
                problems.append(Problem(rule.at, UNKNOWN_OPERATION, text, advice))
    return problems


def _check_expect(expect: Expect, site: Site) -> list[Problem]:
    problems = []
    for name in expect.sent:
        if name not in site.connections:
            text, advice = f"there is no connection `{name}`", nearest(name, site.connections)
            problems.append(Problem(expect.at, UNKNOWN_CONNECTION, text, advice))
    for run in expect.runs or ():
        problems += _check_run(run, site)
    if expect.run is not None and expect.runs is not None:
        text = "`runs` and the keys of one run stand side by side"
        problems.append(Problem(expect.at, MISSING_KEY, text, "put all of it under `runs`"))
    return problems


def _check_run(run: RunIs, site: Site) -> list[Problem]:
    if run.route and run.route not in site.routes:
        text = f"there is no route `{run.route}`"
        return [Problem(run.at, UNKNOWN_ROUTE, text, nearest(run.route, site.routes))]
    return []
