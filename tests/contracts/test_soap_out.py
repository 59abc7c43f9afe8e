"""`soap_out` keeps the contract of a sink."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from typing import Any

from engine.message import Request, Xml
from tests.contracts.base import Mood, SinkContract
from tests.contracts.fakes import NAME, World
from tests.contracts.soap_peer import RESPONSE, SoapPeer, fault, result

BODY = f"<Request><Header/><Body><RegisterDocumentRt><N>{NAME}</N></RegisterDocumentRt></Body></Request>"


class TestSoapOut(SinkContract):
    TYPE = "soap_out"

    def settings(self, world: World) -> Any:
        peer = world.services.extra.get("peer")
        return self.module.Settings(url=f"http://127.0.0.1:{peer[1] if peer else 1}/his")

    async def peer(self, world: World, mood: Mood) -> None:
        if mood is Mood.DOWN:
            with socket.socket() as closed:
                closed.bind(("127.0.0.1", 0))
                self.keep(world, None, closed.getsockname()[1])
            return
        behave: dict[Mood, Any] = {
            Mood.GOOD: (200, result(RESPONSE.format("0"))),
            Mood.REFUSES: (500, fault("Client", f"{NAME} is not wanted")),
            Mood.DOUBT: None,
        }
        peer = SoapPeer(lambda _: behave[mood])
        peer.listen(world.services.reactor)
        self.keep(world, peer, peer.number)

    def keep(self, world: World, peer: SoapPeer | None, port: int) -> None:
        extra: Any = world.services.extra
        extra["peer"] = (peer, port)

    async def end(self, world: World) -> None:
        peer = world.services.extra["peer"][0]
        if peer is not None:
            await peer.close()

    def request(self, world: World) -> Request:
        arguments = {"body": Xml(BODY.encode())}
        return Request("RegisterDocumentRt", arguments, "k" * 64, datetime(2026, 11, 20, tzinfo=UTC), timeout=0.4)

    def effects(self, world: World) -> int:
        peer = world.services.extra["peer"][0]
        return len(peer.bodies) if peer is not None else 0
