"""Remove old messages with their runs, or only their bodies, and give the space back.

  waybill prune --older 90d                               shows what would go
  waybill prune --older 90d --in-state done --yes         whole waybills; identities stay, so a repeat is still known
  waybill prune --older 30d --bodies --route adt --yes    bodies and values; the waybill stays
  waybill prune --older 90d --identities 400d --yes       forget identities that are older still
Only messages go of which every run is at its end. Beside a running daemon it works in small pieces.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from engine.cli import _office
from engine.cli._filters import age_of
from engine.cli._progress import Progress
from engine.cli.main import FINDINGS, GOOD, USAGE
from engine.message import Failure, Refused
from engine.ops.filters import BAD_FILTER, OUTCOMES
from engine.ops.prune import read_rule
from engine.ops.users import BY_COMMAND
from engine.store import prune
from engine.store.blobs import KEEP, Blobs
from engine.store.clock import now_ms

NO_ROOM = "WB-7506"
ALONE_PIECE, ALONE_BUDGET, ALONE_PAGES = 2000, 0.5, 5000
"""Without a daemon nobody waits for the writer."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The rule."""
    _office.state_argument(parser)
    parser.add_argument("--older", metavar="AGE", required=True, help="90d: received and ended before that")
    parser.add_argument("--in-state", action="append", default=[], choices=prune.FINAL, help="only these end states")
    parser.add_argument("--route", action="append", default=[], metavar="ROUTE")
    parser.add_argument("--outcome", action="append", default=[], choices=OUTCOMES, help="of the message")
    parser.add_argument("--bodies", action="store_true", help="only bodies and values; the waybill stays")
    parser.add_argument("--identities", metavar="AGE", help="forget identities of messages before that")
    parser.add_argument("--yes", action="store_true", help="do it; else it is only shown")


def run(options: argparse.Namespace) -> int:
    """0 when it was done or shown."""
    try:
        return _run(options)
    except Failure as error:
        if options.json:
            sys.stdout.write(json.dumps({"code": error.code, "reason": error.reason}) + "\n")
        else:
            sys.stderr.write(f"waybill prune: {error.code} {error.reason}\n")
        return USAGE if error.code == BAD_FILTER else FINDINGS


def _run(options: argparse.Namespace) -> int:
    state, rule = _office.state_of(options), _rule(options)
    forget = now_ms() - age_of(options.identities) if options.identities else None
    span = _office.read(state, lambda conn: prune.span(conn, read_rule(rule)))
    if not options.yes:
        result = _count(state, rule, span)
    else:
        with _office.hand(state) as write:
            result = _prune(write, rule, span)
            if forget is not None:
                result["identities"] = _forget(write, forget)
            result |= _sweep(state, write)
            result["bytes_freed"] = _free(state, write)
    sys.stdout.write(json.dumps(result) + "\n" if options.json else _text(result, options.yes))
    return GOOD


def _rule(options: argparse.Namespace) -> dict[str, Any]:
    return {
        "before": now_ms() - age_of(options.older), "states": options.in_state, "routes": options.route,
        "outcomes": options.outcome, "bodies_only": options.bodies,
    }  # fmt: skip


def _count(state: Path, rule: dict[str, Any], span: prune.Span | None) -> dict[str, Any]:
    total = {"messages": 0, "runs": 0}
    after: int | None = None if span is None else span.first - 1
    with Progress("counted") as bar:
        while span is not None and after is not None:
            query = partial(prune.count, rule=read_rule(rule), after=after, last=span.last)
            found = _office.read(state, query)
            total = {"messages": total["messages"] + found.messages, "runs": total["runs"] + found.runs}
            after = found.next
            bar((after or span.last) - span.first, span.last - span.first)
    return total


