"""What channels that are called over HTTP have in common: settings, the door on the port, TLS, start, stop, health."""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Protocol

from twisted.internet.task import deferLater

from channels._http.httpd import Connection, Exchange, HttpPort, networks, shared_port
from channels._tls.certificates import Certificates
from channels._tls.settings import Tls, check_listening
from channels._tls.voice import Voice
from engine.channel import Health, HealthState, Services
from engine.message import Unavailable
from engine.site.settings import Duration, Listen, Size, option

NOT_ALLOWED = "WB-1014"
"""The sender's address is in no network of `allow`. Such requests are not kept: anybody could fill the disk."""

STOPPING = "WB-1012"

_GRACE = 2.0
"""Seconds that requests in hand get to become durable when the channel stops."""

_LAST_RESORT = (HTTPStatus.INTERNAL_SERVER_ERROR, "text/plain; charset=utf-8", b"an error of the engine\n")


@dataclass(frozen=True)
class Listening:
    """The settings of a listener."""

    listen: Listen = option("address and port; several connections may share one with different paths")
    tls: Tls | None = option("listen with TLS; connections on one address need the same", default=None)
    allow: tuple[str, ...] = option("networks that may send, as `10.1.0.0/16`; needed beyond loopback", default=())
    max_body: Size = option("largest request; a larger one is answered 413 unread", default=Size(4 << 20))
    max_connections: int = option("simultaneous connections of this address", default=256)
    backlog: int = option("connections that may wait to be taken", default=128)
    idle: Duration = option("a connection without a request is closed after this time", default=Duration(75))
    receive_time: Duration = option("a request must have arrived completely within this time", default=Duration(30))

    def __post_init__(self) -> None:
        networks(self.allow)
        check_listening(self.tls)
        if not self.listen.loopback and not self.allow:
            raise ValueError("a listener beyond loopback needs `allow: [network, ...]`")


class Answering(Protocol):
    """The channel behind a listener. `judge`: the status that refuses a request before its body is read, or 0."""

    def judge(self, exchange: Exchange, length: int | None) -> int: ...
    def refuse(self, exchange: Exchange, status: int) -> None: ...
    def serve(self, exchange: Exchange) -> None: ...


class Listener:
    """A channel's door on the port of its address. Only who is in `allow` reaches the channel."""

    def __init__(
        self, name: str, settings: Listening, services: Services, paths: tuple[bytes, ...], channel: Answering
    ) -> None:
        self.name = name
        self.paths = paths
        self.tls = settings.tls
        self.server: Any = None
        self.max_body = int(settings.max_body)
        self.max_connections = settings.max_connections
        self.backlog = settings.backlog
        self.idle = float(settings.idle)
        self.receive_time = float(settings.receive_time)
        self.voice = Voice(name, services)
        self._listen = settings.listen
        self._networks = networks(settings.allow)
        self._services = services
        self._channel = channel
        self._certificates = Certificates(name, settings.tls, services, self.voice)
        self._port: HttpPort | None = None
        self._in_hand: dict[Exchange, None] = {}

    @property
    def number(self) -> int:
        """The port that is listened on, 0 when none is."""
        return self._port.number if self._port else 0

    @property
    def connections(self) -> Collection[Connection]:
        """The connections that are open on the port."""
        return self._port.connections if self._port else ()

    async def start(self) -> None:
        """Listen. Raises `Unavailable`: WB-3010 when the address cannot be used, WB-3101 for its certificates."""
        if self._port is not None:
            return
        ports: MutableMapping[Any, Any] = self._services.extra.get("http_ports", {})
        port = shared_port(ports, self._services.reactor, self._listen.host, self._listen.port)
        await self._certificates.start()
        try:
            self._open(port)
        except Unavailable as failure:
            self._certificates.stop()
            self.voice.say(HealthState.DOWN, failure.reason)
            raise
        self._port = port
        self.voice.say(HealthState.UP)

    async def stop(self, tell: Callable[[Exchange], None]) -> None:
        """Take no more, let what is in hand become durable for a moment; `tell` the rest to send it again."""
        port, self._port = self._port, None
        if port is None:
            return
        for _ in range(int(_GRACE / 0.02)):
            if not self._in_hand:
                break
            await deferLater(self._services.reactor, 0.02)
        for exchange in list(self._in_hand):
            tell(exchange)
        await port.close(self)
        self._certificates.stop()
        self.voice.say(HealthState.STOPPED)

    async def probe(self) -> Health:
        """Whether the address can be listened on."""
        if self._port is not None:
            return self.voice.told or Health(HealthState.UP)
        port = HttpPort(self._services.reactor, self._listen.host, self._listen.port)
        try:
            await self._certificates.start()
            self._open(port)
        except Unavailable as failure:
            return Health(HealthState.DOWN, failure.reason)
        finally:
            self._certificates.stop()
        await port.close(self)
        return Health(HealthState.UP, f"{self._listen} is free")

    def spawn(self, exchange: Exchange, work: Awaitable[None]) -> None:
        """Do a request's work; whatever becomes of it, the request gets an answer, and a bug goes on to be loud."""
        self._services.spawn(f"{self.name} request", self._driven(exchange, work))

    # -- what the port asks

    def judge(self, exchange: Exchange, length: int | None) -> int:
        """An address that may not send is refused first."""
        if not self.admits(exchange.client.host):
            return int(HTTPStatus.FORBIDDEN)
        return self._channel.judge(exchange, length)

    def admits(self, peer: str) -> bool:
        """Whether this address may send; loopback always may."""
        if not self._networks:
            return True
        address = ipaddress.ip_address(peer)
        return address.is_loopback or any(address in network for network in self._networks)

    def refuse(self, exchange: Exchange, status: int) -> None:
        self._channel.refuse(exchange, status)

    def serve(self, exchange: Exchange) -> None:
        self._channel.serve(exchange)

    # -- parts

    def _open(self, port: HttpPort) -> None:
        self.server = self._certificates.server() if self.tls is not None else None
        port.open(self)

    async def _driven(self, exchange: Exchange, work: Awaitable[None]) -> None:
        self._in_hand[exchange] = None
        try:
            await work
        finally:
            del self._in_hand[exchange]
            exchange.answer(*_LAST_RESORT)
