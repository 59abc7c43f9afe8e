"""Make a file for tests out of a stored message: every identity is replaced by an invented one, everywhere.

  waybill fixture ID --out messages            the id of a message or of one of its runs
  waybill fixture ID --out route-tests --as-test    and a test of its route with what really happened; it is run once
The same text becomes the same invented one within a fixture; forms, lengths and check digits are kept; documents become
a small invented PDF. A result that still holds something of the person, or that the route would not take, is refused.
Opening the message is written to the audit. Read the free texts that it names before you give the file away.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from engine.cli import _office
from engine.cli.main import FINDINGS, GOOD
from engine.message import Failure, Refused

NOT_FOUND = "WB-7704"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which message, and where the files go."""
    _office.state_argument(parser)
    parser.add_argument("id", help="of a message, or of a run")
    parser.add_argument("--out", metavar="DIR", type=Path, default=Path(), help="where the files go (default: .)")
    parser.add_argument("--name", default="", help="of the files (default: the route's and a part of the id)")
    parser.add_argument("--as-test", action="store_true", help="also write a test of the route, and run it")


def run(options: argparse.Namespace) -> int:
    """0 when the fixture was written (and its test is good), else 1."""
    try:
        made = _make(options)
    except Failure as error:
        sys.stderr.write(f"waybill fixture: {error.code} {error.reason}\n")
        return FINDINGS
    if options.json:
        sys.stdout.write(json.dumps(made, ensure_ascii=False, indent=2) + "\n")
    else:
        sys.stdout.write(_text(made))
    return GOOD if made["test"] in ("", "good") else FINDINGS


def _make(options: argparse.Namespace) -> dict[str, Any]:
    from engine.registry import Registry
    from engine.rehearsal import making
    from engine.site.load import load_site

    state = _office.state_of(options)
    registry = Registry()
    site = load_site(options.site, registry)
    found = _office.read(state, lambda conn: making.find(conn, options.id))
    if found is None:
        raise Refused(NOT_FOUND, "there is no message and no run with this id")
    patients = _office.read(state, lambda conn: making.patients(conn, found))
    about = {"patient": patients, "subject": found.id}
    _office.write(state, "show.looked", by=_office.by_whom(), act="fixture.open", **about)
    stored, labels = _office.read(state, lambda conn: making.load(conn, found.seq, state))
    made = making.make(site, stored, labels, name=options.name, as_test=options.as_test)
    options.out.mkdir(parents=True, exist_ok=True)
    for name, data in made.files.items():
        (options.out / name).write_bytes(data)
    test = _tested(options, site, registry, made.test) if made.test else ""
    return {
        "files": [str(options.out / name) for name in made.files], "replaced": made.replaced,
        "documents": made.documents, "read": made.free, "unsaid": made.unsaid, "test": test,
    }  # fmt: skip


def _tested(options: argparse.Namespace, site: Any, registry: Any, name: str) -> str:
    """`good`, or what is not as expected."""
    from engine.cli.test import in_reactor
    from engine.testing import reading, report, runner

    cases = reading.load_cases(site, registry, [options.out / name])
    results = in_reactor(lambda reactor: runner.run_cases(reactor, site, registry, cases))
    if all(result.good for result in results):
        return "good"
    return "\n".join(report.text_of(result) for result in results)


def _text(made: dict[str, Any]) -> str:
    lines = [*made["files"]]
    lines.append(f"{made['replaced']} texts of persons replaced, {made['documents']} documents")
    lines += ["read before you give it away:", *(f"  {path}" for path in made["read"])] if made["read"] else []
    lines += [f"the test does not say: {text}" for text in made["unsaid"]]
    if made["test"] == "good":
        lines.append("the test is good")
    elif made["test"]:
        lines += ["the test was written, but it is not good yet:", made["test"]]
    return "\n".join(lines) + "\n"
