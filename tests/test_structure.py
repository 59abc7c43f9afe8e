"""The habits of this code base, counted: a test file per module, short modules and functions, no unfinished work.

An exception stands in a table with its reason, and the table fails when the exception is no longer needed.
"""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).resolve().parents[1]
PRODUCT = ("engine", "channels", "signing", "records", "web/api", "simulators")
MEASURED = (*PRODUCT, "bench", "tools")
"""A migration is not measured: it is a list of tables, written once."""
MODULE_LINES = 400
FUNCTION_LINES = 40

NO_TEST_FILE: dict[str, str] = {}
"""Module: why it has no test file of its own."""

LONG_MODULES: dict[str, str] = {
    "engine/store/schema.py": "the one description of all tables, a list to look things up in",
    "engine/store/schema_records.py": "the same for the tables of the paper record",
}
"""Module: why it is longer than 400 lines."""

LONG_FUNCTIONS: dict[str, str] = {}
"""module.py:Class.function: why it is longer than 40 lines."""

UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK|WIP)\b|\bstub(?:bed)? (?:for|until)\b")
ABOUT_UNFINISHED = {
    "tests/test_structure.py": "names the words",
    "STYLE.md": "names the words",
}
"""File: why it may hold a word of unfinished work."""

SKIPS = {"skip", "skipif", "xfail", "importorskip"}


def modules(*folders: str) -> Iterator[PurePosixPath]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "node_modules" not in path.parts and "migrations" not in path.parts:
                yield PurePosixPath(path.relative_to(ROOT))


@cache
def tree(module: PurePosixPath) -> ast.Module:
    return ast.parse((ROOT / module).read_text(encoding="utf-8"), str(module))


def needs_test(module: PurePosixPath) -> bool:
    """Package files and entry points hold no logic."""
    return module.name not in {"__init__.py", "__main__.py"}


def test_file(module: PurePosixPath) -> Path:
    return ROOT / "tests" / module.parent / f"test_{module.name}"


test_file.__test__ = False  # type: ignore[attr-defined]


def functions(body: list[ast.stmt], prefix: str = "") -> Iterator[tuple[str, int]]:
    """Dotted name and length of every function; what is inside a function counts with it."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield prefix + node.name, (node.end_lineno or node.lineno) - node.lineno + 1
        elif isinstance(node, ast.ClassDef):
            yield from functions(node.body, f"{prefix}{node.name}.")


def against(found: set[str], table: dict[str, str], what: str) -> None:
    """Fail for what the table does not excuse, and for what it excuses without need."""
    assert not found - set(table), f"{what}: {', '.join(sorted(found - set(table)))}"
    assert not set(table) - found, f"no longer needed in the table: {', '.join(sorted(set(table) - found))}"
    assert all(reason.strip() for reason in table.values()), "an exception needs its reason"


def test_every_module_has_its_test_file():
    lonely = {str(module) for module in modules(*PRODUCT) if needs_test(module) and not test_file(module).exists()}
    against(lonely, NO_TEST_FILE, "modules without a test file")


def test_no_entry_point_holds_logic():
    for module in modules(*PRODUCT):
        if module.name == "__main__.py":
            assert not list(functions(tree(module).body)), f"{module} defines functions, so it needs a test file"


def test_modules_are_short():
    long = {
        str(module)
        for module in modules(*MEASURED)
        if len((ROOT / module).read_text(encoding="utf-8").splitlines()) > MODULE_LINES
    }
    against(long, LONG_MODULES, f"modules of more than {MODULE_LINES} lines")


def test_functions_are_short():
    long = {
        f"{module}:{name}"
        for module in modules(*MEASURED)
        for name, lines in functions(tree(module).body)
        if lines > FUNCTION_LINES
    }
    against(long, LONG_FUNCTIONS, f"functions of more than {FUNCTION_LINES} lines")


def tracked() -> list[str]:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True)
    return [name for name in listing.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_nothing_is_left_unfinished():
    found = set()
    for name in tracked():
        if name.startswith("tests/data/") or name.endswith(".lock"):
            continue
        try:
            text = (ROOT / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if UNFINISHED.search(text):
            found.add(name)
    table = {name: reason for name, reason in ABOUT_UNFINISHED.items() if (ROOT / name).exists()}
    against(found, table, "words of unfinished work")


@pytest.mark.parametrize("folder", ["tests"])
def test_no_test_is_skipped_or_patches_the_product(folder):
    bad = []
    for module in modules(folder):
        for node in ast.walk(tree(module)):
            if isinstance(node, ast.Attribute) and node.attr in SKIPS and "pytest" in ast.unparse(node.value):
                bad.append(f"{module}:{node.lineno} {node.attr}")
            if isinstance(node, ast.ImportFrom | ast.Import):
                names = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
                if any(name.split(".")[:2] == ["unittest", "mock"] for name in names):
                    bad.append(f"{module}:{node.lineno} unittest.mock")
    assert not bad, f"skipped or patched: {', '.join(bad)}"


def test_no_secret_and_no_state_is_in_git():
    bad = [name for name in tracked() if name.split("/")[0] in {"var", "secrets"} or name.endswith((".pem", ".p12"))]
    assert not bad
