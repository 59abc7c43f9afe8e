"""SOAP from a hospital information system: an HTTP listener with a WSDL, for SOAP 1.1 and 1.2.

`envelope: hip` offers one operation `HIPMessageServer(input1, input2)`: `input1` is a service code, `input2` the
business XML. `envelope: operation` offers one operation for each message that a route receives from this connection,
with the business XML as its only parameter. The business XML may be CDATA, escaped text, or XML elements.

An answer is sent when the message is durable. Business replies, also the refusing ones, are results; what cannot be
read, or belongs to no route, is kept and answered with a fault that names a code; a full engine is fault plus HTTP 503.
Several connections may share one `listen` address under different paths.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal

from channels._http.httpd import Connection, Exchange
from channels._http.listener import NOT_ALLOWED, STOPPING, Listener, Listening
from channels._soap import envelope as soap
from channels._soap.page import Offer, render, site_files
from channels._soap.wsdl import CONTENT_TYPES, Interface
from engine.channel import Health, Inbox, Services
from engine.message import Failure, Incoming, Refused, Reply, Unavailable
from engine.points import point
from engine.site.settings import Listen, option

BUG = "WB-1000"
"""An error of the engine while it took a message; its log names the place."""

TOO_LARGE = "WB-1005"

_READ_HERE = 64 * 1024
"""Bytes of a request that is read in the engine's own process. Of namespaces alone, 600 KB can take it 9 s to read."""


@dataclass(frozen=True)
class Settings(Listening):
    """`{type: soap_in, listen: 127.0.0.1:8081, path: /his, namespace: 'http://...', envelope: hip}`"""

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

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.path.startswith("/"):
            raise ValueError("`path` begins with /")
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
        self.max_body = int(settings.max_body)
        self._listener = Listener(name, settings, services, (settings.path.encode(),), self)
        self._interfaces: dict[frozenset[str], Interface] = {}
        self._inbox: Inbox | None = None

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return self._listener.number

    @property
    def connections(self) -> Collection[Connection]:
        """The connections that are open on the port."""
        return self._listener.connections

    async def start(self, inbox: Inbox) -> None:
        """Listen. Raises `Unavailable`: WB-3010 when the address cannot be used, WB-3101 for its certificates."""
        self._inbox = inbox
        await self._listener.start()

    async def stop(self) -> None:
        """Take no more, let what is in hand become durable for a moment, tell the rest to send it again."""
        again = Unavailable(STOPPING, "the engine is stopping, send it again")
        await self._listener.stop(lambda exchange: self._send(exchange, self._fault("1.1", again)))

    async def probe(self) -> Health:
        """Whether the address can be listened on; for `waybill check`."""
        return await self._listener.probe()

    # -- the door of the HTTP port

    def judge(self, exchange: Exchange, length: int | None) -> int:
        """Size and address are judged by the port, all else when the request is here."""
        return 0

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
            self._listener.spawn(exchange, self._get(exchange))
        else:
            exchange.answer(HTTPStatus.METHOD_NOT_ALLOWED, "text/plain", b"POST, GET\n", allow="POST, GET, HEAD")

    # -- requests

    def _spawn(self, exchange: Exchange, work: Callable[[Exchange, soap.Version], Awaitable[_Answer]]) -> None:
        version = soap.version_of(exchange.body(), exchange.text_header(b"content-type"))
        self._listener.spawn(exchange, self._driven(exchange, version, work(exchange, version)))

    async def _driven(self, exchange: Exchange, version: soap.Version, work: Awaitable[_Answer]) -> None:
        """Answer with what `work` returns; after a bug with a fault, while the bug goes on to be loud."""
        answer: _Answer | None = None
        try:
            answer = await work
        finally:
            bug = Failure(BUG, "an error of the engine, send it again later")
            self._send(exchange, self._fault(version, bug) if answer is None else answer)

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

    async def _get(self, exchange: Exchange) -> None:
        if exchange.uri.partition(b"?")[2].lower().startswith(b"wsdl"):
            host = exchange.text_header(b"host")
            if not re.fullmatch(r"[A-Za-z0-9.:\[\]-]{1,255}", host):
                host = str(Listen(self.settings.listen.host, self.port))
            scheme = "http" if self.settings.tls is None else "https"
            wsdl = self._interface().wsdl(f"{scheme}://{host}{self.settings.path}")
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
        if exchange.is_compressed():
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
