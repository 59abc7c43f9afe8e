"""A copy of the demonstration site on free ports."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.changed import changed
from tests.ports import free_ports

ROOT = Path(__file__).resolve().parents[3]
GIVEN = {"his_in": "127.0.0.1:8081", "his_out": "127.0.0.1:8091", "ca": "127.0.0.1:8092", "adt_in": "127.0.0.1:2575"}


def copy_site(folder: Path) -> dict[str, str]:
    """The site's text and transforms on other ports; the address of each, and `web`."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(ROOT / "transforms", folder / "transforms")
    text = (ROOT / "routes.yaml").read_text("utf-8")
    addresses = dict(zip((*GIVEN, "web"), (f"127.0.0.1:{port}" for port in free_ports(5)), strict=True))
    text = changed(text, {given: addresses[name] for name, given in GIVEN.items()}, "routes.yaml")
    (folder / "routes.yaml").write_text(text, "utf-8")
    return addresses
