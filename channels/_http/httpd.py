"""The HTTP side of `soap_in` and `http_in`: one Twisted port shared by all connections on one address, with its limits.

Size, address and time are judged before and while a body arrives, so that a body beyond the limit is never in memory
and a sender that dribbles is ended.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Iterable, MutableMapping
from io import BytesIO
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as TimeIsUp
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import Protocol as Wire
from twisted.internet.protocol import ServerFactory
from twisted.web import http

from channels._tls.settings import Tls
from engine.message import Unavailable

PORT_TAKEN = "WB-3010"
"""The address of a listener cannot be used: another program has it, or it is not this computer's."""

_THROWN_AWAY = 64 * 1024 * 1024
"""Bytes of a refused body that are read (and thrown away) so that its sender can read the answer."""

_PATIENCE = 2.0
"""Seconds that a connection may wait, or dribble, before it can be ended for another one when the port is full."""

_LAST_WORDS = 1.0
"""Seconds that answers get to leave when the port closes."""

# Twisted annotates these classes by half; as Any, our side stays strict.
_Request: Any = http.Request
_HTTPChannel: Any = http.HTTPChannel

_FULL = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 5\r\nConnection: close\r\n\r\n"


class Door(Protocol):
    """What answers on its paths. `judge` sees each request before its body: the status that refuses it, or 0. Then
    `refuse` is called at once, else `serve` when the body is there. server: TLS of the port, None without."""

    paths: tuple[bytes, ...]
    tls: Tls | None
    server: Any
    max_body: int
    max_connections: int
    backlog: int
    idle: float
    receive_time: float

    def judge(self, exchange: Exchange, length: int | None) -> int: ...
    def refuse(self, exchange: Exchange, status: int) -> None: ...
    def serve(self, exchange: Exchange) -> None: ...


class Exchange(_Request):
    """One request and its answer, of which the first one counts. command, target: the method, and path with query."""

    command: bytes
    target: bytes

    def __init__(self, channel: Any, queued: object = False) -> None:
        super().__init__(channel, False, parsePOSTFormSubmission=False)
        self._door: Door | None = None
        self._refused = False
        self._complete = False
        self._answered = False
        self._thrown = 0

    def gotLength(self, length: int | None) -> None:
        """All headers are here (`length` is None for a chunked body)."""
        self.content = BytesIO()
        # Twisted tells a request its line only when the body is complete; the connection knows it now.
        self.command, self.target = self.channel._command, self.channel._path
        self._door = self.channel.factory.doors.get(self.target.partition(b"?")[0])
        if self._door is None:
            self._refused = True
        elif length is not None and length > self._door.max_body:
            self._refuse(self._door, self._door.judge(self, length) or http.REQUEST_ENTITY_TOO_LARGE)
        else:
            status = self._door.judge(self, length)
            if status:
                self._refuse(self._door, status)

    def handleContentChunk(self, data: bytes) -> None:
        """A piece of the body, also of a chunked one."""
        if self._refused or self._door is None:
            self._thrown += len(data)
            if self._thrown > _THROWN_AWAY:
                self.channel.transport.abortConnection()
        elif self.content.tell() + len(data) > self._door.max_body:
            self._refuse(self._door, http.REQUEST_ENTITY_TOO_LARGE)
        else:
            self.content.write(data)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        """The body is complete."""
        self._complete = True
        if self._answered:
            self.finish()
        elif not self._refused or self._door is None:
            super().requestReceived(command, path, version)

    def process(self) -> None:
        """Hand the request to its door."""
        if self._door is None:
            self.answer(http.NOT_FOUND, "text/plain; charset=utf-8", b"nothing is offered at this address\n")
        else:
            self._door.serve(self)

    def answer(self, status: int, content_type: str, body: bytes, **headers: str) -> None:
        """Send the answer; nothing happens when there was one, or the peer has gone."""
        if self._answered or self._disconnected:
            return
        self._answered = True
        self.setResponseCode(status)
        self.responseHeaders.setRawHeaders(b"content-type", [content_type.encode()])
        self.responseHeaders.setRawHeaders(b"content-length", [b"%d" % len(body)])
        for name, value in headers.items():
            self.responseHeaders.setRawHeaders(name.replace("_", "-").encode(), [value.encode()])
        self.write(body)
        if self._complete:
            self.finish()
        else:
            self.channel.lingering = True

    def body(self) -> bytes:
        """The whole body."""
        data: bytes = self.content.getvalue()
        return data

    def text_header(self, name: bytes) -> str:
        """The first header of this name, empty without one."""
        values = self.requestHeaders.getRawHeaders(name)
        return values[0].decode("latin-1") if values else ""

    def is_compressed(self) -> bool:
        """Whether any header of the request says that its body is not as it stands."""
        said = ",".join(self.requestHeaders.getRawHeaders("content-encoding", [])).lower().split(",")
        return any(word.strip() not in ("", "identity") for word in said)

    def _refuse(self, door: Door, status: int) -> None:
        self._refused = True
        self.content = BytesIO()
        self.clientproto, self.method = b"HTTP/1.1", self.command
        self.channel.persistent = False
        self.responseHeaders.setRawHeaders(b"connection", [b"close"])
        self.requestHeaders.removeHeader(b"expect")  # else Twisted would ask for the body after all
        door.refuse(self, status)


