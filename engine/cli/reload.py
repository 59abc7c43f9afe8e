"""Put the edited text to work without a restart, all of it or nothing; or take a route back to a revision.

Connections that did not change keep their links. Runs that are under way stay on the revision that they entered
(`waybill move` moves them). With any fault the old configuration runs on, and the faults are printed.
"""

from __future__ import annotations

import argparse
import sys

from engine.cli import _office, plan
from engine.cli._progress import Progress
from engine.cli.main import GOOD


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `waybill reload`."""
    parser.add_argument("--route", metavar="NAME", help="deploy only this route")
    parser.add_argument("--to", metavar="REVISION", help="take the route back to this one (see `waybill revisions`)")
    _office.state_argument(parser)


def run(options: argparse.Namespace) -> int:
    """0 when it was deployed, else 1."""
    asked = {"by": _office.by_whom(), "route": options.route, "revision": options.to}
    with Progress("reload") as bar:
        made = _office.desk_with_progress(_office.state_of(options), "reload", bar, **asked)
    status = plan.show(made, options.json)
    if status == GOOD and not options.json:
        sys.stdout.write("deployed\n")
    return status
