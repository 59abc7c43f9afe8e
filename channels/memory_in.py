"""Messages from the same process: for tests of routes, and for programs that embed the engine."""

from __future__ import annotations

from dataclasses import dataclass

from twisted.internet.defer import CancelledError, Deferred

from engine.channel import Health, HealthState, Inbox, Services
from engine.message import Incoming, Refused, Reply, Unavailable
from engine.site.settings import option

STOPPED = Unavailable("WB-1012", "the channel is stopped")


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
        self._under_way: set[Deferred[Reply]] = set()

    async def start(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._services.health(self.name, Health(HealthState.UP))

    async def stop(self) -> None:
        """Whoever waits for a reply is told that the channel is stopped."""
        if self._inbox is None:
            return
        self._inbox = None
        for waiting in list(self._under_way):
            waiting.cancel()
        self._services.health(self.name, Health(HealthState.STOPPED))

    async def put(self, operation: str, body: bytes, identity: tuple[str, ...] | None = None) -> Reply:
        """Hand in one message; raises what the inbox raises, `Unavailable` when stopped."""
        inbox = self._inbox
        if inbox is None:
            raise STOPPED
        incoming = Incoming(self.name, operation, body, self.settings.content_type, {}, identity)
        if operation not in inbox.operations(self.name):
            await inbox.reject(incoming, "WB-1004", "no route receives this operation")
            raise Refused("WB-1004", "no route receives this operation")
        waiting: Deferred[Reply] = Deferred.fromCoroutine(inbox.accept(incoming))
        self._under_way.add(waiting)
        try:
            return await waiting
        except CancelledError:
            if self._inbox is None:
                raise STOPPED from None
            raise
        finally:
            self._under_way.discard(waiting)
