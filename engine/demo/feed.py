"""A batch of paper for the scan desk: sheets printed by the API, a stack fed by the simulated scanner."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.demo.people import PEOPLE, Person, write
from engine.demo.places import DemoFailed

if TYPE_CHECKING:
    from engine.demo.client import Browser
    from engine.demo.stand import Stand

STATION = "front-desk"
LANGUAGES = "eng+spa+chi_sim"
"""In which the demonstration's papers are read."""
DPI = 200
"""The least that can be read; a page is drawn in a third of a second."""
FINE = 300
"""As paper should be scanned: the screens flag what is coarser."""
FED_WITHIN = 180.0


@dataclass(frozen=True, slots=True)
class Stack:
    """What is fed: a document of each person, pages of all together, sheets with nothing on them behind the first.

    bare: the documents without a label sheet; a person says whose they are.
    """

    title: str
    pages: int
    blanks: int = 0
    form: str = "jpeg"
    dpi: int = DPI
    bare: Sequence[int] = ()
    people: Sequence[Person] = PEOPLE

    @property
    def documents(self) -> int:
        return len(self.people)

    @property
    def sheets(self) -> int:
        """All that goes through the scanner: the header, separators and labels, the papers."""
        return 1 + 2 * self.documents - len(self.bare) + self.pages + self.blanks


@dataclass(frozen=True, slots=True)
class Fed:
    """batch: its id. papers: what truly stands on the pages, by the number of their document."""

    batch: str
    files: int
    papers: Mapping[int, list[dict[str, Any]]]


def feed(stand: Stand, browser: Browser, stack: Stack, ids: Mapping[str, str]) -> Fed:
    """Print the sheets of a new batch, then let the scanner take them with the papers. ids: of the patients."""
    seed = 1 + sum(browser.post("/api/v1/scan/batches/search", {"limit": 1})["counts"].values())
    pdf, headers = browser.file(
        "/api/v1/scan/sheets",
        {"kind": "set", "station": STATION, "title": stack.title, "documents": stack.documents,
         "sheets": stack.sheets - 1 - stack.documents},
    )  # fmt: skip
    batch = str(headers["X-Waybill-Batch"])
    browser.patch(f"/api/v1/scan/batches/{batch}", {"languages": LANGUAGES})
    folder = stand.folder / "sheets" / batch
    folder.mkdir(parents=True)
    (folder / "set.pdf").write_bytes(pdf)
    for number, who in enumerate(stack.people, 1):
        asked = {"kind": "labels", "patient": ids[who.number], "count": 1, "language": who.language}
        (folder / f"label-{number:02}.pdf").write_bytes(browser.file("/api/v1/scan/sheets", asked)[0])
    _scan(stand, stack, folder, seed)
    return Fed(batch, *_told(folder / "fed.jsonl"))


def _scan(stand: Stand, stack: Stack, folder: Path, seed: int) -> None:
    write(folder / "patients.json", stack.people)
    words = [
        "--folder", stand.places.scans, "--station", STATION, "--sheets", folder,
        "--patients", folder / "patients.json",
        "--language", ",".join(who.language for who in stack.people), "--documents", stack.documents,
        "--pages", stack.pages, "--blanks", stack.blanks, "--form", stack.form, "--dpi", stack.dpi, "--seed", seed,
        "--name", folder.name, "--log", folder / "fed.jsonl",
    ]  # fmt: skip
    words += [word for number in stack.bare for word in ("--no-label", number)]
    command = [sys.executable, "-m", "simulators.scanner", *map(str, words)]
    done = subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL, timeout=FED_WITHIN)
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise DemoFailed(f"the simulated scanner ended with status {done.returncode}: {said[-1] if said else ''}")


def _told(log: Path) -> tuple[int, dict[int, list[dict[str, Any]]]]:
    """How many files there were, and the papers by their document."""
    lines = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    papers: dict[int, list[dict[str, Any]]] = {}
    for line in lines:
        if line["sheet"] == "page":
            papers.setdefault(line["document"], []).append(line)
    return len({line["file"] for line in lines}), papers
