"""Build the index of the pages' text anew: after a restore, or when a version cuts words differently.

  waybill reindex     also beside a running daemon, which builds it in the background

The old index answers until the new one is complete.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from sqlalchemy import Connection

from engine.cli import _office
from engine.cli._progress import Progress
from engine.cli.main import FINDINGS, GOOD
from engine.message import Failure, Refused
from engine.ops.reindex import NEW
from engine.ops.users import BY_COMMAND

ENDED = "WB-8404"
LOOK = 0.5
"""Seconds between two looks at what the daemon has done."""
PIECE, BUDGET = 2000, 0.5
"""Pages and seconds of one write where nobody else waits."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Where."""
    _office.state_argument(parser)


def run(options: argparse.Namespace) -> int:
    """0 when the new index answers."""
    state = _office.state_of(options)
    began = time.monotonic()
    try:
        pages = _rebuilt(state)
    except Failure as error:
        sys.stderr.write(f"waybill reindex: {error.code} {error.reason}\n")
        return FINDINGS
    seconds = time.monotonic() - began
    said = f"{pages:,} pages are indexed ({seconds:.1f} s)\n"
    sys.stdout.write(json.dumps({"pages": pages, "seconds": round(seconds, 1)}) + "\n" if options.json else said)
    return GOOD


def _rebuilt(state: Path) -> int:
    total = _office.read(state, _pages)
    with _office.hand(state) as write, Progress("indexing pages") as bar:
        write("reindex.begin", user=_office.by_whom(), origin=BY_COMMAND)
        if write.store is not None:
            _build(write, total, bar)
            return total
        while (done := _office.read(state, _done)) is not None:
            bar(done, total)
            if not _office.runs(state):
                raise Refused(ENDED, "the daemon ended before the index was complete: it goes on at its next start")
            time.sleep(LOOK)
    return total


def _build(write: _office.Hand, total: int, bar: Progress) -> None:
    from records import texts

    reached: int | None = 0
    while reached is not None:
        reached = write.store.write_now(lambda conn: texts.build(conn, PIECE, BUDGET))
        bar(write.store.read_now(_done) or total, total)


def _pages(conn: Connection) -> int:
    return int(conn.exec_driver_sql("SELECT count(*) FROM page_text").scalar_one())


def _done(conn: Connection) -> int | None:
    """Pages in the new index; None when it is complete."""
    known = conn.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name = ?", (NEW,)).first()
    if known is None:
        return None
    return int(conn.exec_driver_sql(f"SELECT count(*) FROM {NEW}_docsize").scalar_one())  # noqa: S608 (our name)
