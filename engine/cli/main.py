"""`waybill COMMAND`: finds the command's file and runs it.

A command is `engine/cli/<command>.py` with a docstring (its help), `arguments(parser)` and `run(options) -> int`.
Only that file is imported, so that a command starts as fast as what it needs. Exit status: 0 good, 1 findings,
2 wrong use.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import importlib
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

GOOD, FINDINGS, USAGE = 0, 1, 2

_USE = "usage: waybill COMMAND [--site DIR] [--json] [...]"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] in ("-h", "--help", "help"):
        sys.stdout.write(_overview())
        return GOOD if words else USAGE
    if words[0] == "--version":
        sys.stdout.write(f"waybill {_version()}\n")
        return GOOD
    command = words[0]
    if command not in commands():
        close = difflib.get_close_matches(command, commands(), 1)
        hint = f" Did you mean `waybill {close[0]}`?" if close else ""
        sys.stderr.write(f"waybill: there is no command `{command}`.{hint}\n{_USE}\n`waybill --help` lists them.\n")
        return USAGE
    return _run(command, words[1:])


def _version() -> str:
    from importlib import metadata

    try:
        return metadata.version("waybill")
    except metadata.PackageNotFoundError:
        return "(not installed)"


def commands() -> dict[str, Path]:
    """Every command and its file."""
    files = sorted(Path(__file__).parent.glob("[a-z]*.py"))
    # `try_.py`: the name of a command may be a word of Python.
    return {file.stem.rstrip("_").replace("_", "-"): file for file in files if file.stem != "main"}


def _run(command: str, words: list[str]) -> int:
    module: Any = importlib.import_module(f"engine.cli.{commands()[command].stem}")
    parser = argparse.ArgumentParser(
        prog=f"waybill {command}", description=module.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    site = Path(os.environ.get("WAYBILL_SITE", "."))
    parser.add_argument(
        "--site", metavar="DIR", type=Path, default=site, help="the folder with routes.yaml (default: .)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    module.arguments(parser)
    try:
        options = parser.parse_args(words)
    except SystemExit as end:  # argparse ends the process itself; a caller in a test would not like that
        return int(end.code or 0)
    return _guarded(module, options)


def _guarded(module: Any, options: argparse.Namespace) -> int:
    from engine.site.problems import Invalid

    try:
        return int(module.run(options) or 0)
    except Invalid as error:
        show_problems(error.problems, options.json)
        return FINDINGS
    except BrokenPipeError:  # `waybill ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FINDINGS
    except KeyboardInterrupt:
        return 130


def show_problems(problems: Sequence[Any], as_json: bool) -> None:
    """Print the problems of a site: one line each, or JSON."""
    if as_json:
        rows = [{**_place(p.place), "code": p.code, "text": p.text, "advice": p.advice} for p in problems]
        sys.stdout.write(json.dumps({"good": not rows, "problems": rows}, ensure_ascii=False, indent=2) + "\n")
        return
    for problem in problems:
        sys.stdout.write(problem.line() + "\n")


def _place(place: Any) -> dict[str, Any]:
    return {"file": place.file, "line": place.line, "column": place.column}


def _overview() -> str:
    lines = [_USE, ""]
    for name, file in commands().items():
        lines.append(f"  {name:<14}{_summary(file)}")
    return "\n".join([*lines, "", "`waybill COMMAND --help` says more.", ""])


def _summary(file: Path) -> str:
    """The first line of a command's docstring, read without importing it."""
    doc = ast.get_docstring(ast.parse(file.read_text("utf-8")))
    return (doc or "").partition("\n")[0]
