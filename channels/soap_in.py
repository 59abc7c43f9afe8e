"""SOAP from a hospital information system: an HTTP listener with a WSDL, for SOAP 1.1 and 1.2.

`envelope: hip` offers one operation `HIPMessageServer(input1, input2)`: `input1` is a service code, `input2` the
business XML. `envelope: operation` offers one operation for each message that a route receives from this connection,
with the business XML as its only parameter. The business XML may be CDATA, escaped text, or XML elements.

An answer is sent when the message is durable. Business replies, also the refusing ones, are results; what cannot be
read, or belongs to no route, is kept and answered with a fault that names a code; a full engine is fault plus HTTP 503.
Several connections may share one `listen` address under different paths.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Literal

from twisted.internet.task import deferLater

from channels._soap import envelope as soap
from channels._soap.httpd import Connection, Exchange, HttpPort, networks, shared_port
from channels._soap.page import Offer, render, site_files
from channels._soap.wsdl import CONTENT_TYPES, Interface
from engine.channel import Health, HealthState, Inbox, Services
from engine.message import Failure, Incoming, Refused, Reply, Unavailable
from engine.points import point
from engine.site.settings import Duration, Listen, Size, option

BUG = "WB-1000"
"""An error of the engine while it took a message; its log names the place."""

TOO_LARGE = "WB-1005"
STOPPING = "WB-1012"
NOT_ALLOWED = "WB-1014"
"""The sender's address is in no network of `allow`. Such requests are not kept: anybody could fill the disk."""

_GRACE = 2.0
"""Seconds that requests in hand get to become durable when the channel stops."""

_READ_HERE = 64 * 1024
"""Bytes of a request that is read in the engine's own process. Of namespaces alone, 600 KB can take it 9 s to read."""

_LAST_RESORT = (HTTPStatus.INTERNAL_SERVER_ERROR, "text/plain; charset=utf-8", b"an error of the engine\n")


@dataclass(frozen=True)
class Settings:
    """`{type: soap_in, listen: 127.0.0.1:8081, path: /his, namespace: 'http://...', envelope: hip}`"""

    listen: Listen = option("address and port; several connections may share one with different paths")
    namespace: str = option("target namespace of the operations", default="http://www.dhcc.com.cn")
    path: str = option("path of the address, begins with `/`", default="/his")
    envelope: Literal["hip", "operation"] = option(
        "`hip`: HIPMessageServer(code, xml); `operation`: one operation for each message", default="hip"
    )
    operations: dict[str, str] = option(
        "service code (`hip`) or name of the SOAP operation (`operation`) to the operation that a route receives",
        default={},
    )
    soap_actions: tuple[str, ...] = option("the SOAPActions that are taken; any when left out", default=())
    allow: tuple[str, ...] = option("networks that may send, as `10.1.0.0/16`; needed beyond loopback", default=())
    max_body: Size = option("largest request; a larger one is answered 413 unread", default=Size(4 << 20))
    max_connections: int = option("simultaneous connections of this address", default=256)
    backlog: int = option("connections that may wait to be taken", default=128)
    idle: Duration = option("a connection without a request is closed after this time", default=Duration(75))
    receive_time: Duration = option("a request must have arrived completely within this time", default=Duration(30))

    def __post_init__(self) -> None:
        networks(self.allow)
        if not self.path.startswith("/"):
            raise ValueError("`path` begins with /")
        if not self.listen.loopback and not self.allow:
            raise ValueError("a listener beyond loopback needs `allow: [network, ...]`")
        if self.max_body > 10_000_000:
            raise ValueError("`max_body` is at most 9MiB: the XML parser takes no longer text")


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    version: soap.Version
    body: bytes


