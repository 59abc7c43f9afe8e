"""A sink in the same process: for tests of routes, and for programs that embed the engine."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.channel import Health, HealthState, Services
from engine.message import Repeat, Request, Response, Unavailable, Value
from engine.site.paths import Template
from engine.site.settings import TransformFile, option


@dataclass(frozen=True)
class Settings:
    """What it keeps."""

    keep: int = option("how many requests are kept for reading", 1000)
    repeat: Repeat = option("how a repeat is treated after doubt", "unknown")
    max_in_flight: int = option("requests at a time", 8)


@dataclass(frozen=True)
class Call:
    """Any operation word."""

    body: TransformFile | Template | None = option("what is sent", None)


CALLS = {"*": Call}

Answer = Callable[[Request], Value]


class Channel:
    """Keeps each request and answers with what `answer` returns (nothing unless a program sets it)."""

    def __init__(self, name: str, settings: Settings, services: Services) -> None:
        self.name = name
        self.settings = settings
        self.requests: deque[Request] = deque(maxlen=settings.keep)
        self.answer: Answer = lambda request: None
        self._services = services
        self._started = False

    async def start(self, _inbox: object = None) -> None:
        self._started = True
        self._services.health(self.name, Health(HealthState.UP))

    async def stop(self) -> None:
        if self._started:
            self._started = False
            self._services.health(self.name, Health(HealthState.STOPPED))

    async def call(self, request: Request) -> Response:
        """`answer` may raise the three failures."""
        if not self._started:
            raise Unavailable("WB-3001", "the channel is stopped")
        self.requests.append(request)
        return Response(self.answer(request))

    def repeat(self, operation: str, arguments: Mapping[str, Any]) -> Repeat:
        return self.settings.repeat

    async def ask(self, request: Request) -> Response | None:
        """What became of the effect with this key: answered from the kept requests."""
        for kept in self.requests:
            if kept.key == request.key:
                return Response(self.answer(kept))
        return None