class Connection(_HTTPChannel):
    """One client's connection.

    since: when it began to wait (for a request, or for the rest of one). heard: when its last bytes came. lingering: it
    is answered, and reads on only so that the client, which is still sending, gets to read the answer.
    """

    requestFactory = Exchange
    timeOut = None  # the port sweeps all its connections instead of one timer for each
    factory: HttpPort

    def connectionMade(self) -> None:
        super().connectionMade()
        self.transport.setTcpNoDelay(True)
        self.since = self.heard = time.monotonic()
        self.receiving = False
        self.answering = False
        self.lingering = False
        self.factory.connections.add(self)

    def dataReceived(self, data: bytes) -> None:
        self.heard = time.monotonic()
        if not self.receiving and not self.answering:
            self.receiving = True
            self.since = self.heard
        try:
            super().dataReceived(data)
        except ValueError:  # Twisted lets through a Content-Length of more digits than Python reads
            self.transport.abortConnection()

    def allContentReceived(self) -> None:
        self.receiving, self.answering = False, True
        super().allContentReceived()

    def requestDone(self, request: Exchange) -> None:
        self.answering = False
        self.since = time.monotonic()
        super().requestDone(request)

    def connectionLost(self, reason: Any = None) -> None:
        self.factory.lost(self)
        super().connectionLost(reason)


class _TooMany(Wire):
    """Answers a connection beyond the limit."""

    def connectionMade(self) -> None:
        transport: Any = self.transport
        transport.write(_FULL)
        transport.loseConnection()


class HttpPort(ServerFactory):
    """One listening address and the doors on it, by path. Limits are the widest that a door asks for."""

    noisy = False

    def __init__(self, reactor: Any, host: str, port: int) -> None:
        self.doors: dict[bytes, Door] = {}
        self.connections: set[Connection] = set()
        self._reactor = reactor
        self._address = (host, port)
        self._port: Any = None
        self._sweep: Any = None
        self._empty: Deferred[None] | None = None

    @property
    def number(self) -> int:
        """The port that is listened on: also where 0 was asked for."""
        return int(self._port.getHost().port) if self._port else 0

    def open(self, door: Door) -> None:
        """Answer on this door's path; the first door makes the port listen. Raises `Unavailable` WB-3010."""
        for path in door.paths:
            if path in self.doors:
                raise Unavailable(PORT_TAKEN, f"two connections want {path.decode()} on one address")
        for other in self.doors.values():
            if other.tls != door.tls:
                raise Unavailable(PORT_TAKEN, "connections on one address need the same `tls`")
        if self._port is None:
            self._listen(door)
        self.doors.update(dict.fromkeys(door.paths, door))

    def _listen(self, door: Door) -> None:
        host, port = self._address
        try:
            if door.server is None:
                self._port = self._reactor.listenTCP(port, self, door.backlog, host)
            else:
                self._port = self._reactor.listenSSL(port, self, door.server, door.backlog, host)
        except CannotListenError as error:
            raise Unavailable(PORT_TAKEN, f"cannot listen on {host}:{port}: {error.socketError}") from None
        self._later()

    async def close(self, door: Door) -> None:
        """Answer no more on this path; the last door closes the port and its connections."""
        self.doors = {path: other for path, other in self.doors.items() if other is not door}
        if self.doors or self._port is None:
            return
        port, self._port = self._port, None
        self._sweep.cancel()
        await port.stopListening()
        for connection in list(self.connections):
            connection.loseConnection()
        await self._gone()

    async def _gone(self) -> None:
        if not self.connections:
            return
        empty: Deferred[None] = Deferred()
        self._empty = empty.addTimeout(_LAST_WORDS, self._reactor)
        try:
            await self._empty
        except TimeIsUp:
            self._empty = None
            for connection in list(self.connections):
                connection.transport.abortConnection()

    def buildProtocol(self, addr: Any) -> Any:
        if len(self.connections) >= self._widest("max_connections") and not self._made_room():
            return _TooMany()
        connection = Connection()
        connection.factory = self
        connection.callLater = self._reactor.callLater
        return connection

    def _made_room(self) -> bool:
        """End the connection that has kept us waiting longest: those that say nothing shut nobody out."""
        waiting = [one for one in self.connections if not one.answering]
        longest = min(waiting, key=lambda one: one.since, default=None)
        if longest is None or time.monotonic() - longest.since < _PATIENCE:
            return False
        longest.transport.abortConnection()
        return True

    def lost(self, connection: Connection) -> None:
        """This connection has ended."""
        self.connections.discard(connection)
        if self._empty is not None and not self.connections:
            empty, self._empty = self._empty, None
            empty.callback(None)

    def log(self, exchange: Exchange) -> None:
        """No access log: addresses of requests are not ours to write down."""

    def _widest(self, limit: str) -> float:
        return max((getattr(door, limit) for door in self.doors.values()), default=0)

    def _later(self) -> None:
        self._sweep = self._reactor.callLater(0.2, self._end_the_slow)

    def _end_the_slow(self) -> None:
        """End connections that wait too long for their next request, or take too long over one."""
        self._later()
        now, idle, receive = time.monotonic(), self._widest("idle"), self._widest("receive_time")
        for connection in list(self.connections):
            limit = receive if connection.receiving else idle
            late = now - connection.since > limit and not connection.answering
            if late or (connection.lingering and now - connection.heard > _LAST_WORDS):
                connection.transport.abortConnection()


def shared_port(ports: MutableMapping[Any, Any], reactor: Any, host: str, port: int) -> HttpPort:
    """The port of this address out of the wiring's book of ports; a new one where there is none."""
    found = ports.setdefault((host, port), None)
    if found is None:
        found = ports[(host, port)] = HttpPort(reactor, host, port)
    assert isinstance(found, HttpPort)
    return found


def networks(allow: Iterable[str]) -> list[Any]:
    """The networks that `allow` names; raises ValueError with the one that is none."""
    return [ipaddress.ip_network(text) for text in allow]
