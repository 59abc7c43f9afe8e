"""Find runs and messages: by label, time, state, route, connection, code or the text of an error; newest first.

  waybill find --label order_id=175            exactly; `order_id=17*` by its beginning
  waybill find --in-state dead --route exam_report --since 7d
  waybill find --messages --outcome invalid    what arrived, also what was refused
  waybill find --in-state dead --count
Patients' values are masked, and are searched for only with --open. Every search is written to the audit.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import Any

from engine.cli import _filters, _office
from engine.cli._progress import Progress
from engine.cli.main import FINDINGS, GOOD, USAGE
from engine.message import Failure
from engine.ops import search
from engine.ops.filters import BAD_FILTER, Filter

PAGE = 200


def arguments(parser: argparse.ArgumentParser) -> None:
    """What is asked for, and how much of it is shown."""
    _office.state_argument(parser)
    _filters.filter_arguments(parser)
    parser.add_argument("--messages", action="store_true", help="messages instead of runs")
    parser.add_argument("--limit", type=int, default=50, metavar="N", help="at most so many (default 50)")
    parser.add_argument("--after", metavar="KEY", help="go on where the last answer ended: its `next`")
    parser.add_argument("--count", action="store_true", help="only how many")
    parser.add_argument("--open", action="store_true", help="show patients' labels, and search by them")


def run(options: argparse.Namespace) -> int:
    """0 when something was found, else 1."""
    try:
        return _find(options)
    except Failure as error:
        sys.stderr.write(f"waybill find: {error.code} {error.reason}\n")
        return USAGE if error.code == BAD_FILTER else FINDINGS


def _find(options: argparse.Namespace) -> int:
    wanted, state = _filters.filter_of(options), _office.state_of(options)
    _office.read(state, lambda conn: None)  # no store: said before anything is written
    act = "find.open" if options.open else "find.read"
    _office.write(state, "show.looked", by=_office.by_whom(), act=act, subject=wanted.words())
    if options.count:
        return _count(options, wanted)
    items, onward = _items(options, wanted, max(1, options.limit))
    if options.json:
        found = {"items": [asdict(item) for item in items], "next": onward}
        sys.stdout.write(json.dumps(found, ensure_ascii=False, indent=2) + "\n")
    else:
        sys.stdout.write("".join(message_line(item) if options.messages else run_line(item) for item in items))
        if onward is not None:
            sys.stderr.write(f"more: --after {onward}\n")
    return GOOD if items else FINDINGS


def _pages(options: argparse.Namespace, wanted: Filter, limit: int) -> Iterator[search.Found[Any]]:
    ask: Any = search.messages if options.messages else search.runs
    state, onward, first = _office.state_of(options), options.after, True
    while first or onward is not None:
        query = partial(ask, wanted=wanted, after=onward, limit=min(limit, PAGE), names=options.open)
        page, first = _office.read(state, query), False
        yield page
        onward = page.next


def _items(options: argparse.Namespace, wanted: Filter, limit: int) -> tuple[list[Any], str | None]:
    items: list[Any] = []
    with Progress("found") as bar:
        for page in _pages(options, wanted, limit):
            room = limit - len(items)
            if len(page.items) > room:
                return items + page.items[:room], search.token(page.items[room - 1].seq)
            items += page.items
            bar(len(items))
            if len(items) == limit:
                return items, page.next
    return items, None


def _count(options: argparse.Namespace, wanted: Filter) -> int:
    total = 0
    with Progress("counted") as bar:
        for page in _pages(options, wanted, PAGE):
            total += len(page.items)
            bar(total)
    sys.stdout.write(json.dumps({"count": total}) + "\n" if options.json else f"{total}\n")
    return GOOD if total else FINDINGS


def run_line(hit: search.RunHit) -> str:
    """One run in a line: id, when, where, what it waits for or why, and its labels."""
    why = " ".join(part for part in (hit.code, hit.reason or hit.waits_for) if part)
    labels = " ".join(f"{label.name}={label.value}" for label in hit.labels)
    place = f"{hit.route}/{hit.step}" if hit.step else hit.route
    return "  ".join(part for part in (hit.id, _time(hit.created_at), hit.state, place, why, labels) if part) + "\n"


def message_line(hit: search.MessageHit) -> str:
    """One message in a line."""
    why = " ".join(part for part in (hit.code, hit.reason) if part)
    place = f"{hit.connection}/{hit.operation}"
    made = f"{len(hit.runs)} runs" if hit.runs else ""
    return "  ".join(part for part in (hit.id, _time(hit.received_at), hit.outcome, place, made, why) if part) + "\n"


def _time(at: int) -> str:
    return datetime.fromtimestamp(at / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S")
