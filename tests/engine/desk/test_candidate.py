"""Judging a configuration before it is put to work."""

from __future__ import annotations

from pathlib import Path

from engine.desk import candidate
from engine.desk.plan import Changes, Plan, compare
from engine.registry import Registry
from engine.site.model import Site
from engine.site.secrets import Secrets
from tests.engine.runtime.house import one_route
from tests.engine.world import write_site

OUT = "      - {id: out, call: {to: sink, operation: send}}\n"


def read(folder: Path, text: str) -> Site:
    site, problems = candidate.read(write_site(folder, text), Registry())
    assert site is not None, problems
    return site


def test_a_fault_is_told_with_its_place(tmp_path: Path) -> None:
    site, problems = candidate.read(write_site(tmp_path, one_route(OUT.replace("sink", "sinc"))), Registry())
    assert site is None
    assert [(problem.place.line, problem.code) for problem in problems] == [(11, "WB-6008")]


def test_what_a_route_uses(tmp_path: Path) -> None:
    more = "      - {id: file, wait: {for: file, in: box, path: x}}\n"
    site = read(tmp_path, one_route(OUT + more, "same", extra="  box: {type: folder, path: var/box}\n"))
    assert candidate.uses(site.routes["r"]) == {"source", "sink", "box"}


def test_a_connection_that_is_needed(tmp_path: Path) -> None:
    site = read(tmp_path, one_route(OUT, "same"))
    plan = Plan(connections=Changes(removed={"sink": "", "other": ""}))
    (problem,) = candidate.in_use(plan, site, [(site.routes["r"], 3)])
    assert (problem.code, "3 unfinished runs of `r`" in problem.text) == ("WB-7205", True)


def test_secrets_of_changed_connections_only(tmp_path: Path) -> None:
    ca = "  ca: {type: coss, url: 'http://127.0.0.1:9', app_id: demo, key: {secret: nowhere}}\n"
    site = read(tmp_path, one_route(OUT, "same", extra=ca))
    assert list(candidate.secrets(Plan(), site, lambda name: "x")) == []
    get = Secrets(tmp_path).get
    (problem,) = candidate.secrets(Plan(connections=Changes(added={"ca": "new"})), site, get)
    assert (problem.code, problem.place.line) == ("WB-6031", 6)


def test_one_route_that_goes_away(tmp_path: Path) -> None:
    old = read(tmp_path / "old", one_route(OUT, "same"))
    second = one_route(OUT, "same").replace("  r:", "  s:")
    new = read(tmp_path / "new", second)
    site, plan = candidate.only(old, new, "r", compare(old, new))
    assert (list(site.routes), plan.routes.names(), plan.problems) == ([], ["r"], [])
    site, plan = candidate.only(old, new, "s", compare(old, new))
    assert (list(site.routes), plan.routes.names()) == (["r", "s"], ["s"])
