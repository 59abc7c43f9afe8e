"""A configuration that might be put to work: read, linted, and judged against what runs now. Changes nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from engine.desk.plan import Plan
from engine.registry import Registry
from engine.site.calls import CallSettings
from engine.site.lint import lint
from engine.site.load import FILE, load_site
from engine.site.model import Route, Site
from engine.site.nodes import Place
from engine.site.problems import Invalid, Problem
from engine.site.secrets import SecretMissing
from engine.site.walk import inside, secret_names
from engine.transform import mapping

IN_USE = "WB-7205"
NOT_ALONE = "WB-7206"
SECRET = "WB-6031"  # noqa: S105 - a code


def read(folder: Path, registry: Registry) -> tuple[Site | None, list[Problem]]:
    """The site of a folder with every fault of its text; the same code as `waybill lint`. Blocking."""
    problems = lint(folder, registry, mapping.load)
    if problems:
        return None, problems
    try:
        return load_site(folder, registry), []
    except Invalid as error:  # it was edited between the two
        return None, error.problems


def uses(route: Route) -> set[str]:
    """The connections that a route names: of its receive, its calls, and what its waits and signatures look at."""
    found = set(route.receive.from_)
    for step in route.steps:
        found |= {call.to for call in inside(step.settings, CallSettings)}
        found |= {name for key in ("in_", "with_") if isinstance(name := getattr(step.settings, key, None), str)}
    return found - {""}  # a poll looks into no folder


def in_use(plan: Plan, site: Site, routes: Iterable[tuple[Route, int]]) -> Iterator[Problem]:
    """Connections that would go away under unfinished runs. routes: of these runs, and how many each has."""
    for name in plan.connections.removed:
        for route, count in routes:
            if name in uses(route):
                text = (
                    f"`{name}` is gone, and {count} unfinished runs of `{route.name}` ({route.revision[:12]}) need it"
                )
                advice = (
                    f"keep `{name}` until they are done, or move or cancel them (`waybill move --route {route.name}`)"
                )
                yield Problem(Place(FILE, 1, 1), IN_USE, text, advice)


def secrets(plan: Plan, site: Site, get: Callable[[str], str]) -> Iterator[Problem]:
    """Secrets that are not there for connections that would get a new channel."""
    for name in [*plan.connections.added, *plan.connections.changed]:
        for secret in secret_names(site.connections[name].settings):
            try:
                get(secret)
            except SecretMissing as error:
                place = site.secrets.get(secret, site.connections[name].source.at)
                yield Problem(place, SECRET, str(error), "")


def only(old: Site, new: Site, name: str, plan: Plan) -> tuple[Site, Plan]:
    """What runs now with one route of the new text, and the plan of that; its problems say what it needs besides."""
    alone = Plan()
    for kind in ("added", "changed", "removed"):
        of: Mapping[str, str] = getattr(plan.routes, kind)
        if name in of:
            getattr(alone.routes, kind)[name] = of[name]
    routes = dict(old.routes)
    if name in new.routes:
        routes[name] = new.routes[name]
        alone.problems += _needs(old, new, new.routes[name], plan)
    else:
        routes.pop(name, None)
    return dataclasses.replace(old, routes=routes), alone


def _needs(old: Site, new: Site, route: Route, plan: Plan) -> Iterator[Problem]:
    place, advice = route.source.at, "reload without `--route`"
    for name in sorted(uses(route)):
        if name in plan.connections.added or name in plan.connections.changed:
            text = f"`{route.name}` needs the connection `{name}`, which is not deployed as it is written"
            yield Problem(place, NOT_ALONE, text, advice)
    for policy in sorted({step.policy for step in route.steps}):
        if old.policies.get(policy) != new.policies.get(policy):
            text = f"`{route.name}` needs the policy `{policy}`, which is not deployed as it is written"
            yield Problem(place, NOT_ALONE, text, advice)
    if old.namespaces != new.namespaces:
        yield Problem(place, NOT_ALONE, "the namespaces are not deployed as they are written", advice)
