"""Take a backup back into an empty state folder. Nothing is sent or signed by itself afterwards.

  waybill restore /mnt/backup/2026-11-21 --state var
Every file is checked first. Runs that were not at their end start held, with a list of what to ask each peer: it is
printed, and kept as restored.json in the state folder. When you know, retry or cancel them. Everybody is signed out.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.cli import _office
from engine.cli._progress import Progress
from engine.cli.main import FINDINGS, GOOD
from engine.message import Failure, Refused
from engine.ops import restored
from engine.ops.users import BY_COMMAND
from engine.store import backup
from engine.store.clock import now_ms
from engine.store.database import Store

LISTED = "restored.json"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Where from."""
    _office.state_argument(parser)
    parser.add_argument("folder", type=Path, help="made by `waybill backup`")
    parser.add_argument("--check", action="store_true", help="only check the backup")


def run(options: argparse.Namespace) -> int:
    """0 when it was restored, or is good."""
    try:
        result = _restore(options)
    except Failure as error:
        if options.json:
            sys.stdout.write(json.dumps({"code": error.code, "reason": error.reason}) + "\n")
        else:
            sys.stderr.write(f"waybill restore: {error.code} {error.reason}\n")
        return FINDINGS
    sys.stdout.write(json.dumps(result, indent=2) + "\n" if options.json else text(result))
    return GOOD


def _restore(options: argparse.Namespace) -> dict[str, Any]:
    source, state = options.folder.resolve(), _office.state_of(options)
    with Progress("checking") as bar:
        manifest = backup.check(source, bar)
    if options.check:
        return {"good": True, **manifest}
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _locked(state), Progress("restoring") as bar:
        if not backup.is_empty(state / backup.DATABASE):
            raise Refused(backup.NOT_EMPTY, f"there is a store in {state} already: it is not overwritten")
        found: dict[str, Any] = {}
        backup.copy_in(source, state, bar, lambda path: found.update(_hold(path, manifest["made_at"])))
        (state / LISTED).write_text(json.dumps(found, indent=2), "utf-8")
        (state / LISTED).chmod(0o600)
    return {**found, "site": _site(source / "site", options.site.resolve())}


def _hold(path: Path, made_at: int) -> dict[str, Any]:
    """In the copy, before it counts."""
    store = Store(path, None)
    store.open()  # of an older version: migrated here
    try:
        return store.write_now(lambda conn: restored.hold(conn, made_at, _office.by_whom(), now_ms(), BY_COMMAND))
    finally:
        store.close()


def _site(source: Path, site: Path) -> str:
    """The site's text goes to where there is none; where there is one it stays."""
    if (site / "routes.yaml").exists() or not (source / "routes.yaml").exists():
        return ""
    shutil.copytree(source, site, dirs_exist_ok=True)
    return str(site)


@contextlib.contextmanager
def _locked(state: Path) -> Iterator[None]:
    lock = os.open(state / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Refused(_office.BUSY, f"a daemon or another command works in {state}: stop it first") from None
        yield
    finally:
        os.close(lock)


def text(result: dict[str, Any]) -> str:
    """What was done and what is to be asked, for a terminal."""
    if "held" not in result:
        return f"the backup is whole: {result['files']:,} files\n"
    lines = [f"restored; {result['held']:,} runs are held: nothing goes on by itself"]
    lines += [f"the site's text is in {result['site']}; its secrets are not in a backup"] if result["site"] else []
    if result["peers"]:
        lines.append("Ask each of these what came after the backup, before you retry a run:")
    for peer in result["peers"]:
        states = {"intended": "under way", "doubt": "in doubt", "unavailable": "tried", "ahead": "may be sent since"}
        counts = ", ".join(f"{peer[name]:,} {word}" for name, word in states.items() if name in peer)
        lines.append(f"  {peer['connection']} {peer['operation']}: {counts}; for example run {peer['runs'][0]}")
    for job in result["sign_jobs"]:
        lines.append(f"  {job['provider']}: {job['cancelled']} signing requests are taken back here, not there")
    lines.append("Messages that came after the backup are not here: ask their senders to send them again.")
    return "\n".join(lines) + "\n"
