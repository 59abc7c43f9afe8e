"""List what was deployed of a route: revision, when, by whom, and how many runs are still on it.

`waybill reload --to REVISION` goes back to one.
"""

from __future__ import annotations

import argparse
import json
import sys
from datetime import datetime
from typing import Any

from engine.cli import _office
from engine.cli.main import GOOD
from engine.ops import read_routes
from engine.runtime.control import ask


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `waybill revisions`."""
    parser.add_argument("route", nargs="?", default="", help="only of this route")
    _office.state_argument(parser)


def run(options: argparse.Namespace) -> int:
    """0."""
    rows = listed(options)
    if options.json:
        sys.stdout.write(json.dumps(rows, indent=2) + "\n")
        return GOOD
    for row in rows:
        at = datetime.fromtimestamp(row["deployed_at"] / 1000).astimezone().isoformat(" ", "seconds")
        mark = "*" if row["current"] else " "
        by = row["by"] or "start"
        sys.stdout.write(f"{mark} {row['route']:<20} {row['revision'][:12]}  {at}  {by:<12} {row['open']} open\n")
    return GOOD


def listed(options: argparse.Namespace) -> list[dict[str, Any]]:
    """From the daemon; from the store when none runs (then nothing is at work)."""
    state = _office.state_of(options)
    try:
        rows: list[dict[str, Any]] = ask(state, "desk.revisions", {"route": options.route})
    except ConnectionError:
        return _office.read(state, lambda conn: _stored(conn, options.route))
    return rows


def _stored(conn: Any, route: str) -> list[dict[str, Any]]:
    names = [route] if route else sorted({name for name, _ in read_routes.deployments(conn)})
    return [
        {"route": name, "revision": row.revision, "deployed_at": row.deployed_at, "by": row.by, "open": row.open,
         "current": False}
        for name in names for row in read_routes.revisions(conn, name)
    ]  # fmt: skip
