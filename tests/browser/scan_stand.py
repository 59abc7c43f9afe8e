"""The scan desk of the demonstration site: patients that the HIS registers, pages that a simulated scanner drops."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.demo.client import Browser
from records import codes
from simulators.his_push import push
from simulators.paper_text import Patient
from tests.browser.stand import ROOT, Stand

PEOPLE = (
    Patient("30010027", "示例甲", "1988-04-12", "F"),
    Patient("30010035", "María Muestra López", "1951-11-30", "F"),
    Patient("30020419", "Sam Sample", "1990-01-02", "M"),
)
DPI = 200
"""The least that is not flagged; quick to draw."""


def register(stand: Stand, people: Sequence[Patient] = PEOPLE) -> None:
    """The HIS tells who they are."""
    for who in people:
        told = (("PATDob", who.birth_date), ("PATSexCode", who.sex))
        (answer,) = push("patient", stand.listener, patient=who.number, name=who.name, fields=told, retry=30)
        assert answer.ok, answer.content


def scan(stand: Stand, station: str, people: Sequence[Patient] = PEOPLE, **options: Any) -> None:
    """Drop a stack at a station: a header, then a separator before each document.

    options: of `simulators.scanner`; a list repeats one. `sheets`: a folder with sheets that were printed; without it
    they are of a batch that is not known here.
    """
    documents, pages = int(options.pop("documents", 2)), int(options.pop("pages", 4))
    number = codes.new_number()
    known = stand.logs / f"people-{number}.json"
    known.write_text(json.dumps([_row(who) for who in people]), "utf-8")
    words = ["--documents", documents, "--pages", pages, "--patients", known, "--dpi", DPI, "--name", number]
    if "sheets" not in options:
        words += ["--header", codes.header(number, documents, 1 + documents + pages)]
        words += [word for n in range(documents) for word in ("--separator", codes.separator(number, n + 1))]
    for name, value in options.items():
        for one in value if isinstance(value, list | tuple) else (value,):
            words += [f"--{name.replace('_', '-')}", one]
    command = [sys.executable, "-m", "simulators.scanner", "--folder", stand.scans, "--station", station, *words]
    subprocess.run([str(word) for word in command], check=True, stdin=subprocess.DEVNULL, timeout=600, cwd=ROOT)


def printed(api: Browser, folder: Path, station: str, title: str, *, documents: int, sheets: int | None = None) -> str:
    """The sheets of a new batch in `folder`, as `scan` takes them; the batch."""
    asked = {"kind": "set", "station": station, "title": title, "documents": documents, "sheets": sheets}
    pdf, headers = api.file("/api/v1/scan/sheets", {name: value for name, value in asked.items() if value is not None})
    (folder / "set.pdf").write_bytes(pdf)
    return str(headers["X-Waybill-Batch"])


def label(who: Patient) -> str:
    """What a hand scanner reads from a label of this patient."""
    return codes.label(who.number)


def _row(who: Patient) -> Mapping[str, str]:
    return {"number": who.number, "name": who.name, "birth_date": who.birth_date, "sex": who.sex}


def let_go(stand: Stand) -> None:
    """Batches that this person holds since other tests are free: the next to work on is the newest."""
    api = Browser(stand.web)
    api.sign_in(stand.link().partition("#")[2])
    for row in api.post("/api/v1/scan/batches/search", {"mine": True, "limit": 200})["items"]:
        if row["lock"] and row["lock"]["by"]["me"]:
            api.post(f"/api/v1/scan/batches/{row['id']}/release")
