"""What `retry`, `cancel` and `resend` share: one run by its id, or many by a filter, first shown and then done."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

from engine.cli import _filters, _office
from engine.cli._progress import Progress
from engine.cli.main import FINDINGS, GOOD, USAGE
from engine.message import Failure
from engine.ops import bulk
from engine.ops.filters import BAD_FILTER, Filter, as_json
from engine.ops.users import BY_COMMAND

NOTE = "from the command line"


def act_arguments(parser: argparse.ArgumentParser) -> None:
    """An id, or options that narrow."""
    _office.state_argument(parser)
    parser.add_argument("id", nargs="?", help="of a run; else say which by the options below")
    parser.add_argument("--note", default=NOTE, help="why; it stands in the history of the run")
    _filters.filter_arguments(parser)
    parser.add_argument("--open", action="store_true", help="search by patients' labels; it is written down")
    parser.add_argument("--preview", action="store_true", help="only show what would be done (this is the default)")
    parser.add_argument("--yes", action="store_true", help="do it to all that the options select")


def run_act(command: str, options: argparse.Namespace, one: str, act: str, **more: Any) -> int:
    """one: the act on a single run as `runs.retry`; act: its word in `engine.ops.bulk`."""
    try:
        wanted = _filters.filter_of(options)
        if (options.id is None) == (not _filters.is_narrowed(wanted)):
            sys.stderr.write(f"waybill {command}: give the id of a run, or options that say which runs\n")
            return USAGE
        if options.id is not None:
            return _one(options, one, **more)
        return _many(command, options, wanted, act, str(more.get("step", "")))
    except Failure as error:
        return told(command, options, error)


def told(command: str, options: argparse.Namespace, error: Failure) -> int:
    """Say why it was not done."""
    if options.json:
        sys.stdout.write(json.dumps({"code": error.code, "reason": error.reason}) + "\n")
    else:
        sys.stderr.write(f"waybill {command}: {error.code} {error.reason}\n")
    return USAGE if error.code == BAD_FILTER else FINDINGS


def _one(options: argparse.Namespace, act: str, **more: Any) -> int:
    state = _office.state_of(options)
    about = {"run_id": options.id, "user": _office.by_whom(), "note": options.note, "origin": BY_COMMAND, **more}
    made = _office.write(state, act, **about)
    result = {"id": options.id, **({"made": made} if made else {})}
    sys.stdout.write(
        json.dumps(result) + "\n" if options.json else f"{options.id}: done{f', {made}' if made else ''}\n"
    )
    return GOOD


def _many(command: str, options: argparse.Namespace, wanted: Filter, act: str, step: str) -> int:
    state, where = _office.state_of(options), as_json(wanted)
    look = partial(bulk.preview, act=act, where=where, step=step, names=options.open)
    if options.open:
        _office.write(state, "show.looked", by=_office.by_whom(), act="find.open", subject=wanted.words())
    preview = _office.read(state, look)
    if options.preview or not options.yes:
        sys.stdout.write(json.dumps(preview, indent=2) + "\n" if options.json else shown(preview))
        if not options.json:
            sys.stdout.write(f"Nothing was done. Add --yes to {command} them.\n" if preview["able"] else "")
        return GOOD if preview["able"] else FINDINGS
    result = _go(state, options, act, where, step, preview)
    sys.stdout.write(json.dumps(result) + "\n" if options.json else _summary(result))
    return FINDINGS if result["refused"] else GOOD


def _go(
    state: Path, options: argparse.Namespace, act: str, where: dict[str, Any], step: str, preview: dict[str, Any]
) -> dict[str, Any]:
    about = {"act": act, "where": where, "user": _office.by_whom(), "step": step, "origin": BY_COMMAND}
    below, done, seen = preview["top"], 0, 0
    reasons: Counter[str] = Counter()
    with _office.hand(state) as write, Progress(act) as bar:
        began = write("bulk.begun", **about)
        while below is not None:
            made = write("bulk.piece", **about, below=below, began=began, note=options.note, names=options.open)
            done, seen, below = done + made["done"], seen + made["seen"], made["next"]
            reasons.update(made["reasons"])
            bar(seen, preview["runs"])
    return {"act": act, "done": done, "refused": sum(reasons.values()), "reasons": dict(reasons)}


def shown(preview: dict[str, Any]) -> str:
    """A preview for a terminal."""
    more = "" if preview["all_seen"] else " at least"
    lines = [f"{preview['act']}: {preview['able']:,} of{more} {preview['runs']:,} runs"]
    for group in preview["groups"]:
        mark = "" if group["able"] else "  (stays as it is)"
        lines.append(f"  {group['count']:>8,}  {group['route']}  {group['state']}{mark}")
    if preview["again"]:
        lines.append("Done before, and done once more:")
    lines += [
        f"  {one['count']:>8,}  {one['step']}: {one['connection']} {one['operation']}" for one in preview["again"]
    ]
    lines += [f"for example {preview['examples'][0]}"] if preview["examples"] else []
    return "\n".join(lines) + "\n"


def _summary(result: dict[str, Any]) -> str:
    lines = [f"{result['done']:,} done, {result['refused']:,} refused"]
    lines += [f"  {count:>8,}  {why}" for why, count in result["reasons"].items()]
    return "\n".join(lines) + "\n"
