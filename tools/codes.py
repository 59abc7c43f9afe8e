"""Every stable code of the sources on one page: `tools/codes.py` writes `docs/codes.md` anew, `--check` compares it.

The codes are found in the sources. What each means stands beside its constant (a docstring or a comment) or, where the
constant's name was enough, in `tools/codes.yaml`; what a person does about it stands in that file.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("engine", "channels", "signing", "records", "web/api")
PAGE = ROOT / "docs" / "codes.md"
TABLE = ROOT / "tools" / "codes.yaml"
CODE = re.compile(r"\bWB-\d{4}\b")
_WHOLE = re.compile(r"WB-\d{4}")

RANGES = {
    "1": "What comes in",
    "2": "Steps, values and transforms",
    "3": "Effects on other systems",
    "4": "Signing and the gate",
    "5": "Files and documents",
    "6": "The site's text, and `waybill check`",
    "7": "Screens, API, people and commands",
    "8": "Scanned records",
}

HEAD = """# Codes

Each failure has a code that never changes its meaning. It is the same in replies, screens, logs and commands.
The text beside a code says where: a path, a rule, a connection. It never holds a patient's value.

This page is written by `tools/codes.py` from the sources and `tools/codes.yaml`.
"""


@dataclass
class Found:
    """A code as the sources have it. names: of its constants; notes: what stands beside them; files: who uses it."""

    names: set[str] = field(default_factory=set)
    notes: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Entry:
    """A row of the page."""

    code: str
    means: str
    do: str


def collect(root: Path = ROOT) -> dict[str, Found]:
    """Every code in the product's Python files."""
    found: defaultdict[str, Found] = defaultdict(Found)
    for folder in SOURCES:
        for path in sorted((root / folder).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            for code in CODE.findall(text):
                found[code].files.add(path.relative_to(root).as_posix())
            for code, name, note in constants(text):
                found[code].names.add(name)
                found[code].notes |= {note} if note else set()
    return dict(found)


def constants(text: str) -> Iterator[tuple[str, str, str]]:
    """Code, name and note of each constant of a module that is a code."""
    body, lines = ast.parse(text).body, text.splitlines()
    for node, following in zip(body, [*body[1:], None], strict=True):
        if not isinstance(node, ast.Assign):
            continue
        single = isinstance(node.targets[0], ast.Name)
        note = (_docstring(following) or _comment(lines[node.lineno - 1])) if single else ""
        for target, value in _pairs(node):
            if isinstance(value, ast.Constant) and isinstance(value.value, str) and _WHOLE.fullmatch(value.value):
                yield value.value, target, note


def _pairs(node: ast.Assign) -> Iterator[tuple[str, ast.expr]]:
    target = node.targets[0]
    if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
        yield from zip([ast.unparse(part) for part in target.elts], node.value.elts, strict=True)
    else:
        yield ast.unparse(target), node.value


def _docstring(node: ast.stmt | None) -> str:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        return " ".join(node.value.value.split()).rstrip(".")
    return ""


def _comment(line: str) -> str:
    note = line.partition("#")[2].strip()
    return "" if note.startswith("noqa") else note.rstrip(".")


def table(path: Path = TABLE) -> dict[str, dict[str, Any]]:
    """Code to `do`, and where they are needed `means` and `names`."""
    loaded: dict[str, dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return loaded


def problems(found: dict[str, Found], known: dict[str, dict[str, Any]]) -> list[str]:
    """What is wrong with the codes: a line each."""
    told = [f"{code} is used in {', '.join(sorted(found[code].files))} and has no row in tools/codes.yaml"
            for code in sorted(found.keys() - known.keys())]  # fmt: skip
    told += [f"{code} is in tools/codes.yaml and used nowhere" for code in sorted(known.keys() - found.keys())]
    for code in sorted(found.keys() & known.keys()):
        told += _trouble(code, found[code], known[code])
    return told


def _trouble(code: str, one: Found, row: dict[str, Any]) -> Iterator[str]:
    """Several names for one number are several meanings, until a person has said that they are one."""
    names = set(row.get("names", ()))
    if len(one.names) > 1 and names != one.names:
        yield f"{code} is {', '.join(sorted(one.names))}: renumber one, or say in `names` that they mean the same"
    if names and (names != one.names or len(names) < 2):
        yield f"{code}: `names` in tools/codes.yaml is not what the sources have ({', '.join(sorted(one.names))})"
    if "means" not in row and len(one.notes) != 1:
        yield f"{code} has {len(one.notes)} meanings beside its constants: write `means` in tools/codes.yaml"
    if not str(row.get("do", "")).strip():
        yield f"{code}: `do` is missing"
    if row.keys() - {"means", "do", "names"}:
        yield f"{code}: unknown keys in tools/codes.yaml"


def entries(found: dict[str, Found], known: dict[str, dict[str, Any]]) -> list[Entry]:
    """The rows by number."""
    return [
        Entry(code, _sentence(known[code].get("means") or next(iter(found[code].notes))), _sentence(known[code]["do"]))
        for code in sorted(found.keys() & known.keys())
    ]


def _sentence(text: str) -> str:
    text = " ".join(str(text).split()).rstrip(".")
    return f"{text[:1].upper()}{text[1:]}."


def render(rows: list[Entry]) -> str:
    """The page."""
    parts = [HEAD]
    for digit, title in RANGES.items():
        mine = [row for row in rows if row.code[3] == digit]
        if mine:
            lines = [f"| {row.code} | {_cell(row.means)} | {_cell(row.do)} |" for row in mine]
            parts.append("\n".join([f"## {title}", "", "| code | means | what to do |", "|---|---|---|", *lines, ""]))
    return "\n".join(parts)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main(arguments: list[str]) -> int:
    found, known = collect(), table()
    wrong = problems(found, known)
    if wrong:
        print("\n".join(wrong), file=sys.stderr)
        return 1
    text = render(entries(found, known))
    if arguments == ["--check"]:
        stale = not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text
        print("docs/codes.md is stale: run tools/codes.py" if stale else "docs/codes.md is current")
        return int(stale)
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
