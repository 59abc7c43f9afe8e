"""A peer of `http_out`: answers with what a test says, and keeps what it was sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Site


@dataclass
class Sent:
    """A request as it came."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass
class Says:
    """An answer."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class HttpPeer(Resource):
    """Answers each request with what `behave` says; None never answers, "cut" closes the connection."""

    isLeaf = True

    def __init__(self, behave: Callable[[Sent], Says | str | None]) -> None:
        super().__init__()
        self.behave = behave
        self.sent: list[Sent] = []
        self.done: dict[str, int] = {}
        self.connections: set[int] = set()
        self.port: Any = None

    def listen(self, reactor: Any, context: Any = None) -> None:
        if context is None:
            self.port = reactor.listenTCP(0, Site(self), interface="127.0.0.1")
        else:
            self.port = reactor.listenSSL(0, Site(self), context, interface="127.0.0.1")

    async def close(self) -> None:
        port, self.port = self.port, None
        if port is not None:
            await port.stopListening()

    @property
    def number(self) -> int:
        return int(self.port.getHost().port)

    def render(self, request: Any) -> Any:
        headers = {
            name.decode().lower(): values[0].decode() for name, values in request.requestHeaders.getAllRawHeaders()
        }
        sent = Sent(request.method.decode(), request.uri.decode(), headers, request.content.read())
        self.sent.append(sent)
        self.connections.add(id(request.channel))
        says = self.behave(sent)
        if says is None:
            return NOT_DONE_YET
        if isinstance(says, str):
            request.transport.abortConnection()
            return NOT_DONE_YET
        request.setResponseCode(says.status)
        for name, text in says.headers.items():
            request.setHeader(name, text)
        return says.body
