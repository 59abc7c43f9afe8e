"""The agent's end: one HTTPS door. Who may ask is decided before a body is read, what is asked is in the body.

Nothing here knows an operating system: sockets are Twisted's, and the agent keeps no file of its own.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Protocol

from channels._agent import words
from channels._agent.sessions import Session, Sessions
from channels._http.credentials import Auth, Credential, read
from channels._http.httpd import Exchange
from channels._http.listener import Listener, Listening
from channels._http.wrong import Wrong
from engine.channel import HealthState, Services
from engine.message import Failure, Refused, Unavailable
from engine.site.settings import Secret, option

log = logging.getLogger(__name__)

JSON = "application/json"
TOLD_AGAIN = 60.0
"""Seconds in which a refused caller is written down once, however often it comes."""


@dataclass(frozen=True)
class Door(Listening):
    """Where an agent listens, and what a caller must show: `secret`, a certificate (`tls.client: required`), or both.

    Beyond this computer it is TLS, and `allow` names the engine's address.
    """

    secret: Secret | None = option("what callers must show; `waybill agent --pair` makes it", default=None)

    def __post_init__(self) -> None:
        Listening.__post_init__(self)
        if not self.listen.loopback and self.tls is None:
            raise ValueError("an agent beyond this computer needs `tls: {certificate: ..., key: ...}`")
        if self.secret is None and (self.tls is None or self.tls.client != "required"):
            raise ValueError("an agent needs `secret: {secret: NAME}`, or `tls` with `client: required`")


@dataclass(frozen=True, slots=True)
class Bytes:
    """An answer that is no JSON."""

    status: int
    data: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: what it holds, and whether its sender has hung up."""

    fields: Mapping[str, Any] = field(repr=False)
    session: Session
    exchange: Exchange

    @property
    def gone(self) -> bool:
        return bool(self.exchange._disconnected)

    def text(self, word: str) -> str:
        """A field that must be text."""
        found = self.fields.get(word)
        if not isinstance(found, str):
            raise Refused(words.NOT_UNDERSTOOD, f"`{word}` is missing or no text")
        return found

    def number(self, word: str, most: float) -> float:
        """A field that must be a number from 0 to `most`."""
        found = self.fields.get(word)
        if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found <= most:
            raise Refused(words.NOT_UNDERSTOOD, f"`{word}` is missing or no number from 0 to {most:g}")
        return found


class Service(Protocol):
    """What is served under one name. kind: the channel's word."""

    kind: str

    async def answer(self, act: str, asked: Asked) -> Mapping[str, Any] | Bytes: ...


class Server:
    """Answers on one address with what it serves, by name."""

    def __init__(self, door: Door, services: Services, served: Mapping[str, Service]) -> None:
        self._services = services
        self._secret = door.secret
        self._served = served
        self._sessions = Sessions()
        self._credential: Credential | None = None
        self._wrong = Wrong(services.reactor)
        self._told: dict[str, float] = {}
        self._listener = Listener("agent", door, services, (words.PATH.encode(),), self)

    @property
    def port(self) -> int:
        """The port that is listened on, also where 0 was asked for."""
        return self._listener.number

    async def start(self) -> None:
        """Raises `Unavailable`."""
        if self._secret is not None:
            self._credential = await self._services.threads.run(
                "secrets", read, Auth(bearer=self._secret), self._services.secret
            )
        await self._listener.start()

    async def stop(self) -> None:
        await self._listener.stop(_stopping)

    # -- what the listener asks

    def judge(self, exchange: Exchange, length: int | None) -> int:
        """Before the body is read: only who shows the secret may send one."""
        credential = self._credential
        if credential is not None:
            presented = exchange.text_header(credential.header.encode())
            if refused := self._wrong.judge(credential, presented, exchange.client.host):
                return refused
        return 0 if exchange.command == b"POST" else int(HTTPStatus.METHOD_NOT_ALLOWED)

    def refuse(self, exchange: Exchange, status: int) -> None:
        if status in (401, 403):
            self._write_down(exchange.client.host)
        self._listener.spawn(exchange, self._refused(exchange, status))

    async def _refused(self, exchange: Exchange, status: int) -> None:
        if status == HTTPStatus.UNAUTHORIZED:
            await self._wrong.wait(exchange.client.host)
        reason = HTTPStatus(status).phrase
        exchange.answer(status, JSON, words.failure_to_json(Refused(words.NOT_UNDERSTOOD, reason)))

    def serve(self, exchange: Exchange) -> None:
        self._listener.spawn(exchange, self._work(exchange))

    # -- parts

    async def _work(self, exchange: Exchange) -> None:
        try:
            answer = await self._answer(exchange)
        except Failure as failure:
            exchange.answer(words.status_of(failure), JSON, words.failure_to_json(failure))
            return
        if isinstance(answer, Bytes):
            exchange.answer(answer.status, "application/octet-stream", answer.data, **answer.headers)
        else:
            exchange.answer(200, JSON, words.to_json({**answer, "notice": self._notice()}))

    async def _answer(self, exchange: Exchange) -> Mapping[str, Any] | Bytes:
        fields = words.from_json(exchange.body())
        if fields is None:
            raise Refused(words.NOT_UNDERSTOOD, "the request is no JSON object")
        if fields.get("act") == "hello":
            return self._hello(fields)
        session = self._sessions.get(fields.get("session"))
        if session is None:
            return Bytes(words.SESSION_OVER)
        count = fields.get("count")
        if not isinstance(count, int) or not session.takes(count):
            raise Refused(words.NOT_UNDERSTOOD, "this request has come before")
        service = self._served.get(str(fields.get("name")))
        if service is None:
            raise Unavailable(words.NOT_SERVED, "nothing of this name is served")
        return await service.answer(str(fields.get("act")), Asked(fields, session, exchange))

    def _hello(self, fields: Mapping[str, Any]) -> Mapping[str, Any]:
        protocols = fields.get("protocols")
        if not isinstance(protocols, list) or words.PROTOCOL not in protocols:
            reason = f"this agent speaks protocol {words.PROTOCOL}, the engine does not: update the older one"
            raise Unavailable(words.OTHER_VERSION, reason)
        served = {name: service.kind for name, service in self._served.items()}
        return {"protocol": words.PROTOCOL, "session": self._sessions.new(), "serves": served}

    def _notice(self) -> str:
        """The agent's word on its own certificate; the engine makes it a reason of its connection."""
        told = self._listener.voice.told
        return told.reason if told is not None and told.state is not HealthState.UP else ""

    def _write_down(self, host: str) -> None:
        now = self._services.reactor.seconds()
        self._told = {one: at for one, at in self._told.items() if now - at < TOLD_AGAIN}
        if host not in self._told and len(self._told) < 100:
            self._told[host] = now
            log.warning("%s shows no secret that is taken, or its address is not in `allow`", host)


def _stopping(exchange: Exchange) -> None:
    failure = Unavailable(words.AWAY, "the agent is stopping")
    exchange.answer(words.status_of(failure), JSON, words.failure_to_json(failure))
