"""Copy all that Waybill keeps to a folder, also while it runs: database, blobs, revisions, and the site's text.

  waybill backup /mnt/backup/2026-11-21
Secrets are not copied. Blobs are hard links where the disk is the same; --copy makes copies: a backup that is to
outlive the disk lies on another one. `waybill restore` takes it back.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from engine.cli import _office
from engine.cli._progress import Progress
from engine.cli.main import FINDINGS, GOOD
from engine.message import Failure
from engine.store import backup


def arguments(parser: argparse.ArgumentParser) -> None:
    """Where to."""
    _office.state_argument(parser)
    parser.add_argument("folder", type=Path, help="empty, or not there yet")
    parser.add_argument("--copy", action="store_true", help="copy blobs also on the same disk")


def run(options: argparse.Namespace) -> int:
    """0 when the backup is whole."""
    state, target = _office.state_of(options), options.folder.resolve()
    try:
        with Progress("backup") as bar:
            manifest = backup.back_up(state, options.site.resolve(), target, bar, copy=options.copy)
        _office.write(state, "show.looked", by=_office.by_whom(), act="store.backup", subject=str(target))
    except (Failure, OSError) as error:
        code, reason = _why(error)
        if options.json:
            sys.stdout.write(json.dumps({"code": code, "reason": reason}) + "\n")
        else:
            sys.stderr.write(f"waybill backup: {code} {reason}\n")
        return FINDINGS
    if options.json:
        sys.stdout.write(json.dumps({**manifest, "folder": str(target)}) + "\n")
    else:
        sys.stdout.write(f"{target}: {manifest['files']:,} files, {manifest['bytes'] / 1e6:,.1f} MB\n")
    return GOOD


def _why(error: Exception) -> tuple[str, str]:
    if isinstance(error, Failure):
        return error.code, error.reason
    return backup.BAD_BACKUP, f"the backup was not finished ({error.strerror if isinstance(error, OSError) else ''})"
