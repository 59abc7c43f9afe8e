"""The engine's end of a device's database: calls go to the agent, and the agent is asked how it is meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from channels._agent.link import Link
from channels._agent.settings import Agent
from channels._agent.share import within
from engine.channel import Health, HealthState, Services
from engine.message import Failure, Request, Response
from engine.repeat import Repeat

LOOK = 30.0
"""Seconds between two looks at the agent and its file."""
LOOK_TIME = 10.0


class FarRows:
    """What `access` asks of an agent."""

    def __init__(self, name: str, agent: Agent, services: Services, in_flight: int) -> None:
        self._name = name
        self._services = services
        self._link = Link(name, agent, services, "access", in_flight + 1)
        self._looking: Repeat | None = None
        self._task: Any = None

    async def start(self, tell: Callable[[Health], None]) -> None:
        """Raises `Unavailable` when secret or certificates are not there; an agent that is away is told as health."""
        await self._link.start()

        async def look() -> None:
            tell(await self.probe(LOOK_TIME))

        if self._looking is None:
            self._looking = Repeat(self._services.reactor, f"agent of {self._name}", LOOK, look)
            self._task = self._services.spawn(f"agent of {self._name}", self._looking.run())

    async def stop(self) -> None:
        looking, self._looking = self._looking, None
        if looking is not None:
            looking.stop()
            self._task.cancel()
        await self._link.stop()

    def say(self, health: Health) -> None:
        """The connection's own state; the end of its certificate is laid over it."""
        if health.state is HealthState.UP:
            health = self._good()
        self._link.voice.say(health.state, health.reason)

    async def probe(self, seconds: float) -> Health:
        """Whether the agent can open the file; also when the connection is not started, for `waybill check`."""
        running = self._link.started
        try:
            await self._link.start()
            await self._link.ask("probe", {}, seconds)
        except Failure as failure:
            return Health(HealthState.DOWN, failure.reason)
        finally:
            if not running:
                await self._link.stop()
        return self._good()

    async def call(self, request: Request) -> Response:
        answer = await self._link.ask(request.operation, _fields(request), request.timeout)
        return _response(answer)

    async def ask(self, request: Request) -> Response | None:
        answer = await self._link.ask("ask", _fields(request), request.timeout)
        return _response(answer) if answer.get("done") else None

    def _good(self) -> Health:
        notice = self._link.notice
        return Health(HealthState.DEGRADED, f"agent: {notice}") if notice else Health(HealthState.UP)


def _fields(request: Request) -> dict[str, Any]:
    return {"arguments": dict(request.arguments), "key": request.key, "seconds": within(request.timeout)}


def _response(answer: dict[str, Any]) -> Response:
    return Response(answer.get("value"), str(answer.get("summary", ""))[:200])