class Channel:
    """A source: each SOAP call becomes one message, answered when it is durable."""

    def __init__(self, name: str, settings: Settings, services: Services) -> None:
        self.name = name
        self.settings = settings
        self.services = services
        self.path = settings.path.encode()
        self.max_body = int(settings.max_body)
        self.max_connections = settings.max_connections
        self.backlog = settings.backlog
        self.idle = float(settings.idle)
        self.receive_time = float(settings.receive_time)
        self._networks = networks(settings.allow)
        self._interfaces: dict[frozenset[str], Interface] = {}
        self._inbox: Inbox | None = None
        self._port: HttpPort | None = None
        self._in_hand: dict[Exchange, None] = {}

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return self._port.number if self._port else 0

    @property
    def connections(self) -> Collection[Connection]:
        """The connections that are open on the port."""
        return self._port.connections if self._port else ()

    async def start(self, inbox: Inbox) -> None:
        """Listen. Raises `Unavailable` WB-3010 when the address cannot be used."""
        if self._port is not None:
            return
        self._inbox = inbox
        port = self._shared()
        try:
            port.open(self)
        except Unavailable as failure:
            self._health(HealthState.DOWN, failure.reason)
            raise
        self._port = port
        self._health(HealthState.UP)

    async def stop(self) -> None:
        """Take no more, let what is in hand become durable for a moment, tell the rest to send it again."""
        port, self._port = self._port, None
        if port is None:
            return
        for _ in range(int(_GRACE / 0.02)):
            if not self._in_hand:
                break
            await deferLater(self.services.reactor, 0.02)
        for exchange in list(self._in_hand):
            self._send(exchange, self._fault("1.1", Unavailable(STOPPING, "the engine is stopping, send it again")))
        await port.close(self)
        self._health(HealthState.STOPPED)

    async def probe(self) -> Health:
        """Whether the address can be listened on; for `waybill check`."""
        if self._port is not None:
            return Health(HealthState.UP)
        port = HttpPort(self.services.reactor, self.settings.listen.host, self.settings.listen.port)
        try:
            port.open(self)
        except Unavailable as failure:
            return Health(HealthState.DOWN, failure.reason)
        await port.close(self)
        return Health(HealthState.UP, f"{self.settings.listen} is free")

    # -- the door of the HTTP port

    def admits(self, peer: str) -> bool:
        """Whether this address may send; loopback always may."""
        if not self._networks:
            return True
        address = ipaddress.ip_address(peer)
        return address.is_loopback or any(address in network for network in self._networks)

    def refuse(self, exchange: Exchange, status: int) -> None:
        """A request broke a limit before its body was read."""
        if status == HTTPStatus.FORBIDDEN:
            answer = self._fault("1.1", Refused(NOT_ALLOWED, "this address may not send here"))
            self._send(exchange, _Answer(status, answer.version, answer.body))
        else:
            self._spawn(exchange, self._too_large)

    def serve(self, exchange: Exchange) -> None:
        """A complete request."""
        if exchange.method == b"POST":
            self._spawn(exchange, self._post)
        elif exchange.method in (b"GET", b"HEAD"):
            self.services.spawn(f"{self.name} page", self._page(exchange))
        else:
            exchange.answer(HTTPStatus.METHOD_NOT_ALLOWED, "text/plain", b"POST, GET\n", allow="POST, GET, HEAD")

    # -- requests

    def _spawn(self, exchange: Exchange, work: Callable[[Exchange, soap.Version], Awaitable[_Answer]]) -> None:
        version = soap.version_of(exchange.body(), exchange.text_header(b"content-type"))
        self.services.spawn(f"{self.name} request", self._driven(exchange, version, work(exchange, version)))

    async def _driven(self, exchange: Exchange, version: soap.Version, work: Awaitable[_Answer]) -> None:
        """Answer with what `work` returns; after a bug with a fault, while the bug goes on to be loud."""
        self._in_hand[exchange] = None
        answer: _Answer | None = None
        try:
            answer = await work
        finally:
            del self._in_hand[exchange]
            try:
                bug = Failure(BUG, "an error of the engine, send it again later")
                self._send(exchange, self._fault(version, bug) if answer is None else answer)
            finally:
                exchange.answer(*_LAST_RESORT)

    async def _post(self, exchange: Exchange, version: soap.Version) -> _Answer:
        body, content_type = exchange.body(), exchange.text_header(b"content-type")
        meta = self._meta(exchange, content_type)
        received = self._accepting().operations(self.name)
        try:
            self._check_headers(exchange, meta["soap_action"])
            call, operation = await self._read(body, content_type, received)
        except Refused as refusal:
            return await self._reject(Incoming(self.name, "", body, content_type, meta), version, refusal)
        except Failure as failure:
            return self._fault(version, failure)
        meta |= {"operation": call.code or call.element, "soap": call.version, "encoding": call.encoding}
        incoming = Incoming(self.name, operation, call.payload, "application/xml", meta)
        try:
            reply = await self._accepting().accept(incoming)
        except Failure as failure:
            return self._fault(call.version, failure)
        point("channel.soap_in.before_answer")
        return self._reply(call, reply)

    async def _read(self, body: bytes, content_type: str, received: frozenset[str]) -> tuple[soap.Call, str]:
        """The call and the operation that a route receives. A long request is read by a worker, within its deadline."""
        settings = self.settings
        words = (body, content_type, settings.namespace, settings.envelope, dict(settings.operations), received)
        if len(body) <= _READ_HERE:
            return soap.read_chosen(*words)
        chosen: tuple[soap.Call, str] = await self.services.workers.run("channels._soap.envelope:read_chosen", *words)
        return chosen

    def _reply(self, call: soap.Call, reply: Reply) -> _Answer:
        if reply.body or reply.ok:
            result = self._interface().result(call.version, call.element, reply.body.decode())
            return _Answer(HTTPStatus.OK, call.version, result)
        return self._fault(call.version, Refused(reply.code, reply.reason), reply.message_id)

    async def _too_large(self, exchange: Exchange, version: soap.Version) -> _Answer:
        content_type = exchange.text_header(b"content-type")
        incoming = Incoming(self.name, "", b"", content_type, self._meta(exchange, content_type))
        refusal = Refused(TOO_LARGE, f"the request is larger than {self.max_body} bytes")
        answer = await self._reject(incoming, version, refusal)
        too_large = answer.status != HTTPStatus.SERVICE_UNAVAILABLE
        return _Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE if too_large else answer.status, answer.version, answer.body)

    async def _reject(self, incoming: Incoming, version: soap.Version, refusal: Refused) -> _Answer:
        """Keep what cannot be received, and answer with its code."""
        try:
            message_id = await self._accepting().reject(incoming, refusal.code, refusal.reason)
        except Failure as failure:
            return self._fault(version, failure)
        return self._fault(version, refusal, message_id)

    async def _page(self, exchange: Exchange) -> None:
        try:
            await self._get(exchange)
        finally:
            exchange.answer(*_LAST_RESORT)

    async def _get(self, exchange: Exchange) -> None:
        if exchange.uri.partition(b"?")[2].lower().startswith(b"wsdl"):
            host = exchange.text_header(b"host")
            if not re.fullmatch(r"[A-Za-z0-9.:\[\]-]{1,255}", host):
                host = str(Listen(self.settings.listen.host, self.port))
            wsdl = self._interface().wsdl(f"http://{host}{self.settings.path}")
            exchange.answer(HTTPStatus.OK, "text/xml; charset=utf-8", wsdl)
            return
        received = self._accepting().operations(self.name)
        files = await self.services.threads.run("pages", site_files, self.services.site, received)
        hip = self.settings.envelope == "hip"
        call = "HIPMessageServer(input1, input2)" if hip else "OPERATION(xml)"
        codes = {**({} if hip else {word: word for word in received}), **self.settings.operations}
        page = render(Offer(f"{self.name}: SOAP", self.settings.namespace, call, codes, files))
        policy = "default-src 'none'; style-src 'unsafe-inline'"
        exchange.answer(HTTPStatus.OK, "text/html; charset=utf-8", page, content_security_policy=policy)

    # -- parts

    def _check_headers(self, exchange: Exchange, action: str) -> None:
        if exchange.text_header(b"content-encoding").lower() not in ("", "identity"):
            raise Refused(soap.NOT_SOAP, "compressed requests are not taken")
        if self.settings.soap_actions and action not in self.settings.soap_actions:
            raise Refused(soap.UNKNOWN_OPERATION, "this SOAPAction is not in `soap_actions`")

    def _meta(self, exchange: Exchange, content_type: str) -> dict[str, str]:
        action = soap.soap_action(exchange.text_header(b"soapaction"), content_type)
        return {"peer": exchange.client.host, "soap_action": action}

    def _fault(self, version: soap.Version, failure: Failure, message_id: str = "") -> _Answer:
        sender = isinstance(failure, Refused)
        status = HTTPStatus.INTERNAL_SERVER_ERROR
        if isinstance(failure, Unavailable):
            status = HTTPStatus.SERVICE_UNAVAILABLE
        elif sender and version == "1.2":
            status = HTTPStatus.BAD_REQUEST
        return _Answer(
            status, version, self._interface().fault(version, sender, failure.code, failure.reason, message_id)
        )

    def _send(self, exchange: Exchange, answer: _Answer) -> None:
        retry = {"retry_after": "5"} if answer.status == HTTPStatus.SERVICE_UNAVAILABLE else {}
        exchange.answer(answer.status, CONTENT_TYPES[answer.version], answer.body, **retry)

    def _interface(self) -> Interface:
        """The SOAP interface; of `operation` it follows what the routes receive, which a reload may change."""
        hip = self.settings.envelope == "hip"
        names = frozenset[str]() if hip else self._accepting().operations(self.name).union(self.settings.operations)
        found = self._interfaces.get(names)
        if found is None:
            words: dict[str, tuple[str, ...]] = {"HIPMessageServer": ("input1", "input2")}
            if not hip:
                words = dict.fromkeys(sorted(names), ("xml",))
            found = Interface("Waybill", self.settings.namespace, words)
            self._interfaces = {names: found}
        return found

    def _accepting(self) -> Inbox:
        assert self._inbox is not None, "the channel was never started"
        return self._inbox

    def _shared(self) -> HttpPort:
        ports: MutableMapping[Any, Any] = self.services.extra.get("http_ports", {})
        listen = self.settings.listen
        return shared_port(ports, self.services.reactor, listen.host, listen.port)

    def _health(self, state: HealthState, reason: str = "") -> None:
        self.services.health(self.name, Health(state, reason))
