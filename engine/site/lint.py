"""Everything that can be said about a site without starting it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.site import lint_paths, plain_secrets, plugins
from engine.site.house import LINKS, house, inside, target
from engine.site.load import Registry, read_site
from engine.site.model import Site
from engine.site.nodes import Place, load_yaml
from engine.site.problems import BAD_TRANSFORM, Invalid, Problem
from engine.site.units import TransformFile
from engine.site.walk import transform_files

Tables = Callable[[Path, Mapping[str, str]], object]


def lint(folder: Path, registry: Registry, tables: Tables | None = None) -> list[Problem]:
    """Every fault of the site in a folder, in reading order; empty when it can be started.

    tables: reads a mapping table and raises `Invalid` (transforms are built above this package).
    """
    site, problems = read_site(folder, registry)
    problems += plain_secrets.check(site)
    for name, path in sorted(transforms(site).items()):
        if path.suffix == ".py":
            problems += plugins.check(name, path)
        else:
            problems += _table(name, path, site, tables) if path.suffix == ".yaml" else compiles(name, path)
    problems += lint_paths.check(site, folder.absolute())
    seen = {(problem.place, problem.code): problem for problem in reversed(problems)}
    return Invalid(seen.values()).problems


# ---- transforms


def transforms(site: Site) -> dict[str, TransformFile]:
    """Every transform file that the site names, by its name relative to the site."""
    found: dict[str, TransformFile] = {}
    owners: list[Any] = [connection.settings for connection in site.connections.values()]
    for route in site.routes.values():
        owners += [route.receive, *(step.settings for step in route.steps)]
    for owner in owners:
        for path in transform_files(owner).values():
            found[_relative(path, site.folder)] = path
    return found


def _relative(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.as_posix()


def _table(name: str, path: Path, site: Site, tables: Tables | None) -> list[Problem]:
    try:
        if tables is None:
            load_yaml(path, name)
        else:
            tables(path, site.namespaces)
    except Invalid as error:
        return [replace(problem, place=replace(problem.place, file=name)) for problem in error.problems]
    return []


def compiles(name: str, path: Path) -> list[Problem]:
    """What is wrong with a stylesheet or a schema; places are in that file."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False)
    what = "schema" if path.suffix == ".xsd" else "stylesheet"
    try:
        tree = etree.parse(path, parser)
        if tree.docinfo.internalDTD is not None:
            return [Problem(Place(name, 1, 1), BAD_TRANSFORM, "it has a DOCTYPE", "remove it")]
        if outside := _outside(name, path, tree):
            return outside
        etree.XMLSchema(tree) if path.suffix == ".xsd" else etree.XSLT(tree)
    except etree.XMLSyntaxError as error:
        place = Place(name, error.lineno or 1, max(error.offset or 1, 1))
        return [Problem(place, BAD_TRANSFORM, f"the {what} does not compile: {error.msg}", "correct it there")]
    except etree.LxmlError as error:
        return [_from_log(name, what, error)]
    except OSError as error:
        text = f"cannot be read: {error.strerror or 'unreadable'}"
        return [Problem(Place(name, 1, 1), BAD_TRANSFORM, text, "check its rights")]
    return []


def _outside(name: str, path: Path, tree: Any) -> list[Problem]:
    """What it includes and may not; the files that it includes are looked at themselves."""
    elements, attribute = LINKS.get(path.suffix, LINKS[".xsl"])
    home = house(path)
    links = [link for link in tree.getroot().iterchildren(*elements) if link.get(attribute)]
    return [
        Problem(
            Place(name, link.sourceline or 1, 1), BAD_TRANSFORM, f"it includes a file outside {home.name}/",
            "put the file there",
        )
        for link in links if not inside(target(path, link.get(attribute)), home)
    ]  # fmt: skip


def _from_log(name: str, what: str, error: Any) -> Problem:
    entry = next((e for e in error.error_log if e.line), None)
    line, column = (entry.line, max(entry.column, 1)) if entry else (1, 1)
    text = (entry.message if entry else str(error)).strip().splitlines()
    shown = text[0][:300] if text else "unreadable"
    return Problem(
        Place(name, line, column), BAD_TRANSFORM, f"the {what} does not compile: {shown}", "correct it there"
    )
