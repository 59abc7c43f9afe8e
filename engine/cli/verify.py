"""Check that the store fits together: the file, references, every blob, the states of runs, the ledger of effects.

  waybill verify              also beside a running daemon
  waybill verify --no-blobs   without reading the blobs
Exit status 1 when something is wrong. What to do about a code stands in docs/codes.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path

from engine.cli import _office
from engine.cli._progress import Progress
from engine.cli.main import FINDINGS, GOOD
from engine.cli.prune import named
from engine.message import Failure
from engine.store import verify


def arguments(parser: argparse.ArgumentParser) -> None:
    """How much."""
    _office.state_argument(parser)
    parser.add_argument("--no-blobs", action="store_true", help="leave the blobs unread")


def run(options: argparse.Namespace) -> int:
    """0 when all is good."""
    state = _office.state_of(options)
    try:
        found = list(_findings(state, not options.no_blobs))
    except Failure as error:
        sys.stderr.write(f"waybill verify: {error.code} {error.reason}\n")
        return FINDINGS
    bad = [one for one in found if not one.note]
    if options.json:
        sys.stdout.write(json.dumps({"good": not bad, "found": [asdict(one) for one in found]}, indent=2) + "\n")
    else:
        sys.stdout.write("".join(_line(one) for one in found) or "all is good\n")
    return FINDINGS if bad else GOOD


def _findings(state: Path, with_blobs: bool) -> Iterator[verify.Found]:
    with Progress("reading the database") as bar:
        yield from _office.read(state, lambda conn: list(verify.damage(conn)))
        for count, check in enumerate(verify.CHECKS):
            bar(count, len(verify.CHECKS))
            found = _office.read(state, partial(verify.ask, check=check))
            if found is not None:
                yield found
    if with_blobs:
        names, _ = named(state)
        with Progress("reading blobs") as bar:
            yield from verify.blobs(state, names, bar)


def _line(one: verify.Found) -> str:
    mark = "note" if one.note else "BAD"
    return f"{mark} {one.code} {one.count:,} {one.what}: {', '.join(one.examples)}\n"
