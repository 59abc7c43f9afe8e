"""The listening side: connections that are answered one message after the other, and the port they come to.

Bytes are read only as fast as answers go out: while a message is in hand and another has come, the connection is not
read; while the peer does not take its answers, no message is handed on.
"""

from __future__ import annotations

import ipaddress
import time
from collections import deque
from collections.abc import Iterable
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as TimeIsUp
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IHalfCloseableProtocol, IPushProducer
from twisted.internet.protocol import Protocol as Wire
from twisted.internet.protocol import ServerFactory
from zope.interface import implementer

from channels._mllp.framer import END, START, Event, Framer
from channels._mllp.now import unsent, write_now
from engine.message import Unavailable

PORT_TAKEN = "WB-3010"
_LAST_WORDS = 2.0
"""Seconds in which a closing connection may take the rest of its answers."""

_SWEEP = 0.5
"""Seconds between two looks for connections that are too slow."""

_PATIENCE = 1.0
"""Seconds without a message after which a connection may have to make room for a new one."""

_WASTE = 16
"""So many times the largest message may come as bytes of no message before the connection is ended."""


class Door(Protocol):
    """What the port asks of its channel, and whom it hands what came."""

    limit: int
    strict: bool
    max_connections: int
    idle: float
    receive_time: float

    def admits(self, peer: str) -> bool:
        """Whether this address may send."""
        ...

    def take(self, connection: Connection, event: Event) -> None:
        """Called with one thing at a time; `connection.answer` must follow."""
        ...


@implementer(IPushProducer, IHalfCloseableProtocol)
class Connection(Wire):
    """One peer's connection. since: when it last had a whole message, or was answered.

    A peer that ends its side after its last message still gets the answer.
    """

    factory: MllpPort

    def __init__(self, door: Door, peer: str) -> None:
        self.peer = peer
        self.since = time.monotonic()
        self.busy = False
        self.transport: Any = None
        self._door = door
        self._framer = Framer(door.limit, door.strict)
        self._queue: deque[Event] = deque()
        self._began = 0.0
        self._clogged = self._paused = self._pumping = self._ending = self._closing = False

    def connectionMade(self) -> None:
        self.transport.setTcpNoDelay(True)
        self.transport.registerProducer(self, True)
        self.factory.connections.add(self)

    def dataReceived(self, data: bytes) -> None:
        framer = self._framer
        if not framer.inside:
            self._began = time.monotonic()
        events = framer.feed(data)
        if framer.skipped > _WASTE * framer.limit:
            self.abort()
        elif events:
            self._queue += events
            self.since = time.monotonic()
            self._pump()

    def answer(self, *contents: bytes) -> None:
        """Answer what is in hand (with nothing, when nothing is wanted), and go on with the next."""
        if not self.busy:
            return
        self.busy = False
        self.since = time.monotonic()
        if not self._closing:
            for content in contents:
                write_now(self.transport, START + content + END)
            if not self._pumping:
                self._pump()

    def finish(self, *contents: bytes) -> None:
        """Answer what is in hand, take nothing more, and end."""
        self._queue.clear()
        self.answer(*contents)
        self.close()

    def close(self) -> None:
        """Send what is written, then end; what is not in hand yet is not taken."""
        if not self._closing:
            self._closing = True
            self._queue.clear()
            self.transport.unregisterProducer()
            self._read()
            self.transport.loseConnection()

    def abort(self) -> None:
        """End at once."""
        self._closing = True
        self._queue.clear()
        self.transport.abortConnection()

    def late(self, now: float) -> bool:
        """Whether the peer lets us wait too long: for a message, for the rest of one, or to take its answers."""
        if self.busy:
            return False
        if self._clogged or unsent(self.transport):
            return now - self.since > self._door.receive_time
        if self._framer.inside and now - self._began > self._door.receive_time:
            return True
        return now - self.since > self._door.idle

    def connectionLost(self, reason: Any = None) -> None:
        self._closing = True
        self._queue.clear()
        self.factory.lost(self)

    def readConnectionLost(self) -> None:
        self._ending = True
        self._pump()

    def writeConnectionLost(self) -> None:
        """Nobody reads our answers any more."""
        self.abort()

    # -- the transport, which takes no more answers for now

    def pauseProducing(self) -> None:
        self._clogged = True

    def resumeProducing(self) -> None:
        self._clogged = False
        self._pump()

    def stopProducing(self) -> None:
        self._closing = True

    def _pump(self) -> None:
        """Hand on one after the other; read on when nothing is left."""
        self._pumping = True
        try:
            while self._queue and not (self.busy or self._clogged or self._closing):
                self.busy = True
                self._door.take(self, self._queue.popleft())
        finally:
            self._pumping = False
        if not self._queue:
            if self._ending and not self.busy:
                self.close()
            else:
                self._read()
        elif not self._paused:
            self._paused = True
            self.transport.pauseProducing()

    def _read(self) -> None:
        if self._paused:
            self._paused = False
            self.transport.resumeProducing()


