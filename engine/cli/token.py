"""Tokens by which programs send to Waybill, for example `waybill scan-upload`: add, list, revoke.

A token is shown once; write it into a file that only its program may read.
  waybill token add --name "scanner PC, admission" --station admission > token; chmod 600 token
  waybill token revoke 4f0c12ab34cd
"""

from __future__ import annotations

import argparse
import json
import sys
from datetime import datetime
from typing import Any

from engine.cli import _office
from engine.cli._acts import told
from engine.cli.main import GOOD
from engine.message import Failure
from engine.ops import tokens


def arguments(parser: argparse.ArgumentParser) -> None:
    """`add`, `list`, `revoke`."""
    _office.state_argument(parser)
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
    add = acts.add_parser("add", help="make a token and print it, this once")
    add.add_argument("--name", required=True, help="which computer has it")
    add.add_argument("--scope", default="scan-upload", choices=sorted(tokens.SCOPES))
    add.add_argument("--station", default="", help="the one station that it may send for (default: any)")
    acts.add_parser("list", help="all tokens")
    acts.add_parser("revoke", help="from now on it opens nothing").add_argument("id")


def run(options: argparse.Namespace) -> int:
    """0 when it was done, 1 when it was refused."""
    try:
        result = _do(options)
    except Failure as error:
        return told("token", options, error)
    sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n" if options.json else _text(options.act, result))
    return GOOD


def _do(options: argparse.Namespace) -> Any:
    state, by = _office.state_of(options), _office.by_whom()
    if options.act == "list":
        return _office.read(state, tokens.everything)
    if options.act == "revoke":
        _office.write(state, "tokens.revoke", id=options.id, by=by)
        return {"id": options.id}
    about = {"name": options.name, "scope": options.scope, "station": options.station}
    made: dict[str, str] = _office.write(state, "tokens.add", **about, by=by)
    if not options.json:
        sys.stderr.write(f"token {made['id']}: it is shown this once\n")
    return made


def _text(act: str, result: Any) -> str:
    if act == "list":
        return "".join(_line(one) for one in result) or "there is no token: waybill token add\n"
    return f"{result['token']}\n" if act == "add" else f"{result['id']}: revoked\n"


def _line(one: dict[str, Any]) -> str:
    state = "revoked" if one["revoked_at"] else f"used {_day(one['used_at'])}" if one["used_at"] else "not used yet"
    return f"{one['id']:<14}{one['scope']:<14}{one['station'] or 'any station':<20}{state:<20}{one['name']}\n"


def _day(at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1000):%Y-%m-%d}"  # noqa: DTZ006 - this computer's days, for its user
