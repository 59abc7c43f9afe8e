"""Watch what passes, live: accepted, each step, each effect, waits, ends and errors. Nothing is configured for it.

  waybill tap
  waybill tap --route exam_report --label order_id=175*
  waybill tap --connection his_out --json
It reads beside the daemon and goes on over its restarts; Ctrl-C ends it. Patients' labels are masked;
--open shows them, which is written to the audit.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from functools import partial

from sqlalchemy.exc import DBAPIError

from engine.cli import _office
from engine.cli.main import FINDINGS, GOOD, USAGE
from engine.message import Failure
from engine.ops import follow
from engine.ops.filters import BAD_FILTER, read_filter

PAUSE = 0.25
"""Seconds between two looks while nothing comes."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What is told."""
    _office.state_argument(parser)
    parser.add_argument("--connection", action="append", default=[], metavar="C", help="in by it, or an effect on it")
    parser.add_argument("--route", action="append", default=[], metavar="R")
    parser.add_argument("--label", action="append", default=[], metavar="NAME=VALUE", help="or NAME=BEGINNING*")
    parser.add_argument("--open", action="store_true", help="show patients' labels")
    parser.add_argument("--for", dest="seconds", type=float, metavar="SECONDS", help="end after so long")


def run(options: argparse.Namespace) -> int:
    """Until Ctrl-C."""
    try:
        labels = dict(label.split("=", 1) for label in options.label if "=" in label)
        if len(labels) != len(options.label):
            sys.stderr.write("waybill tap: write --label NAME=VALUE\n")
            return USAGE
        only = follow.Only(tuple(options.connection), tuple(options.route), read_filter({"labels": labels}).labels)
        state = _office.state_of(options)
        if options.open:
            _office.write(state, "show.looked", by=_office.by_whom(), act="tap.open")
        for line in _follow(options, only):
            sys.stdout.write(json.dumps(asdict(line), ensure_ascii=False) + "\n" if options.json else text(line))
            sys.stdout.flush()
    except Failure as error:
        sys.stderr.write(f"waybill tap: {error.code} {error.reason}\n")
        return USAGE if error.code == BAD_FILTER else FINDINGS
    except KeyboardInterrupt:
        pass
    return GOOD


def _follow(options: argparse.Namespace, only: follow.Only) -> Iterator[follow.Line]:
    state = _office.state_of(options)
    place = _office.read(state, follow.newest)
    end = None if options.seconds is None else time.monotonic() + options.seconds
    while end is None or time.monotonic() < end:
        try:
            told, onward = _office.read(state, partial(follow.lines, place=place, only=only, names=options.open))
        except (DBAPIError, Failure):  # the daemon is just migrating, or the store is being put in place
            time.sleep(PAUSE)
            continue
        yield from told
        if onward == place:
            time.sleep(PAUSE)
        place = onward


def text(line: follow.Line) -> str:
    """A line for a terminal."""
    at = datetime.fromtimestamp(line.at / 1000).astimezone().strftime("%H:%M:%S.%f")[:-3]
    place = "/".join(part for part in (line.route, line.step) if part)
    labels = " ".join(f"{name}={value}" for name, value in line.labels.items())
    why = " ".join(part for part in (line.code, line.text) if part)
    parts = (at, f"{line.what:<9}", line.run or line.message, place, line.connection, why, labels)
    return "  ".join(part for part in parts if part) + "\n"
