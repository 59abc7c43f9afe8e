"""Move runs to another revision of their route, or to another step. Shows first what would become of each.

Without `--to` to the revision that is at work, without `--step` to the step at which a run stands. A run that goes back
does again what comes after, as new effects. With `--yes` it is done.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from engine.cli import _office
from engine.cli._progress import Progress
from engine.cli.main import FINDINGS, GOOD, USAGE


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `waybill move`."""
    parser.add_argument("runs", nargs="*", metavar="RUN", help="ids of runs")
    parser.add_argument("--label", metavar="NAME=VALUE", default="", help="the unfinished runs with this label")
    parser.add_argument("--route", metavar="NAME", default="", help="the unfinished runs of this route")
    parser.add_argument("--on", metavar="REVISION", default="", help="only those on this revision")
    parser.add_argument(
        "--to", metavar="REVISION", default="", help="the revision to move to (default: the one at work)"
    )
    parser.add_argument("--step", metavar="ID", default="", help="the step to move to (default: the same)")
    parser.add_argument("--note", default="", help="why, for the history")
    parser.add_argument("--yes", action="store_true", help="do it")
    _office.state_argument(parser)


def run(options: argparse.Namespace) -> int:
    """0 when all can be moved or were, 1 when some cannot."""
    if not (options.runs or options.label or options.route):
        sys.stderr.write("waybill move: name runs, `--label NAME=VALUE` or `--route NAME`\n")
        return USAGE
    with Progress("move") as bar:
        moved = _office.desk_with_progress(
            _office.state_of(options), "move", bar, by=_office.by_whom(), runs=options.runs, label=options.label,
            route=options.route, on=options.on, to_revision=options.to, to_step=options.step, note=options.note,
            preview=not options.yes,
        )  # fmt: skip
    if options.json:
        sys.stdout.write(json.dumps({"done": options.yes, "runs": moved}, indent=2) + "\n")
    else:
        sys.stdout.write("".join(f"{line(one)}\n" for one in moved))
        sys.stdout.write(_sum(moved, options.yes))
    return FINDINGS if any(one["problem"] for one in moved) else GOOD


def line(one: dict[str, Any]) -> str:
    """One run: from where to where, or why not."""
    if one["problem"]:
        return f"stays   {one['run']} at {one['from_step']}: {one['problem']}"
    again = ", again from there" if one["again"] else ""
    return (
        f"{one['state']:<7} {one['run']} {one['from_step']} of {one['from_revision'][:12]} -> {one['to_step']} of "
        f"{one['to_revision'][:12]}{again}"
    )


def _sum(moved: list[dict[str, Any]], done: bool) -> str:
    count = sum(not one["problem"] for one in moved)
    if done:
        return f"{count} moved\n"
    return f"{count} would be moved; `--yes` does it\n" if count else "nothing to move\n"
