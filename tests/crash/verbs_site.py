"""A site whose routes use every verb and every key of the grammar that needs no hospital; `exam_report` has the others.

`verbs/` holds it. One message of `kinds` becomes a run of `kinds_on`, with two parts, and one of `told_on`. `lab_on`
passes HL7 on in order. `waits` waits in all five ways; `wakes`, `renames` and `cancels` signal to it. `done_on` answers
when its run is done. `fails` goes wrong in the ways that a route can provide for.
"""

from __future__ import annotations

import shutil
from pathlib import Path

SITE = Path(__file__).with_name("verbs")


def write(folder: Path, **ports: int) -> Path:
    """The site in the folder. ports: of `web`, `adt`, `lab`, `out` and `mail`."""
    shutil.copytree(SITE, folder)
    text = (folder / "routes.yaml").read_text("utf-8")
    for name, port in ports.items():
        text = text.replace(f"PORT_{name.upper()}", str(port))
    (folder / "routes.yaml").write_text(text, "utf-8")
    return folder
