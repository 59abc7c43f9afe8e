"""What `waybill scan-upload` says to the server: a file in pieces, gone on with where it was cut off."""

from __future__ import annotations

import hashlib
import http.client
import json
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from engine.message import Refused

PIECE = 1 << 20
"""Bytes: what a slow line carries in the server's patience."""
TIMEOUT = 60.0
LOOPBACK = ("127.0.0.1", "localhost", "::1")
BAD_ADDRESS = "WB-8620"  # no address to send to, or one that would show the token
DIFFERENT, ELSEWHERE = "WB-8603", "WB-8605"
AGAIN = 3
"""How often one file is begun anew before it is left for later."""


class Away(Exception):
    """The server cannot be reached, or says that it cannot just now: everything stays where it is."""


class Turned(Exception):
    """The server does not take this computer's token: nothing goes until a person has looked."""


class Server:
    """One server, one connection that is kept. context: how TLS is verified."""

    def __init__(self, url: str, token: str, context: ssl.SSLContext | None = None) -> None:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme not in ("https", "http") or not host:
            raise Refused(BAD_ADDRESS, "the server's address begins with https://")
        if parts.scheme == "http" and host not in LOOPBACK:
            raise Refused(BAD_ADDRESS, "the token would go over the network for all to read: write https://")
        self._base = parts.path.rstrip("/") + "/api/v1/scan/uploads"
        self._token = token
        if parts.scheme == "http":
            self._link = http.client.HTTPConnection(host, parts.port or 80, timeout=TIMEOUT)
        else:
            context = context or ssl.create_default_context()
            self._link = http.client.HTTPSConnection(host, parts.port or 443, timeout=TIMEOUT, context=context)

    def begin(self, about: dict[str, Any]) -> dict[str, Any]:
        """Announce a file."""
        return self._ask("POST", "", json.dumps(about).encode(), "application/json")

    def piece(self, upload: str, offset: int, data: bytes) -> dict[str, Any]:
        """Send a piece."""
        return self._ask("PUT", f"/{upload}?offset={offset}", data, "application/octet-stream")

    def close(self) -> None:
        self._link.close()

    def _ask(self, method: str, path: str, body: bytes, kind: str) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": kind}
        try:
            self._link.request(method, self._base + path, body, headers)
            answer = self._link.getresponse()
            status, data = answer.status, answer.read(1 << 16)
        except ssl.SSLCertVerificationError as error:
            self._link.close()
            raise Away(f"the server's certificate is not trusted ({error.verify_message})") from None
        except (OSError, http.client.HTTPException) as error:
            self._link.close()
            raise Away(f"the server does not answer ({type(error).__name__})") from None
        found = _json(data)
        if status == 200 and "state" in found:
            return found
        code, detail = str(found.get("code", "")), str(found.get("detail", ""))
        if status in (401, 403):
            raise Turned(f"{code} {detail or 'the server does not take the token'}".strip())
        if status >= 500 or status in (408, 429) or not code:
            raise Away(f"the server cannot take it now ({status} {code} {detail})".replace("  ", " "))
        raise Refused(code, detail)


def _json(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def send(server: Server, file: Path, station: str, kind: str, told: Callable[[int, int], None]) -> str:
    """One file, until the server has it with its hash: `sent`, or `known` when it had it before.

    Raises `Away`, `Turned`, `Refused`. told: called with bytes done and bytes of all.
    """
    size, sha256 = file.stat().st_size, _digest(file)
    about = {"name": file.name, "size": size, "sha256": sha256, "station": station, "content_type": kind}
    for left in reversed(range(AGAIN)):
        try:
            at = server.begin(about)
            if at["state"] == "done":
                return "known"
            return _pieces(server, file, size, at, told)
        except Refused as refusal:
            if refusal.code not in (DIFFERENT, ELSEWHERE) or not left:
                raise
    raise AssertionError("the last time returns or raises")


def _pieces(server: Server, file: Path, size: int, at: dict[str, Any], told: Callable[[int, int], None]) -> str:
    with file.open("rb") as source:
        while at["state"] == "open":
            offset = int(at["received"])
            told(offset, size)
            source.seek(offset)
            before, at = at, server.piece(str(at["id"]), offset, source.read(PIECE))
            if at["state"] == "open" and at["received"] <= before["received"]:
                raise Refused(DIFFERENT, "the file became shorter while it was sent")
    if at["state"] != "done":
        raise Refused(DIFFERENT, "the server has ended the upload")
    told(size, size)
    return "sent"


def _digest(file: Path) -> str:
    found = hashlib.sha256()
    with file.open("rb") as source:
        while piece := source.read(PIECE):
            found.update(piece)
    return found.hexdigest()
