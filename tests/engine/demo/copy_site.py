"""A copy of the demonstration site on free ports."""

from __future__ import annotations

import random
import shutil
import socket
from pathlib import Path

from tests.changed import changed

ROOT = Path(__file__).resolve().parents[3]
GIVEN = {"his_in": "127.0.0.1:8081", "his_out": "127.0.0.1:8091", "ca": "127.0.0.1:8092", "adt_in": "127.0.0.1:2575"}


def free_ports(count: int) -> list[int]:
    """Ports that nobody has, below those that the kernel gives to outgoing connections."""
    held: list[socket.socket] = []
    try:
        while len(held) < count:
            probe = socket.socket()
            try:
                probe.bind(("127.0.0.1", random.SystemRandom().randrange(20_000, 32_000)))
            except OSError:
                probe.close()
            else:
                held.append(probe)
        return [int(probe.getsockname()[1]) for probe in held]
    finally:
        for probe in held:
            probe.close()


def copy_site(folder: Path) -> dict[str, str]:
    """The site's text and transforms on other ports; the address of each, and `web`."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(ROOT / "transforms", folder / "transforms")
    text = (ROOT / "routes.yaml").read_text("utf-8")
    addresses = dict(zip((*GIVEN, "web"), (f"127.0.0.1:{port}" for port in free_ports(5)), strict=True))
    text = changed(text, {given: addresses[name] for name, given in GIVEN.items()}, "routes.yaml")
    (folder / "routes.yaml").write_text(text, "utf-8")
    return addresses
