"""`http_out` keeps the contract of a sink: with a peer that knows no repeat, and with one that knows our key."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from typing import Any

from engine.message import Request
from tests.contracts.base import Mood, SinkContract
from tests.contracts.fakes import NAME, World
from tests.contracts.http_peer import HttpPeer, Says, Sent


class TestHttpOut(SinkContract):
    TYPE = "http_out"
    HEADER = ""

    def settings(self, world: World) -> Any:
        peer = world.services.extra.get("peer")
        return self.module.Settings(url=f"http://127.0.0.1:{peer[1] if peer else 1}/api")

    async def peer(self, world: World, mood: Mood) -> None:
        extra: Any = world.services.extra
        if mood is Mood.DOWN:
            with socket.socket() as closed:
                closed.bind(("127.0.0.1", 0))
                extra["peer"] = (None, closed.getsockname()[1])
            return
        peer = HttpPeer(lambda sent: self.behave(peer, mood, sent))
        peer.listen(world.services.reactor)
        extra["peer"] = (peer, peer.number)

    def behave(self, peer: HttpPeer, mood: Mood, sent: Sent) -> Says | None:
        if mood is Mood.REFUSES:
            return Says(422, f"{NAME} is not wanted".encode())
        key = sent.headers.get(self.HEADER.lower()) or f"nobody {len(peer.done)}"
        peer.done[key] = 1
        return None if mood is Mood.DOUBT else Says(201, b'{"ok": true}', {"content-type": "application/json"})

    async def end(self, world: World) -> None:
        peer = world.services.extra["peer"][0]
        if peer is not None:
            await peer.close()

    def request(self, world: World) -> Request:
        arguments = {"path": "orders", "body": {"name": NAME}, "idempotency_header": self.HEADER}
        return Request("post", arguments, "k" * 64, datetime(2026, 11, 20, tzinfo=UTC), timeout=0.4)

    def effects(self, world: World) -> int:
        peer = world.services.extra["peer"][0]
        return len(peer.done) if peer is not None else 0


class TestHttpOutWithAKey(TestHttpOut):
    """The peer does what has the same key once."""

    HEADER = "Idempotency-Key"