def _prune(write: _office.Hand, rule: dict[str, Any], span: prune.Span | None) -> dict[str, Any]:
    write("prune.begun", rule=rule, user=_office.by_whom(), origin=BY_COMMAND)
    total = {"messages": 0, "runs": 0}
    after: int | None = None if span is None else span.first - 1
    with Progress("pruning") as bar:
        while span is not None and after is not None:
            made = _piece(write, rule, after, span.last)
            total = {name: total[name] + made[name] for name in total}
            after = made["next"]
            bar((after or span.last) - span.first, span.last - span.first)
    return total


def _piece(write: _office.Hand, rule: dict[str, Any], after: int, last: int) -> dict[str, Any]:
    if write.store is None:
        made: dict[str, Any] = write("prune.piece", rule=rule, after=after, last=last)
        return made
    more = partial(
        prune.piece, rule=read_rule(rule), after=after, last=last, most=ALONE_PIECE, budget=ALONE_BUDGET, step=500
    )
    removed = write.store.write_now(more)
    return {"messages": removed.messages, "runs": removed.runs, "next": removed.next}


def _forget(write: _office.Hand, before: int) -> int:
    gone = 0
    after: Sequence[str] | None = ("", "")
    with Progress("forgetting identities") as bar:
        while after is not None:
            made = write("prune.identities", before=before, after=after)
            gone, after = gone + made["gone"], made["next"]
            bar(gone)
    return gone


def _sweep(state: Path, write: _office.Hand) -> dict[str, int]:
    """Blobs that nothing names any more: found by reading, removed in the writer."""
    old = dict(Blobs(state / "blobs").names(KEEP))
    in_use, seen = named(state) if old else (set(), {})
    loose = [name for name in old if name not in in_use]
    gone: list[str] = []
    with Progress("removing blobs") as bar:
        for start in range(0, len(loose), 200):
            gone += write("prune.sweep", names=loose[start : start + 200], seen=seen)
            bar(start, len(loose))
    return {"blobs": len(gone), "blob_bytes": sum(old[name] for name in gone)}


def named(state: Path) -> tuple[set[str], dict[str, int]]:
    """Every blob that is named, and up to which row of each table."""
    found: set[str] = set()
    seen: dict[str, int] = {}
    with Progress("looking for named blobs") as bar:
        for table in prune.NAMING:
            after: int | None = 0
            while after is not None:
                seen[table] = after
                more, after = _office.read(state, partial(prune.named_in, table=table, after=after))
                found |= more
                bar(len(found))
    return found, seen


def _free(state: Path, write: _office.Hand) -> int:
    """Bytes by which the database became smaller."""
    path = state / "waybill.sqlite"
    before = path.stat().st_size
    if _office.read(state, prune.gives_back):
        left = _office.read(state, prune.empty)
        total = left
        with Progress("giving space back") as bar:
            while left:
                left, was = _give(write), left
                bar(total - left, total)
                if left >= was:
                    break
        if write.store is not None:
            write.store.checkpoint()
    elif write.store is not None:
        _rewrite(path, write)
    return before - path.stat().st_size


def _give(write: _office.Hand) -> int:
    if write.store is None:
        return int(write("prune.free"))
    return int(write.store.write_now(lambda conn: prune.free(conn, ALONE_PAGES)))


def _rewrite(path: Path, write: _office.Hand) -> None:
    """A store of before: written anew once, so that the next time pieces do."""
    import shutil

    if shutil.disk_usage(path.parent).free < path.stat().st_size * 2:
        raise Refused(NO_ROOM, "the disk has no room to write the store anew: twice its size is needed for a while")
    write.store.rewrite()


def _text(result: dict[str, Any], done: bool) -> str:
    head = f"{result['messages']:,} messages and {result['runs']:,} runs"
    if not done:
        return f"{head} would go. Nothing was done: add --yes.\n"
    lines = [f"{head} are gone"]
    lines += [f"{result['identities']:,} identities are forgotten"] if "identities" in result else []
    lines.append(f"{result['blobs']:,} blobs ({result['blob_bytes'] / 1e6:,.1f} MB)")
    lines.append(f"{result['bytes_freed'] / 1e6:,.1f} MB of the database are given back")
    return "\n".join(lines) + "\n"
