"""Run stored messages through another configuration and show what would be different. Nothing goes out.

  waybill rehearse                             the text of the site as it is now
  waybill rehearse --with ../site-new --route exam_report --since 30d
  waybill rehearse --limit 500 --html rehearsal.html
Every connection is answered with what was really answered; the other side is the same message on the revision that
its run was on. Runs beside the daemon. Patients' values are masked; --open shows them. It is written to the audit.
"""

from __future__ import annotations

import argparse
import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

from engine.cli import _filters, _office
from engine.cli._progress import Progress
from engine.cli.main import FINDINGS, GOOD, USAGE
from engine.message import Failure, Refused
from engine.ops.filters import BAD_FILTER


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which configuration, on which messages."""
    _office.state_argument(parser)
    parser.add_argument("--with", dest="folder", metavar="FOLDER", type=Path, help="the new site (default: --site)")
    parser.add_argument("--route", default="", help="only this route")
    parser.add_argument("--since", metavar="TIME", help="2026-11-01, 2026-11-01T08:30, or an age: 2h, 7d")
    parser.add_argument("--label", metavar="NAME=VALUE", action="append", default=[], help="for example order_id=175")
    parser.add_argument("--limit", type=int, metavar="N", help="the newest so many (default: all)")
    parser.add_argument("--open", action="store_true", help="show patients' values, and search by patients' labels")
    parser.add_argument("--html", metavar="FILE", type=Path, help="write the differences as a page, too")


def run(options: argparse.Namespace) -> int:
    """0 when nothing is different, 1 when something is, or when it cannot be told."""
    try:
        return _rehearse(options)
    except Failure as error:
        sys.stderr.write(f"waybill rehearse: {error.code} {error.reason}\n")
        return USAGE if error.code == BAD_FILTER else FINDINGS


def _rehearse(options: argparse.Namespace) -> int:
    from engine.cli.test import in_reactor
    from engine.rehearsal import report
    from engine.rehearsal.rehearse import rehearse

    state = _office.state_of(options)
    plan = _plan(options, state)
    act = "rehearse.open" if options.open else "rehearse.read"
    _office.write(state, "show.looked", by=_office.by_whom(), act=act, subject=_words(options))
    with Progress("rehearsing") as bar:
        result = in_reactor(lambda reactor: rehearse(reactor, plan, bar))
    if options.open:
        _opened(state, plan, result.shown_ids())
    if options.html is not None:
        options.html.write_text(report.html(result, opened=options.open), "utf-8")
        options.html.chmod(0o600)
    if options.json:
        shown = result.as_json(opened=options.open)
        sys.stdout.write(json.dumps(shown, ensure_ascii=False, indent=2) + "\n")
    else:
        sys.stdout.write(report.text(result, opened=options.open))
    return FINDINGS if result.groups or result.not_compared else GOOD


def _plan(options: argparse.Namespace, state: Path) -> Any:
    from engine.desk import candidate
    from engine.registry import Registry
    from engine.rehearsal.rehearse import Plan
    from engine.site.problems import Invalid

    selection = _selection(options)
    registry = Registry()
    site, problems = candidate.read((options.folder or options.site).resolve(), registry)
    if site is None:
        raise Invalid(problems)
    _office.read(state, lambda conn: None)  # no store: said before anything is written
    return Plan(site, registry, state, selection, partial(_office.read, state))


def _selection(options: argparse.Namespace) -> Any:
    from engine.rehearsal.record import Selection

    labels = {}
    for given in options.label:
        name, found, value = given.partition("=")
        if not found:
            raise Refused(BAD_FILTER, "write --label NAME=VALUE")
        labels[name] = value
    if options.limit is not None and options.limit < 1:
        raise Refused(BAD_FILTER, "--limit is a number from 1")
    since = _filters.time_of(options.since) if options.since else 0
    return Selection(options.route, since, options.limit, labels, options.open)


def _words(options: argparse.Namespace) -> str:
    """What was asked, for the audit; values of labels are no matter of it."""
    parts = [f"route {options.route}" if options.route else "", f"since {options.since}" if options.since else ""]
    parts += [f"limit {options.limit}" if options.limit else ""]
    parts += [f"label {given.partition('=')[0]}" for given in options.label]
    return ", ".join(part for part in parts if part) or "all messages"


def _opened(state: Path, plan: Any, ids: list[str]) -> None:
    """Each message of which values are shown, before they are."""
    from engine.rehearsal import record

    patients = _office.read(state, lambda conn: record.patients(conn, ids))
    with _office.hand(state) as write:
        for message_id in ids:
            about = {"patient": patients.get(message_id), "subject": message_id}
            write("show.looked", by=_office.by_whom(), act="message.open", **about)
