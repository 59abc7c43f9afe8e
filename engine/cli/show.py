"""Print a waybill: by the id of a run or message, or by a label.

  waybill show 0198c0de-...            a run, or a message and its runs
  waybill show --label order_id=175    every run with this label, newest first
Patients' values are masked; --open shows them, and labels in full. Every look is written to the audit.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from engine.cli import _office
from engine.cli.main import FINDINGS, GOOD, USAGE
from engine.message import Failure
from engine.ops import read, read_values, read_waybill
from engine.ops.read_waybill import Waybill
from engine.site.model import Route

NOT_FOUND = "WB-7412"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What is asked for."""
    _office.state_argument(parser)
    parser.add_argument("id", nargs="?", help="of a run or of a message")
    parser.add_argument("--label", metavar="NAME=VALUE", help="for example order_id=175")
    parser.add_argument("--open", action="store_true", help="show patients' labels and the values of the steps")


def run(options: argparse.Namespace) -> int:
    """0 when something was found, else 1."""
    if (options.id is None) == (options.label is None) or (options.label and "=" not in options.label):
        sys.stderr.write("waybill show: give an id, or --label NAME=VALUE\n")
        return USAGE
    state = _office.state_of(options)
    try:
        found = _office.read(state, lambda conn: _find(conn, options, routes_of(options.site)))
        if not found:
            raise Failure(NOT_FOUND, "there is no such run or message")
        _write_looks(state, found, opened=options.open)
        values = _office.read(state, lambda conn: _values(conn, state, found)) if options.open else {}
    except Failure as error:
        sys.stderr.write(f"waybill show: {error.code} {error.reason}\n")
        return FINDINGS
    if options.json:
        rows = [{**asdict(one), "values": values.get(one.id, {})} for one in found]
        sys.stdout.write(json.dumps(rows, ensure_ascii=False, indent=2) + "\n")
    else:
        sys.stdout.write("\n".join(text(one, values.get(one.id, {})) for one in found))
    return GOOD


def routes_of(site: Path) -> dict[str, Route]:
    """The site's routes, for the names of steps that are still ahead; nothing when the site cannot be read."""
    from engine.registry import Registry
    from engine.site.load import load_site
    from engine.site.problems import Invalid

    try:
        return load_site(site, Registry()).routes
    except (Invalid, OSError):
        return {}


def _find(conn: Connection, options: argparse.Namespace, routes: dict[str, Route]) -> list[Waybill]:
    if options.label is not None:
        name, _, value = options.label.partition("=")
        ids = read.runs_by_label(conn, name, value)
    elif read.run_by_id(conn, options.id) is not None:
        ids = [options.id]
    else:
        ids = read.runs_of_message(conn, options.id)
    found = [_waybill(conn, run_id, routes, options.open) for run_id in ids]
    if not found and options.id is not None:
        found = [read_waybill.message_waybill(conn, options.id)]
    return [one for one in found if one is not None]


def _waybill(conn: Connection, run_id: str, routes: dict[str, Route], opened: bool) -> Waybill | None:
    row = read.run_by_id(conn, run_id)
    route = routes.get(row.route) if row is not None else None
    steps = route.steps if route is not None and row is not None and route.revision == row.revision else ()
    return read_waybill.run_waybill(conn, run_id, steps, names=opened)


def _write_looks(state: Path, found: Sequence[Waybill], *, opened: bool) -> None:
    """Before anything is printed."""
    for one in found:
        act = ("run" if one.seq is not None else "message") + (".open" if opened else ".read")
        subject = "" if one.seq is not None else one.id
        about = {"patient": one.patient, "run": one.seq, "subject": subject}
        _office.write(state, "show.looked", by=_office.by_whom(), act=act, **about)


def _values(conn: Connection, state: Path, found: Sequence[Waybill]) -> dict[str, dict[str, Any]]:
    from engine.store.blobs import Blobs

    blobs = Blobs(state / "blobs")
    opened: dict[str, dict[str, Any]] = {}
    for one in found:
        row = read.run_by_id(conn, one.id)
        names = [step.value for step in one.steps if step.value] if row is not None else []
        for name in ["body", *(name for name in names if name != "body")]:
            content = read_values.find_value(conn, row, name) if row else read_values.find_body(conn, one.id)
            if content is not None:
                opened.setdefault(one.id, {})[name] = asdict(read_values.open_content(content, blobs))
    return opened


def text(one: Waybill, values: dict[str, Any]) -> str:
    """The waybill for a terminal."""
    lines = [f"{one.id}  {one.route or ''} {one.status or ''}".rstrip(), f"  {one.line.text}"]
    lines.append(f"  since {_time(one.line.since)}" + (f", next {_time(one.line.next_at)}" if one.line.next_at else ""))
    lines += [f"  you may: {', '.join(one.line.may)}"] if one.line.may else []
    if one.message is not None:
        lines.append(f"  message {one.message.id} {one.message.connection} {one.message.operation}")
    lines += [f"  parent {one.parent.id} {one.parent.state}"] if one.parent else []
    lines += [f"  resent from {one.origin.id} {one.origin.state}"] if one.origin else []
    lines += [f"  part {child.id} {child.state} {child.status or ''}".rstrip() for child in one.children]
    lines += [f"  {label.name} = {label.value}" for label in one.labels]
    lines += [_step(step) for step in one.steps]
    for effect in one.effects:
        why = f" {effect.code} {effect.reason}".rstrip()
        lines.append(
            f"  effect {effect.step}: {effect.connection} {effect.operation} {effect.state} x{effect.attempts}{why}"
        )
    lines += [f"  {_time(event.at)} {event.kind} {event.step} {event.text}".rstrip() for event in one.events]
    lines += [f"  ATTENTION {entry.kind}: {entry.code} {entry.reason}".rstrip() for entry in one.attention]
    for name, opened in values.items():
        shown = (
            f"{opened['size']} bytes, {opened['content_type']}" if opened["text"] is None else lines_of(opened["text"])
        )
        lines.append(f"  --- {name} ({opened['kind']})\n{shown}")
    return "\n".join(lines) + "\n"


def _step(step: Any) -> str:
    marks = {"done": "x", "current": ">", "failed": "!", "skipped": "-", "ahead": " "}
    tries = f"  {step.attempts} attempts" if step.attempts > 1 else ""
    return f"  [{marks[step.state]}] {step.id} {step.verb}{tries}".rstrip()


def _time(at: int | None) -> str:
    return "" if at is None else datetime.fromtimestamp(at / 1000).astimezone().isoformat(sep=" ", timespec="seconds")


def lines_of(value: str) -> str:
    """A value for a terminal: the segments of HL7 end in a carriage return, which would write each over the last."""
    return value.replace("\r\n", "\n").replace("\r", "\n")