class MllpPort(ServerFactory):
    """One listening address and its connections."""

    noisy = False

    def __init__(self, reactor: Any, door: Door, host: str, port: int, backlog: int) -> None:
        self.connections: set[Connection] = set()
        self._reactor = reactor
        self._door = door
        self._address = (host, port, backlog)
        self._port: Any = None
        self._sweep: Any = None
        self._empty: Deferred[None] | None = None

    @property
    def number(self) -> int:
        """The port that is listened on: also where 0 was asked for."""
        return int(self._port.getHost().port) if self._port else 0

    def open(self, context: Any = None) -> None:
        """Listen, with TLS when a context factory is given. Raises `Unavailable` WB-3010."""
        host, port, backlog = self._address
        try:
            if context is None:
                self._port = self._reactor.listenTCP(port, self, backlog, host)
            else:
                self._port = self._reactor.listenSSL(port, self, context, backlog, host)
        except CannotListenError as error:
            raise Unavailable(PORT_TAKEN, f"cannot listen on {host}:{port}: {error.socketError}") from None
        self._later()

    async def refuse(self) -> None:
        """Take no new connections."""
        port, self._port = self._port, None
        if port is not None:
            self._sweep.cancel()
            await port.stopListening()

    async def close(self) -> None:
        """End the connections, and the port."""
        await self.refuse()
        for connection in list(self.connections):
            connection.close()
        if not self.connections:
            return
        empty: Deferred[None] = Deferred()
        self._empty = empty.addTimeout(_LAST_WORDS, self._reactor)
        try:
            await self._empty
        except TimeIsUp:
            self._empty = None
            for connection in list(self.connections):
                connection.abort()

    def buildProtocol(self, addr: Any) -> Any:
        """None closes at once: MLLP has no answer before a message."""
        if not self._door.admits(addr.host):
            return None
        if len(self.connections) >= self._door.max_connections and not self._made_room():
            return None
        connection = Connection(self._door, addr.host)
        connection.factory = self
        return connection

    def lost(self, connection: Connection) -> None:
        """This connection has ended."""
        self.connections.discard(connection)
        if self._empty is not None and not self.connections:
            empty, self._empty = self._empty, None
            empty.callback(None)

    def _made_room(self) -> bool:
        """End the connection that has said nothing for longest: the silent shut nobody out."""
        silent = min((one for one in self.connections if not one.busy), key=lambda one: one.since, default=None)
        if silent is None or time.monotonic() - silent.since < _PATIENCE:
            return False
        silent.abort()
        return True

    def _later(self) -> None:
        self._sweep = self._reactor.callLater(_SWEEP, self._end_the_slow)

    def _end_the_slow(self) -> None:
        self._later()
        now = time.monotonic()
        for connection in list(self.connections):
            if connection.late(now):
                connection.abort()


class Networks:
    """The networks of `allow`; raises ValueError with the one that is none. Loopback always may."""

    def __init__(self, allow: Iterable[str]) -> None:
        self._networks = [ipaddress.ip_network(text) for text in allow]

    def admit(self, peer: str) -> bool:
        """Whether an address may send; every one when no network is named."""
        if not self._networks:
            return True
        address = ipaddress.ip_address(peer)
        mapped = getattr(address, "ipv4_mapped", None)
        address = mapped or address
        return address.is_loopback or any(address in network for network in self._networks)
