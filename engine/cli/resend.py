"""Send a message through its route once more, as a new run linked to the old one: as it is, or edited.

  waybill resend 0198c0de-...                        as it is
  waybill resend 0198c0de-... --body corrected.xml   with another body, which the route checks first
  waybill resend --route exam_report --since 2h      shows what would be sent again; --yes does it
All effects are made anew. A dead or held run is cancelled with it. To get a body: waybill show --open --json ID.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from engine.cli import _office
from engine.cli._acts import act_arguments, run_act, told
from engine.cli.main import GOOD, USAGE
from engine.message import INLINE_LIMIT, Failure, Refused
from engine.ops import editing, texts
from engine.ops.runs import by_id
from engine.ops.users import BY_COMMAND

LINE = INLINE_LIMIT // 4
"""Bytes: a larger body goes to the daemon as a blob."""
MOST = 64 * 1024 * 1024


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which runs, and another body for one."""
    act_arguments(parser)
    parser.add_argument("--body", metavar="FILE", help="the new body; - for standard input")
    parser.add_argument("--content-type", default="", help="of the new body (default: as the old one's)")


def run(options: argparse.Namespace) -> int:
    """0 when all was done, 1 when something was refused."""
    if options.body is None:
        return run_act("resend", options, "resend.as_is", "resend")
    if options.id is None:
        sys.stderr.write("waybill resend: --body goes with the id of one run\n")
        return USAGE
    try:
        made = _edited(options)
    except Failure as error:
        return told("resend", options, error)
    sys.stdout.write(json.dumps(made) + "\n" if options.json else f"{options.id}: resent as {made['run']}\n")
    return GOOD


def _edited(options: argparse.Namespace) -> dict[str, str]:
    state, body = _office.state_of(options), _read(options.body)

    def query(conn: Connection) -> tuple[str, str, bool, str]:
        row = by_id(conn, options.id)
        kind = conn.exec_driver_sql("SELECT content_type FROM message WHERE id = ?", (row["message_id"],)).scalar()
        return row["route"], texts.current(conn, row["route"]).revision, row["parent"] is not None, kind or ""

    name, revision, part, kind = _office.read(state, query)
    kind = options.content_type or kind
    labels = {} if part else editing.check(state, name, revision, body, kind)
    about: dict[str, Any] = {"run_id": options.id, "user": _office.by_whom(), "note": options.note}
    about |= {"content_type": kind, "labels": labels, "origin": BY_COMMAND, **_as_argument(state, body, kind)}
    made: dict[str, str] = _office.write(state, "resend.edited", **about)
    return made


def _as_argument(state: Path, body: bytes, kind: str) -> dict[str, Any]:
    try:
        text = body.decode()
        if len(json.dumps(text)) <= LINE:
            return {"body": text}
    except UnicodeDecodeError:
        pass  # bytes of another character set: kept as they are
    from engine.store.blobs import Blobs

    kept = Blobs(state / "blobs").put(body, kind)
    return {"blob": kept.sha256, "size": kept.size}


def _read(name: str) -> bytes:
    try:
        body = sys.stdin.buffer.read(MOST + 1) if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise Refused("WB-7504", f"the new body cannot be read: {error.strerror}") from None
    if not body or len(body) > MOST:
        raise Refused("WB-7504", f"the new body is empty, or larger than {MOST >> 20} MiB")
    return body
