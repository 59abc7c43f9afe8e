"""`smtp_out` keeps the contract of a sink, with a real mail server."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from typing import Any

from engine.message import Request
from tests.contracts.base import Mood, SinkContract
from tests.contracts.fakes import NAME, World
from tests.contracts.smtp_peer import SmtpPeer


class TestSmtpOut(SinkContract):
    TYPE = "smtp_out"

    def settings(self, world: World) -> Any:
        port = world.services.extra.get("peer", (None, 25))[1]
        return self.module.Settings(host="127.0.0.1", port=port, security="none", sender="waybill@example.org")

    async def peer(self, world: World, mood: Mood) -> None:
        extra: Any = world.services.extra
        if mood is Mood.DOWN:
            with socket.socket() as closed:
                closed.bind(("127.0.0.1", 0))
                extra["peer"] = (None, closed.getsockname()[1])
            return
        peer = SmtpPeer()
        peer.code = 554 if mood is Mood.REFUSES else 0
        peer.silent = mood is Mood.DOUBT
        extra["peer"] = (peer, peer.listen(world.services.reactor))

    async def end(self, world: World) -> None:
        peer = world.services.extra["peer"][0]
        if peer is not None:
            await peer.close()

    def request(self, world: World) -> Request:
        arguments = {"addresses": ["it@example.org"], "subject": "an alert", "text": f"planted: {NAME}"}
        return Request("mail", arguments, "k" * 64, datetime(2026, 11, 20, tzinfo=UTC), timeout=0.8)

    def effects(self, world: World) -> int:
        peer = world.services.extra["peer"][0]
        return len(peer.letters) if peer is not None else 0
