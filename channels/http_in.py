"""Messages over HTTP: JSON, XML, HL7 v2, text or any bytes, posted to paths that stand for operations.

The content type says what the body is. `json: {as: xml, root: Request}` hands JSON in as XML under that root (a name
becomes an element, a list the element again and again), so that an order in JSON takes the same route, with the same
XSD, as the one in SOAP.

The answer is what the route's reply stylesheet makes, else JSON: 202 `{"id": ..., "outcome": "accepted"}`, 200 for a
repeat. What is refused is answered with `application/problem+json` (RFC 9457) that holds the code and the findings:
400 unreadable, 401 not signed in, 403 not an address of `allow`, 404 no such path or no route, 405 another method, 409
the same identity with other content, 411 without a length, 413 too large, 415 another content type, 422 against the
rules, 429 too many wrong credentials; 503 with Retry-After when Waybill is full, pauses or stops. A wrong credential is
answered after a second. Several connections may share one `listen` address under different paths.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal

from channels._http.credentials import Auth, Credential, read
from channels._http.httpd import Connection, Exchange
from channels._http.listener import NOT_ALLOWED, STOPPING, Listener, Listening
from channels._http.problem import PROBLEM, Problem
from channels._http.wrong import Wrong
from engine.channel import Health, HealthState, Inbox, Services
from engine.message import Failure, Incoming, Refused, Reply, Unavailable
from engine.points import point
from engine.site.settings import option

BUG = "WB-1000"
"""An error of the engine while it took a message; its log names the place."""
TOO_LARGE = "WB-1005"
EMPTY = "WB-1010"
NO_ROUTE = "WB-1013"
NOT_SIGNED_IN = "WB-3103"
"""The request has no credential, or a wrong one. It is not kept: anybody could fill the disk."""
CONTENT_TYPE = "WB-3104"
"""The connection takes other content types, or the body is compressed."""
METHOD = "WB-3105"
"""The connection takes other methods. The request is not kept."""
NO_LENGTH = "WB-3106"
"""The request tells neither the length of its body nor that it comes in chunks. It is not kept."""
TOO_MANY_WRONG = "WB-3111"
"""Several wrong credentials of this address wait for their answer: no other is looked at. The request is not kept."""
BAD_KEY = "WB-3107"
"""The header with the identity is empty, longer than 255 letters, or holds what is not printable."""

_READ_ON = 64 * 1024
"""Bytes of the body of a refused request that are read, so that its connection can be kept."""

_XML_NAME = re.compile(r"[^\W\d][\w.\-]*")


@dataclass(frozen=True)
class AsXml:
    """`{as: xml, root: Request}`"""

    as_: Literal["xml"] = option("the only form that there is")
    root: str = option("name of the root element")

    def __post_init__(self) -> None:
        if not _XML_NAME.fullmatch(self.root):
            raise ValueError("`root` is the name of an XML element")


@dataclass(frozen=True)
class Settings(Listening):
    """`{type: http_in, listen: 127.0.0.1:8081, paths: {/orders: AddRisAppBillRt}, json: {as: xml, root: Request}}`"""

    paths: dict[str, str] = option("path of the address to the operation that a route receives", default={})
    methods: tuple[Literal["POST", "PUT", "PATCH"], ...] = option("the methods that are taken", default=("POST",))
    content_types: tuple[str, ...] = option(
        "the content types that are taken, as `application/json`; any when left out", default=()
    )
    default_type: str = option("content type of a body that has none", default="application/octet-stream")
    json: AsXml | None = option("hand JSON in as XML, for a route that reads XML", default=None)
    auth: Auth | None = option("what a sender must show; beyond loopback it needs `tls`", default=None)
    identity_header: str = option(
        "header with the message's identity, as `Idempotency-Key`; the route's own `identity` comes first", default=""
    )
    headers: tuple[str, ...] = option(
        "headers that are kept with the message: `X-Source` as `$(meta/x_source)`", default=()
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.paths or not all(path.startswith("/") and "?" not in path for path in self.paths):
            raise ValueError("`paths` are `{/path: Operation}`, each begins with /")
        if self.max_body > 64 << 20:
            raise ValueError("`max_body` is at most 64MiB: larger things come as files")
        if self.auth is not None and self.tls is None and not self.listen.loopback:
            raise ValueError("`auth` beyond loopback needs `tls`: the secret would be readable on the way")


class Channel:
    """A source: each request becomes one message, answered when it is durable."""

    def __init__(self, name: str, settings: Settings, services: Services) -> None:
        self.name = name
        self.settings = settings
        self.services = services
        self._operations = {path.encode(): operation for path, operation in settings.paths.items()}
        self._listener = Listener(name, settings, services, tuple(self._operations), self)
        self._types = frozenset(word.lower() for word in settings.content_types)
        self._methods = frozenset(word.encode() for word in settings.methods)
        self._kept = {word.lower().encode(): word.lower().replace("-", "_") for word in settings.headers}
        self._credential: Credential | None = None
        self._wrong = Wrong(services.reactor)
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
        """Listen. Raises `Unavailable`: WB-3010 when the address cannot be used, WB-3101 and WB-3102 for secrets."""
        self._inbox = inbox
        if self.settings.auth is not None:
            try:
                self._credential = await self.services.threads.run(
                    "secrets", read, self.settings.auth, self.services.secret
                )
            except Unavailable as failure:
                self._listener.voice.say(HealthState.DOWN, failure.reason)
                raise
        await self._listener.start()

    async def stop(self) -> None:
        """Take no more, let what is in hand become durable for a moment, tell the rest to send it again."""
        again = Problem(Unavailable(STOPPING, "the engine is stopping, send it again"))
        await self._listener.stop(lambda exchange: self._send(exchange, again))

    async def probe(self) -> Health:
        """Whether the address can be listened on; for `waybill check`."""
        return await self._listener.probe()

    # -- the door of the HTTP port

    def judge(self, exchange: Exchange, length: int | None) -> int:
        """A short body of a refused request is read, so that its connection lives on."""
        if length is not None and length <= _READ_ON:
            return 0
        refused = self._refusal(exchange)
        return 0 if refused is None else Problem(refused).status

    def refuse(self, exchange: Exchange, status: int) -> None:
        """A request is refused before its body was read."""
        if status == HTTPStatus.FORBIDDEN:
            self._send(exchange, Problem(Refused(NOT_ALLOWED, "this address may not send here")))
            return
        refused = self._refusal(exchange)
        if refused is None or (status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE and refused.code == CONTENT_TYPE):
            refused = Refused(TOO_LARGE, f"the request is larger than {int(self.settings.max_body)} bytes")
        self._listener.spawn(exchange, self._refused(exchange, refused, b""))

    def serve(self, exchange: Exchange) -> None:
        """A complete request."""
        refused = self._refusal(exchange)
        if refused is None:
            self._listener.spawn(exchange, self._taken(exchange))
        else:
            self._listener.spawn(exchange, self._refused(exchange, refused, exchange.body()))

    # -- requests

    def _refusal(self, exchange: Exchange) -> Refused | None:
        """What the head of a request already says against it."""
        if self._credential is not None:
            status = self._wrong.judge(self._credential, self._presented(exchange), exchange.client.host)
            if status == HTTPStatus.TOO_MANY_REQUESTS:
                return Refused(TOO_MANY_WRONG, "too many wrong credentials of this address: send it again later")
            if status:
                return Refused(NOT_SIGNED_IN, "a credential is needed, or this one is wrong")
        if exchange.command not in self._methods:
            return Refused(METHOD, f"taken here: {', '.join(self.settings.methods)}")
        headers = exchange.requestHeaders
        if not headers.hasHeader(b"content-length") and not headers.hasHeader(b"transfer-encoding"):
            return Refused(NO_LENGTH, "Content-Length is missing")
        if exchange.is_compressed():
            return Refused(CONTENT_TYPE, "compressed bodies are not taken")
        if self._types and self._media(exchange) not in self._types:
            return Refused(CONTENT_TYPE, f"taken here: {', '.join(self.settings.content_types)}")
        return None

    async def _refused(self, exchange: Exchange, refused: Refused, body: bytes) -> None:
        """What somebody who may send here sent is kept; of others, nothing."""
        if refused.code in (TOO_LARGE, CONTENT_TYPE):
            problem = await self._reject(self._incoming(exchange, body, None), refused)
        else:
            problem = Problem(refused)
        if refused.code == NOT_SIGNED_IN and self._presented(exchange):
            await self._wrong.wait(exchange.client.host)
        self._send(exchange, problem)

    async def _taken(self, exchange: Exchange) -> None:
        answered = False
        try:
            found = await self._answer(exchange)
            if isinstance(found, Problem):
                self._send(exchange, found)
            else:
                point("channel.http_in.before_answer")
                self._reply(exchange, found)
            answered = True
        finally:
            if not answered:  # a bug, which goes on to be loud
                self._send(exchange, Problem(Failure(BUG, "an error of the engine, send it again later")))

    async def _answer(self, exchange: Exchange) -> Reply | Problem:
        assert self._inbox is not None, "the channel was never started"
        try:
            incoming = self._incoming(exchange, exchange.body(), self._identity(exchange))
        except Refused as refused:
            return await self._reject(self._incoming(exchange, exchange.body(), None), refused)
        if not incoming.body:
            return await self._reject(incoming, Refused(EMPTY, "the request has no body"))
        if incoming.operation not in self._inbox.operations(self.name):
            return await self._reject(incoming, Refused(NO_ROUTE, "no route receives this operation"))
        try:
            return await self._inbox.accept(incoming)
        except Failure as failure:
            return Problem(failure)

    async def _reject(self, incoming: Incoming, refused: Refused) -> Problem:
        """Keep what cannot be received."""
        assert self._inbox is not None, "the channel was never started"
        try:
            return Problem(refused, await self._inbox.reject(incoming, refused.code, refused.reason))
        except Failure as failure:
            return Problem(failure)

    # -- parts

    def _presented(self, exchange: Exchange) -> str:
        """The credential of a request, as it came; empty when it has none."""
        return "" if self._credential is None else exchange.text_header(self._credential.header.encode())

    def _media(self, exchange: Exchange) -> str:
        text = exchange.text_header(b"content-type") or self.settings.default_type
        return text.partition(";")[0].strip().lower()

    def _incoming(self, exchange: Exchange, body: bytes, identity: tuple[str, ...] | None) -> Incoming:
        path, _, query = exchange.target.partition(b"?")
        meta = {"peer": exchange.client.host, "method": exchange.command.decode("latin-1"), "path": path.decode()}
        if query:
            meta["query"] = query.decode("latin-1")
        for header, name in self._kept.items():
            meta[name] = exchange.text_header(header)
        content_type = exchange.text_header(b"content-type") or self.settings.default_type
        media = content_type.partition(";")[0].strip().lower()
        if media in ("application/json", "text/json") or media.endswith("+json"):
            # The sender's own parameters say nothing here: `root` is the connection's to decide.
            root = self.settings.json
            content_type = "application/json" if root is None else f"application/json; root={root.root}"
        return Incoming(self.name, self._operations.get(path, ""), body, content_type, meta, identity)

    def _identity(self, exchange: Exchange) -> tuple[str, ...] | None:
        name = self.settings.identity_header
        if not name or not exchange.requestHeaders.hasHeader(name.encode()):
            return None
        text = exchange.text_header(name.encode())
        if not 1 <= len(text) <= 255 or not text.isprintable():
            raise Refused(BAD_KEY, f"{name} is empty, longer than 255 letters, or not printable")
        return (text,)

    def _reply(self, exchange: Exchange, reply: Reply) -> None:
        if not reply.ok:
            problem = Problem(Refused(reply.code, reply.reason), reply.message_id, reply.findings)
            if reply.body:
                exchange.answer(problem.status, form_of(reply.body), reply.body)
            else:
                self._send(exchange, problem)
            return
        if reply.body:
            exchange.answer(HTTPStatus.OK, form_of(reply.body), reply.body)
            return
        body = json.dumps({"id": reply.message_id, "outcome": reply.kind}).encode()
        status = HTTPStatus.ACCEPTED if reply.kind == "accepted" else HTTPStatus.OK
        exchange.answer(status, "application/json", body)

    def _send(self, exchange: Exchange, problem: Problem) -> None:
        more: dict[str, str] = {}
        if problem.status in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS):
            more["retry_after"] = "5"
        elif problem.status == HTTPStatus.METHOD_NOT_ALLOWED:
            more["allow"] = ", ".join(self.settings.methods)
        elif problem.status == HTTPStatus.UNAUTHORIZED and self._credential is not None:
            more["www_authenticate"] = self._credential.challenge
        exchange.answer(problem.status, PROBLEM, problem.body(), **more)


def form_of(body: bytes) -> str:
    """The content type of what a reply stylesheet made."""
    first = body.lstrip()[:1]
    if first == b"<":
        return "application/xml; charset=utf-8"
    return "application/json" if first in (b"{", b"[") else "text/plain; charset=utf-8"
