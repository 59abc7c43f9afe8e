"""Play a neighbour of the engine: the HIS, the test device, the certificate authority, a scanner, one that speaks HL7.

  waybill simulate his order|update|registry|patient [...]   push such a message
  waybill simulate his serve [...]                           take RegisterDocumentRt
  waybill simulate device [...]                              test patients, write reports
  waybill simulate ca [...]                                  sign what it is sent
  waybill simulate scanner --station S [...]                 drop scanned pages of invented patients

What follows goes to the simulator; `waybill simulate device --help` shows what it understands. Left out, the paths are
those of the demonstration site.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

PUSHES = ("order", "update", "registry", "patient")


def arguments(parser: argparse.ArgumentParser) -> None:
    """The simulator; all that follows is its own."""
    parser.add_argument("simulator", choices=("his", "device", "ca", "hl7", "scanner"))
    parser.add_argument("words", nargs=argparse.REMAINDER, metavar="...", help="for the simulator")


def run(options: argparse.Namespace) -> int:
    """Become the simulator; its exit status."""
    return _become(command(options.simulator, options.words, options.site))


def command(simulator: str, words: Sequence[str], site: Path) -> list[str]:
    """The command line of the simulator's own process: the engine imports none of it."""
    return [sys.executable, "-m", f"simulators.{simulator}", *_words(simulator, list(words), site.absolute())]


def _words(simulator: str, words: list[str], site: Path) -> list[str]:
    demo = site / "var" / "demo"
    if simulator == "his":
        if words[:1] == ["serve"]:
            return words[1:]
        return ["push", *words] if words[:1] and words[0] in PUSHES else words
    if simulator == "hl7":
        return words
    if simulator == "ca":
        return ["--state", str(demo / "ca"), *words]
    if simulator == "scanner":
        return [*_missing({"--folder": demo / "scans", "--patients": demo / "patients.json"}, words), *words]
    paths = {"--database": demo / "device.sqlite", "--folders": demo / "PatientData", "--log": demo / "device.jsonl"}
    given = [text for word, path in paths.items() for text in (word, str(path))]
    # The demonstration's own file may be made; somebody else's must be there.
    own = [] if any(word.startswith("--database") for word in words) else ["--create"]
    return [*given, *own, *words]


def _missing(paths: dict[str, Path], words: list[str]) -> list[str]:
    """Those of these options that are not given; a demonstration that never ran has no patients."""
    given = {word.partition("=")[0] for word in words}
    wanted = {word: path for word, path in paths.items() if word == "--folder" or path.is_file()}
    return [text for word, path in wanted.items() if word not in given for text in (word, str(path))]


def _become(line: list[str]) -> int:
    """Replace this process, so that a signal to it reaches the simulator."""
    sys.stdout.flush()
    if os.name != "nt":
        os.execv(line[0], line)  # noqa: S606 (a fixed program without a shell)
    return subprocess.call(line)
