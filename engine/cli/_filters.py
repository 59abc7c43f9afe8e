"""The options that narrow a search, shared by `find` and by the acts over many runs."""

from __future__ import annotations

import argparse
import re
from datetime import datetime
from typing import Any

from engine.message import Refused
from engine.ops.filters import BAD_FILTER, Filter, read_filter
from engine.store.clock import now_ms

UNITS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
LISTS = ("state", "route", "step", "connection", "operation", "outcome")


def filter_arguments(parser: argparse.ArgumentParser) -> None:
    """Several different options: all must hold. The same one again: one of them."""
    group = parser.add_argument_group("narrow")
    group.add_argument(
        "--label",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="order_id=175, or order_id=17* (its beginning)",
    )
    group.add_argument("--since", metavar="TIME", help="2026-11-01, 2026-11-01T08:30, or an age: 2h, 7d")
    group.add_argument("--until", metavar="TIME", help="as --since; not included")
    for name in LISTS:
        option = "--in-state" if name == "state" else f"--{name}"  # --state is the folder
        group.add_argument(option, dest=f"in_{name}", metavar=name.upper(), action="append", default=[])
    group.add_argument("--code", metavar="WB-NNNN", help="of the run, or of a refused message")
    group.add_argument("--text", metavar="TEXT", help="in the reason of an error")


def filter_of(options: argparse.Namespace) -> Filter:
    """The filter of these options; `Refused` with what is wrong."""
    labels: dict[str, str] = {}
    for given in options.label:
        name, found, value = given.partition("=")
        if not found:
            raise Refused(BAD_FILTER, "write --label NAME=VALUE")
        labels[name] = value
    read: dict[str, Any] = {name: getattr(options, f"in_{name}") for name in LISTS}
    times = {name: time_of(getattr(options, name)) for name in ("since", "until") if getattr(options, name)}
    return read_filter({**read, **times, "labels": labels, "code": options.code, "text": options.text})


def is_narrowed(wanted: Filter) -> bool:
    """Whether anything was given."""
    return wanted != Filter()


def age_of(text: str) -> int:
    """`90d` in milliseconds."""
    match = re.fullmatch(r"(\d{1,6})([smhd])", text)
    if match is None:
        raise Refused(BAD_FILTER, f"`{text[:40]}` is no age: write 30m, 2h or 90d")
    return int(match[1]) * UNITS[match[2]]


def time_of(text: str) -> int:
    """UTC milliseconds of a date, a time or an age; the computer's own zone where none is written."""
    if re.fullmatch(r"\d{1,6}[smhd]", text):
        return max(0, now_ms() - age_of(text))
    try:
        return int(datetime.fromisoformat(text).astimezone().timestamp() * 1000)
    except (ValueError, OverflowError):
        raise Refused(BAD_FILTER, f"`{text[:40]}` is no time: write 2026-11-01, 2026-11-01T08:30 or 2h") from None
