"""Show what a reload would change: routes and connections, added, changed, removed, and why.

Asks the running daemon, which reads and checks the text with the code of `waybill lint`. Changes nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.cli import _office
from engine.cli._progress import Progress
from engine.cli.main import FINDINGS, GOOD


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `waybill plan`."""
    parser.add_argument("--folder", metavar="DIR", type=Path, help="another folder than the daemon's own")
    _office.state_argument(parser)


def run(options: argparse.Namespace) -> int:
    """0 when it could be deployed, else 1."""
    folder = str(options.folder.resolve()) if options.folder else None
    with Progress("plan") as bar:
        made = _office.desk_with_progress(_office.state_of(options), "plan", bar, folder=folder)
    return show(made, options.json)


def show(plan: Mapping[str, Any], as_json: bool) -> int:
    """Print a plan, as the desk answers it; the exit status."""
    if as_json:
        sys.stdout.write(json.dumps(plan, ensure_ascii=False, indent=2) + "\n")
    else:
        sys.stdout.write("".join(f"{line}\n" for line in lines(plan)))
    return FINDINGS if plan["problems"] else GOOD


def lines(plan: Mapping[str, Any]) -> list[str]:
    """For a person: what changes, then what is against it."""
    signs = {"added": "+", "changed": "~", "removed": "-"}
    told = [
        f"{sign} {kind} {name}: {why}"
        for kind, part in (("connection", plan["connections"]), ("route", plan["routes"]))
        for change, sign in signs.items()
        for name, why in part[change].items()
    ]
    told += [f"~ {note}" for note in plan["notes"]]
    for problem in plan["problems"]:
        advice = f"; {problem['advice']}" if problem["advice"] else ""
        told.append(f"{problem['place']}: {problem['code']} {problem['text']}{advice}")
    if plan["problems"]:
        told.append("nothing was changed")
    return told or ["nothing to change"]
