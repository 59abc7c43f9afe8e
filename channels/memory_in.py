"""Messages from the same process: for tests of routes, and for programs that embed the engine."""

from __future__ import annotations

from dataclasses import dataclass

from engine.channel import Health, HealthState, Inbox, Services
from engine.message import Incoming, Reply, Unavailable
from engine.site.settings import option


@dataclass(frozen=True)
class Settings:
    """Nothing listens: a program hands messages to `Channel.put`."""

    content_type: str = option("content type of what is put in", "application/xml")


class Channel:
    """A source whose sender awaits the reply."""

    def __init__(self, name: str, settings: Settings, services: Services) -> None:
        self.name = name
        self.settings = settings
        self._services = services
        self._inbox: Inbox | None = None

    async def start(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._services.health(self.name, Health(HealthState.UP))

    async def stop(self) -> None:
        self._inbox = None
        self._services.health(self.name, Health(HealthState.STOPPED))

    async def put(self, operation: str, body: bytes, identity: tuple[str, ...] | None = None) -> Reply:
        """Hand in one message; raises what the inbox raises, `Unavailable` when stopped."""
        if self._inbox is None:
            raise Unavailable("WB-1012", "the channel is stopped")
        incoming = Incoming(self.name, operation, body, self.settings.content_type, {}, identity)
        return await self._inbox.accept(incoming)
