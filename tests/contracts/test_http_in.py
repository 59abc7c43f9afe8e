"""`http_in` keeps the contract of a source."""

from __future__ import annotations

import json
from typing import Any

import treq
from twisted.internet.error import ConnectionLost
from twisted.web.client import ResponseNeverReceived
from twisted.web.http_headers import Headers

from engine.site.settings import Listen
from tests.contracts.base import Answer, SourceContract
from tests.contracts.fakes import NAME, World

ORDER = json.dumps({"Body": {"AddRisAppBillRt": {"PATName": NAME}}}, ensure_ascii=False)


class TestHttpIn(SourceContract):
    TYPE = "http_in"

    def settings(self, world: World) -> Any:
        paths = {"/orders": "AddRisAppBillRt", "/nobody": "Unheard"}
        return self.module.Settings(listen=Listen("127.0.0.1", 0), paths=paths)

    async def deliver(self, channel: Any, world: World) -> Answer:
        return await self.post(channel, "/orders")

    async def deliver_bad(self, channel: Any, world: World) -> Answer:
        return await self.post(channel, "/nobody")

    async def post(self, channel: Any, path: str) -> Answer:
        """Post the order over a connection of its own."""
        url, headers = f"http://127.0.0.1:{channel.port}{path}", Headers({"Content-Type": ["application/json"]})
        try:
            response = await treq.post(url, ORDER.encode(), headers=headers, persistent=False)
            answer = await response.text()
        except (ResponseNeverReceived, ConnectionLost):
            return Answer.LOST
        assert NAME not in answer
        if response.code == 503:
            return Answer.BUSY
        if response.code in (200, 202):
            return Answer.ACCEPTED
        return Answer.REFUSED if 400 <= response.code < 500 else Answer.FAILED
