"""Show what one step makes of one message: of a stored one, or of a file. It sends nothing and changes nothing.

  waybill try exam_report.order --message order.xml
  waybill try exam_report.send_back --message 0198c0de-...           a run: with the values that it had
  waybill try exam_report.order --message order.xml --values patient=patient.json
Shows the step's value; what a call would send; what a check finds; whether `when` holds. A stored message is opened
for this, which is written to the audit.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engine.cli import _office
from engine.cli.main import FINDINGS, GOOD, USAGE
from engine.message import Failure, Refused
from engine.testing.trying import NO_STEP

ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which step, on what."""
    _office.state_argument(parser)
    parser.add_argument("step", metavar="ROUTE.STEP", help="for example exam_report.order")
    parser.add_argument("--message", metavar="ID|FILE", required=True, help="a run, a stored message, or a file")
    parser.add_argument(
        "--values", metavar="NAME=FILE", action="append", default=[], help="a value that steps before made"
    )
    parser.add_argument("--content-type", default="", help="of the file (default: by its name)")
    parser.add_argument("--part", type=int, default=1, metavar="N", help="of a file: which part of a split")


def run(options: argparse.Namespace) -> int:
    """0 when the step gives a result, 1 when it refuses or cannot be tried."""
    if "." not in options.step or any("=" not in word for word in options.values) or options.part < 1:
        sys.stderr.write("waybill try: write ROUTE.STEP --message ID|FILE [--values NAME=FILE]\n")
        return USAGE
    try:
        tried = _tried(options)
    except Failure as error:
        sys.stderr.write(f"waybill try: {error.code} {error.reason}\n")
        return FINDINGS
    if options.json:
        sys.stdout.write(json.dumps(asdict(tried), ensure_ascii=False, indent=2) + "\n")
    else:
        sys.stdout.write(text(tried))
    return FINDINGS if tried.error else GOOD


def _tried(options: argparse.Namespace) -> Any:
    from engine.cli.test import in_reactor
    from engine.registry import Registry
    from engine.site.load import load_site
    from engine.testing import trying
    from engine.transform.pool import Pool

    registry = Registry()
    site = load_site(options.site, registry)
    name, _, step_id = options.step.partition(".")
    route = site.routes.get(name)
    step = next((one for one in route.steps if one.id == step_id), None) if route is not None else None
    if route is None or step is None:
        known = ", ".join(one.id for one in route.steps) if route is not None else ", ".join(site.routes)
        raise Refused(NO_STEP, f"there is no {'step' if route is not None else 'route'} of this name; known: {known}")
    with tempfile.TemporaryDirectory(prefix="waybill-try-") as folder:
        blobs = trying.TwoBlobs(Path(folder), _office.state_of(options) / "blobs")
        subject = _subject(options, route, step, blobs)

        async def work(reactor: Any) -> Any:
            pool = Pool(reactor, size=1, idle=0.0)
            pool.start()
            try:
                return await trying.attempt(trying.Bench(reactor, site, registry, pool, blobs), route, step, subject)
            finally:
                await pool.stop()

        return in_reactor(work)


def _subject(options: argparse.Namespace, route: Any, step: Any, blobs: Any) -> Any:
    from engine.testing.mocks import content_type_of, value_of
    from engine.testing.trying import Subject

    given = {}
    for word in options.values:
        name, _, file = word.partition("=")
        given[name] = value_of(_file(Path(file)), lambda path: blobs.put_file(path, content_type_of(path), path.name))
    if not ID.fullmatch(options.message):
        file = _file(Path(options.message))
        kind = options.content_type or content_type_of(file)
        return Subject(given, (file.read_bytes(), kind), None, options.part)
    return _stored(options, route, step, blobs, given)


def _stored(options: argparse.Namespace, route: Any, step: Any, blobs: Any, given: dict[str, Any]) -> Any:
    """A run with its values, or a message that no run came from. Written down before anything is shown."""
    from engine.testing import stored

    state = _office.state_of(options)
    found = _office.read(state, lambda conn: stored.find(conn, options.message, route, step))
    act, subject = ("run.open", "") if found.seq is not None else ("message.open", options.message)
    about = {"patient": found.patient, "run": found.seq, "subject": subject}
    _office.write(state, "show.looked", by=_office.by_whom(), act=act, **about)
    return _office.read(state, lambda conn: stored.subject(conn, found, blobs, given))


def _file(path: Path) -> Path:
    if not path.is_file():
        raise Refused(NO_STEP, f"there is no file {path}, and it is no id")
    return path


def text(tried: Any) -> str:
    """For a terminal."""
    lines = [f"{tried.route}.{tried.step} ({tried.verb}, {tried.place})"]
    if tried.when is not None:
        lines.append(f"when: {'true' if tried.when else 'false, so the step is skipped'}")
    if tried.absent:
        lines.append(f"not here: {', '.join(tried.absent)} (give them by --values NAME=FILE, or try a stored run)")
    for title, shown in tried.shown:
        lines.append(f"{title}:" if "\n" in shown else f"{title}: {shown}".rstrip(": "))
        lines += [f"    {line}" for line in shown.splitlines()] if "\n" in shown else []
    lines += [f"refused: {tried.error}"] if tried.error else []
    lines.append(f"{tried.seconds * 1000:.0f} ms")
    return "\n".join(lines) + "\n"
