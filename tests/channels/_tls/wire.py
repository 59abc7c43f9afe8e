"""Both ends of a TLS connection over real sockets, and what each of them saw."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure


class Echo(Protocol):
    def connectionMade(self) -> None:
        factory: Any = self.factory
        factory.made.append(self)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        factory: Any = self.factory
        factory.made.remove(self)

    def dataReceived(self, data: bytes) -> None:
        factory: Any = self.factory
        factory.heard += data
        transport: Any = self.transport
        transport.write(data)


class Echoes(Factory):
    """A listener's end. heard: bytes that came out of TLS."""

    protocol = Echo

    def __init__(self) -> None:
        self.heard = b""
        self.made: list[Echo] = []


class Caller(Protocol):
    """Sends `hello`; `end` is the first answer, or why there was none."""

    def __init__(self) -> None:
        self.end: Deferred[Any] = Deferred()

    def connectionMade(self) -> None:
        transport: Any = self.transport
        transport.write(b"hello")

    def dataReceived(self, data: bytes) -> None:
        self._ended(data)
        transport: Any = self.transport
        transport.loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._ended(reason.value)

    def _ended(self, result: Any) -> None:
        if not self.end.called:
            self.end.callback(result)


async def exchanged(reactor: Any, server: Any, client: Any, host: str = "127.0.0.1") -> tuple[bytes, Any]:
    """What the listener heard, and the answer or the error that ended the caller."""
    echoes, caller = Echoes(), Caller()
    port = reactor.listenSSL(0, echoes, server, interface="127.0.0.1")
    try:
        endpoint: Any = HostnameEndpoint(reactor, b"127.0.0.1", port.getHost().port)
        endpoint = wrapClientTLS(client, endpoint)
        await endpoint.connect(Factory.forProtocol(lambda: caller))
        return echoes.heard, await caller.end.addTimeout(10, reactor)
    finally:
        await port.stopListening()
        for one in list(echoes.made):
            transport: Any = one.transport
            transport.loseConnection()
