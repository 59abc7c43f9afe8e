"""Learn from the clerks' decisions which kind a document is. The daemon does the same by night.

  waybill train            learn, report, and use the model unless its report speaks against it
  waybill train --dry-run  only report
A share of the patients is held out: the report is about their documents. The examples are patients' text: they stay
in the state folder and are removed at the end.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from engine.cli import _office
from engine.cli._progress import Progress
from engine.cli.main import FINDINGS, GOOD
from engine.message import Failure
from engine.store.blobs import Blobs
from records import training


def arguments(parser: argparse.ArgumentParser) -> None:
    """Where, and whether it counts."""
    _office.state_argument(parser)
    parser.add_argument("--dry-run", action="store_true", help="keep no model")


def run(options: argparse.Namespace) -> int:
    """0 when something was learnt and is used; 1 when there is too little to learn from, or it is not good enough."""
    try:
        report, made = _train(_office.state_of(options), keep=not options.dry_run)
    except Failure as error:
        sys.stderr.write(f"waybill train: {error.code} {error.reason}\n")
        return FINDINGS
    if options.json:
        sys.stdout.write(json.dumps({"report": report, "model": made}, ensure_ascii=False, indent=2) + "\n")
    else:
        sys.stdout.write(text(report, made))
    return FINDINGS if made and made["state"] == "refused" else GOOD


def _train(state: Path, *, keep: bool) -> tuple[dict[str, Any], dict[str, Any] | None]:
    (state / "tmp").mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=state / "tmp", prefix="train-") as folder, Progress("reading") as bar:
        source, target = Path(folder) / "examples.jsonl", Path(folder) / "model.npz"
        count = _office.read(state, lambda conn: training.write_examples(conn, source))
        bar(0, 1, f"learning from {count} documents")
        from records.train import train  # scikit-learn: only here

        report = train(str(source), str(target))
        bar(1, 1, "learnt")
        if not keep:
            return report, None
        blob = Blobs(state / "blobs").put_file(target, "application/octet-stream", "model.npz")
        made = _office.write(state, "models.put", blob=blob.sha256, report=report, by=_office.by_whom())
    return report, made


def text(report: dict[str, Any], made: dict[str, Any] | None) -> str:
    """The report for a terminal."""
    lines = [f"{report['documents']} documents of {report['patients']} patients, {report['seconds']} s"]
    if report.get("held_out"):
        lines.append(
            f"held out {report['held_out']}: right {report['accuracy']:.1%}, among three {report['top3']:.1%}; "
            f"named by itself {report['named']:.1%}, of these right {report['precision']:.1%}"
        )
        lines += [
            f"  {kind:<24} {one['held_out']:>5} held out, found {one['found']:.0%}, named {one['named']:.0%}"
            for kind, one in report["kinds"].items()
        ]
        lines += [f"  {kind} taken for {other}: {count}" for kind, other, count in report["confused"]]
    if report["left_out"]:
        lines.append("too few to learn from: " + ", ".join(f"{kind} ({n})" for kind, n in report["left_out"].items()))
    if made is not None:
        lines.append(f"model {made['id']}: {made['state']}" + (f", {made['reason']}" if made["reason"] else ""))
    return "\n".join(lines) + "\n"
