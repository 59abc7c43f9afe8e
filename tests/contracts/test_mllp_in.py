"""`mllp_in` keeps the contract of a source."""

from __future__ import annotations

from typing import Any

from engine.site.settings import Listen
from tests.contracts.base import Answer, SourceContract
from tests.contracts.fakes import NAME, World
from tests.contracts.mllp_peer import connect, fields, message


class TestMllpIn(SourceContract):
    TYPE = "mllp_in"

    def settings(self, world: World) -> Any:
        return self.module.Settings(listen=Listen("127.0.0.1", 0), operations={"ADT_A01": "AddRisAppBillRt"})

    async def deliver(self, channel: Any, world: World) -> Answer:
        return await self.send(channel, world, message())

    async def deliver_bad(self, channel: Any, world: World) -> Answer:
        return await self.send(channel, world, f"PID|1||{NAME}\r".encode())

    async def send(self, channel: Any, world: World, content: bytes) -> Answer:
        """Send over a connection of its own."""
        client = await connect(world.services.reactor, channel.port)
        try:
            client.send(content)
            (answer,) = await client.answered()
        except ConnectionError:
            return Answer.LOST
        finally:
            client.transport.loseConnection()
            await client.closed
        assert NAME.encode() not in answer
        code, text = fields(answer)[1], "|".join(fields(answer)[3:4])
        if code == "AA":
            return Answer.ACCEPTED
        return Answer.BUSY if "WB-1012" in text else Answer.FAILED if "WB-1000" in text else Answer.REFUSED
