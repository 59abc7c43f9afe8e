"""Run the tests of routes: YAML beside the routes, on the real engine with a virtual clock and mocked peers.

  waybill test                        every file of `route-tests/` in the site
  waybill test FILE -k "peer down"    the tests of a file whose name holds these words
  waybill test --kill each            each test also once for each point at which the engine may end
Reaches nobody and touches no state: each test has its own store in a temporary folder. docs/testing.md says more.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from engine.cli.main import FINDINGS, GOOD, USAGE


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which tests, and how."""
    parser.add_argument("files", metavar="FILE", nargs="*", type=Path, help="test files (default: route-tests/*.yaml)")
    parser.add_argument("-k", dest="word", default="", metavar="NAME", help="only tests whose name or file holds this")
    parser.add_argument("--kill", choices=("each", "every"), help="end the engine at each point, or at every passing")
    parser.add_argument("--junit", metavar="FILE", type=Path, help="write JUnit XML for a build server")


def run(options: argparse.Namespace) -> int:
    """0 when all are good, 1 when one is not, 2 when there is none."""
    from engine.registry import Registry
    from engine.site.load import load_site
    from engine.testing import reading, report, runner

    registry = Registry()
    site = load_site(options.site, registry)
    cases = runner.chosen(reading.load_cases(site, registry, reading.files_of(options.site, options.files)),
                          options.word)  # fmt: skip
    if not cases:
        sys.stderr.write(f"waybill test: there is no such test in {options.files or reading.FOLDER}\n")
        return USAGE
    began = time.monotonic()

    def told(result: Any) -> None:
        if not options.json:
            sys.stdout.write(report.text_of(result) + "\n")
            sys.stdout.flush()

    results = in_reactor(lambda reactor: runner.run_cases(reactor, site, registry, cases, options.kill, told))
    if options.junit is not None:
        options.junit.write_bytes(report.junit(results))
    if options.json:
        sys.stdout.write(json.dumps(report.as_json(results), ensure_ascii=False, indent=2) + "\n")
    else:
        sys.stdout.write(report.summary(results, runner.seconds_since(began)) + "\n")
    return GOOD if all(result.good for result in results) else FINDINGS


def in_reactor(work: Any) -> Any:
    """Run a reactor for this, and end it."""
    from twisted.internet import task
    from twisted.internet.defer import Deferred
    from twisted.logger import globalLogBeginner

    from engine.runtime.reactor import install

    globalLogBeginner.beginLoggingTo([], redirectStandardIO=False, discardBuffer=True)
    found: list[Any] = []

    async def main(reactor: Any) -> None:
        try:
            found.append(await work(reactor))
        except Exception as error:  # noqa: BLE001 - raised again outside the reactor
            found.append(error)

    try:
        task.react(lambda reactor: Deferred.fromCoroutine(main(reactor)), _reactor=install())
    except SystemExit as end:
        if end.code:
            raise
    if not found:  # a signal ended the reactor
        raise KeyboardInterrupt
    if isinstance(found[0], Exception):
        raise found[0]
    return found[0]
