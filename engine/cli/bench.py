"""Measure what Waybill carries on this computer: messages through a route, from socket to socket.

Starts a daemon of its own on a temporary site (durable: every acknowledgement waits for the disk), a peer that takes
what comes out, and a generator with one message in flight on each connection. No site, secret or port of yours is used.

  mllp   HL7 v2 over MLLP, three fields changed by a mapping table, on over MLLP
  http   XML over HTTP, checked by an XSD, changed by an XSLT stylesheet, on over HTTP
  soap   the same with a SOAP call at its beginning

Delivered: from the first message sent to the last one that the peer has. Every accepted message is looked for at the
peer: one that is lost, comes twice or is not changed as asked is an error (exit status 1). Figures with `!` were taken
while other programs used the processor, and say little.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from engine.cli.main import FINDINGS, GOOD, USAGE


def arguments(parser: argparse.ArgumentParser) -> None:
    """What is measured, and for how long."""
    parser.add_argument("--route", metavar="NAMES", default="mllp,http", help="of mllp,http,soap (default: mllp,http)")
    parser.add_argument("--connections", metavar="LIST", default="1,8,32,128", help="default: 1,8,32,128")
    amount = parser.add_mutually_exclusive_group()
    amount.add_argument("--seconds", metavar="N", type=float, default=6.0, help="for each row (default: 6)")
    amount.add_argument("--count", metavar="N", type=int, default=0, help="messages for each row")
    parser.add_argument(
        "--in-flight", metavar="N", type=int, default=8, help="messages on the way to the peer at a time (default: 8)"
    )
    parser.add_argument("--ordered", action="store_true", help="the route keeps the order of each patient's messages")
    parser.add_argument("--keep", action="store_true", help="leave the temporary site and its store")


def run(options: argparse.Namespace) -> int:
    """0 when nothing was lost, doubled or spoilt, else 1."""
    from bench import report, suite
    from bench.rig import Failed

    try:
        wanted = _wanted(options)
    except ValueError as error:
        sys.stderr.write(f"waybill bench: {error}\n")
        return USAGE
    shown = _Shown(options.json)
    try:
        result = suite.run(wanted, shown)
    except Failed as error:
        sys.stderr.write(f"waybill bench: {error}\n")
        return FINDINGS
    if options.json:
        told = {**result, "targets": [target.line() for target in report.targets(result)]}
        sys.stdout.write(json.dumps(told, indent=2) + "\n")
    else:
        sys.stdout.write("".join(f"{line}\n" for line in report.lines(result)))
    return GOOD if report.all_sound(result) else FINDINGS


def _wanted(options: argparse.Namespace) -> Any:
    from bench.flow import Load
    from bench.suite import Wanted, route_named

    connections = tuple(int(word) for word in options.connections.split(","))
    if min(connections) < 1 or options.in_flight < 1 or options.seconds <= 0 or options.count < 0:
        raise ValueError("give numbers above 0")
    return Wanted(
        tuple(route_named(word) for word in options.route.split(",")), connections,
        Load(1, 0.0 if options.count else options.seconds, options.count), options.in_flight, options.ordered,
        options.keep,
    )  # fmt: skip


class _Shown:
    """Rows as they come; on a terminal, also what is going on."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json

    def __call__(self, word: str, row: dict[str, Any] | None) -> None:
        from bench import report

        if word and sys.stderr.isatty():
            sys.stderr.write(f"\r{word} ...".ljust(60) + "\r")
        if self._as_json:
            return
        if word.startswith("starting"):
            route = word.rpartition(" ")[2]
            sys.stdout.write(f"{report.PATHS[route]}\n{report.header()}\n")
        if row is not None:
            sys.stdout.write(report.line(row) + "\n")
            sys.stdout.flush()
