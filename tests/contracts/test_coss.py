"""`coss` keeps the contract of a sink; its peer is the CA simulator's own HTTP server."""

from __future__ import annotations

import json
import socket
from datetime import UTC, datetime
from typing import Any, ClassVar

from engine.message import Request
from engine.site.settings import Secret
from tests.channels.coss_peer import Peer
from tests.contracts.base import Mood, SinkContract
from tests.contracts.fakes import NAME, World

KEY = "contract-key"


class TestCoss(SinkContract):
    TYPE = "coss"
    SECRETS: ClassVar[dict[str, str]] = {"ca_hmac": KEY}

    def settings(self, world: World) -> Any:
        port = world.services.extra.get("port", 1)
        return self.module.Settings(url=f"http://127.0.0.1:{port}", app_id="demo", key=Secret("ca_hmac"))

    async def peer(self, world: World, mood: Mood) -> None:
        extra: Any = world.services.extra
        closed = socket.socket()
        closed.bind(("127.0.0.1", 0))
        extra |= {"socket": closed, "port": closed.getsockname()[1], "peer": None}
        if mood is Mood.DOUBT:
            closed.listen()  # the kernel takes the connection and the request; nobody reads it
        elif mood is not Mood.DOWN:
            folder = world.services.state.parent / "ca"
            peer = Peer(folder, KEY if mood is Mood.GOOD else "another key")
            extra |= {"peer": peer, "port": peer.port}

    async def end(self, world: World) -> None:
        world.services.extra["socket"].close()
        if world.services.extra["peer"] is not None:
            world.services.extra["peer"].stop()

    def request(self, world: World) -> Request:
        pdf = world.blobs.put(b"%PDF-1.4 report of " + NAME.encode(), "application/pdf")
        fields = {"userId": "U-D9001", "title": NAME, "expiryDate": 5, "pdfFileStr": pdf}
        at = datetime(2026, 11, 20, tzinfo=UTC)
        return Request("addPdfSignJob", {"fields": fields}, "k" * 64, at, timeout=0.8)

    def effects(self, world: World) -> int:
        log = world.services.state.parent / "ca" / "calls.jsonl"
        lines = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
        return sum(line.get("call") == "addPdfSignJob" and line["status"] == "200" for line in lines)
