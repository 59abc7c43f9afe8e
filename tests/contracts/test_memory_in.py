"""memory_in keeps the contract of a source."""

from __future__ import annotations

from typing import Any

from channels.memory_in import Settings
from engine.message import Refused, Unavailable
from tests.contracts.base import Answer, SourceContract
from tests.contracts.fakes import NAME, World

BODY = f"<order><name>{NAME}</name></order>".encode()


class TestMemoryIn(SourceContract):
    TYPE = "memory_in"

    def settings(self, world: World) -> Any:
        return Settings()

    async def deliver(self, channel: Any, world: World) -> Answer:
        return await self._put(channel, world, "AddRisAppBillRt")

    async def deliver_bad(self, channel: Any, world: World) -> Answer:
        return await self._put(channel, world, "Unheard")

    async def _put(self, channel: Any, world: World, operation: str) -> Answer:
        try:
            reply = await channel.put(operation, BODY)
        except Unavailable:
            return Answer.BUSY
        except Refused:
            return Answer.REFUSED
        except RuntimeError as error:
            world.bugs.append(error)  # the sender is in the same process: it meets the bug itself
            return Answer.FAILED
        return Answer.ACCEPTED if reply.ok else Answer.REFUSED
