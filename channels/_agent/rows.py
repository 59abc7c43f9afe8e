"""At the agent: one device's database, answered by the very channel that the engine would run beside the file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from channels._agent import words
from channels._agent.server import Asked, Bytes
from engine.channel import Health, HealthState
from engine.message import Refused, Request, Response, Unavailable

LONGEST = 600.0
"""Seconds that one job may be given."""


class Sink(Protocol):
    """What `channels.access.Channel` is."""

    async def call(self, request: Request) -> Response: ...
    async def ask(self, request: Request) -> Response | None: ...
    async def probe(self) -> Health: ...


class Rows:
    """Acts: the operations of `access`, `ask` and `probe`. shapes: the words that each operation needs."""

    kind = "access"

    def __init__(self, channel: Sink, shapes: Mapping[str, Mapping[str, type | tuple[type, ...]]]) -> None:
        self._channel = channel
        self._shapes = shapes

    async def answer(self, act: str, asked: Asked) -> Mapping[str, Any] | Bytes:
        if act == "probe":
            return await _probed(self._channel)
        if act == "ask":
            found = await self._channel.ask(self._request("insert", asked))
            return {"done": found is not None, **({} if found is None else _told(found))}
        if act not in self._shapes:
            raise Refused(words.NOT_UNDERSTOOD, f"a database is not asked for `{act[:20]}`")
        return _told(await self._channel.call(self._request(act, asked)))

    def _request(self, operation: str, asked: Asked) -> Request:
        arguments = asked.fields.get("arguments")
        if not isinstance(arguments, dict):
            raise Refused(words.NOT_UNDERSTOOD, "`arguments` is missing or no object")
        for word, kind in self._shapes[operation].items():
            if not isinstance(arguments.get(word), kind):
                raise Refused(words.NOT_UNDERSTOOD, f"`{word}` is missing or of another kind")
        seconds = asked.number("seconds", LONGEST)
        return Request(operation, arguments, asked.text("key"), datetime.now(UTC), timeout=seconds)


async def _probed(channel: Sink) -> Mapping[str, Any]:
    health = await channel.probe()
    if health.state is HealthState.DOWN:
        raise Unavailable(words.AWAY, health.reason)
    return {"health": str(health.state)}


def _told(response: Response) -> Mapping[str, Any]:
    return {"value": response.value, "summary": response.summary}
