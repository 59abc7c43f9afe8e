"""`mllp_out` keeps the contract of a sink."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from typing import Any

from engine.message import Hl7, Request
from tests.contracts.base import Mood, SinkContract
from tests.contracts.fakes import World
from tests.contracts.mllp_peer import Peer, good, message


class TestMllpOut(SinkContract):
    TYPE = "mllp_out"

    def settings(self, world: World) -> Any:
        peer = world.services.extra.get("peer")
        return self.module.Settings(host="127.0.0.1", port=peer[1] if peer else 1)

    async def peer(self, world: World, mood: Mood) -> None:
        if mood is Mood.DOWN:
            with socket.socket() as closed:
                closed.bind(("127.0.0.1", 0))
                self.keep(world, None, closed.getsockname()[1])
            return
        behave: dict[Mood, Any] = {
            Mood.GOOD: good,
            Mood.REFUSES: lambda connection, _: connection.answer("AR"),
            Mood.DOUBT: lambda connection, _: None,
        }
        peer = Peer(behave[mood]).listen(world.services.reactor)
        self.keep(world, peer, peer.number)

    def keep(self, world: World, peer: Peer | None, port: int) -> None:
        extra: Any = world.services.extra
        extra["peer"] = (peer, port)

    async def end(self, world: World) -> None:
        peer = world.services.extra["peer"][0]
        if peer is not None:
            await peer.close()

    def request(self, world: World) -> Request:
        arguments = {"message": Hl7(message())}
        return Request("send", arguments, "k" * 64, datetime(2026, 11, 20, tzinfo=UTC), timeout=0.4)

    def effects(self, world: World) -> int:
        peer = world.services.extra["peer"][0]
        return len(peer.messages) if peer is not None else 0
