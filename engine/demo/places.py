"""Where the demonstration's neighbours are: read from the site itself, so that a copy with other ports works too."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from engine.registry import Registry
from engine.site.load import load_site

WEB = "127.0.0.1:8080"
NEEDED = {
    "his_in": "soap_in", "his_out": "soap_out", "device_db": "access", "device_dir": "folder", "ca": "coss",
    "http_appointments": "http_in", "scan_drop": "folder",
}  # fmt: skip
"""The demonstration's connections and their types."""


class DemoFailed(Exception):
    """One line for the person who started the demonstration."""


@dataclass(frozen=True)
class Places:
    """Addresses and files of the screens, the listener, the HIS, the device and the CA."""

    web: str
    listener: str
    his: str
    ca: str
    app_id: str
    secret: str
    device_driver: str
    device_file: Path
    device_folders: Path
    appointments: str
    scans: Path

    @property
    def phone(self) -> str:
        return f"{self.ca}/phone"

    def ports(self) -> dict[str, tuple[str, int]]:
        """Host and port of what is started, by what it is; raises `DemoFailed` for an address without a port."""
        parts = {"the screens": f"http://{self.web}", "the HIS listener": self.listener,
                 "the HIS simulator": self.his, "the CA simulator": self.ca}  # fmt: skip
        return {name: _host_port(name, url) for name, url in parts.items()}

    def check_free(self) -> None:
        """Raise `DemoFailed` when a port is in use: said now, it is one line; said by a child it is a log."""
        for name, (host, port) in self.ports().items():
            if host not in ("127.0.0.1", "localhost"):
                raise DemoFailed(f"{name} of a demonstration is on 127.0.0.1, not on {host}")
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((host, port))
                except OSError as error:
                    raise DemoFailed(f"port {port} for {name} cannot be used: {error.strerror}") from None


def places_of(site: Path) -> Places:
    """Read the site; `Invalid` when it is not in order, `DemoFailed` when it is not the demonstration's."""
    connections = load_site(site, Registry()).connections
    for name, kind in NEEDED.items():
        if name not in connections or connections[name].type != kind:
            raise DemoFailed(f"routes.yaml in {site} has no connection {name} of type {kind}")
    settings: dict[str, Any] = {name: connections[name].settings for name in NEEDED}
    listen, device, booked = settings["his_in"].listen, settings["device_db"], settings["http_appointments"]
    return Places(
        os.environ.get("WAYBILL_WEB", WEB),
        f"http://{listen.host}:{listen.port}{settings['his_in'].path}",
        settings["his_out"].url,
        settings["ca"].url.rstrip("/"),
        settings["ca"].app_id,
        settings["ca"].key.name,
        device.driver,
        Path(device.file),
        Path(settings["device_dir"].path),
        f"http://{booked.listen.host}:{booked.listen.port}{next(iter(booked.paths))}",
        Path(settings["scan_drop"].path),
    )


def _host_port(name: str, url: str) -> tuple[str, int]:
    try:
        parts = urlsplit(url)
        if parts.hostname and parts.port:
            return parts.hostname, parts.port
    except ValueError:  # a port that is no number
        pass
    raise DemoFailed(f"the address of {name} has no host and port: {url}")
