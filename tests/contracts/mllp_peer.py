"""MLLP peers for tests of `mllp_in` and `mllp_out`: plain sockets, with a framing of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory, Protocol

from tests.contracts.fakes import NAME

MESSAGE = (
    "MSH|^~\\&|HIS|WARD 甲|WAYBILL|LAB|20261120101500||ADT^A01^ADT_A01|{id}|P|2.5|||{accept}|{respond}||{charset}\r"
    f"EVN|A01|20261120101500\rPID|1||4711^^^HOSP^MR||{NAME}^||19700101|F\r"
)
"""A message with the planted name."""


def message(id: str = "M1", accept: str = "", respond: str = "", charset: str = "UNICODE UTF-8") -> bytes:  # noqa: A002
    """One message, in the character set that it names."""
    text = MESSAGE.format(id=id, accept=accept, respond=respond, charset=charset)
    return text.encode("gb18030" if "18030" in charset else "utf-8")


def framed(content: bytes) -> bytes:
    return b"\x0b" + content + b"\x1c\x0d"


def fields(answer: bytes, segment: bytes = b"MSA") -> list[str]:
    """The fields of a segment of an answer."""
    (line,) = [line for line in answer.split(b"\r") if line.startswith(segment)]
    return line.decode("gb18030" if b"18030" in answer else "utf-8").split("|")


class Client(Protocol):
    """A sender: keeps each answer. closed fires when the connection has ended."""

    def __init__(self) -> None:
        self.data = b""
        self.answers: list[bytes] = []
        self.waiting: list[tuple[int, Deferred[list[bytes]]]] = []
        self.closed: Deferred[None] = Deferred()
        self.transport: Any = None

    def send(self, *contents: bytes) -> None:
        self.transport.write(b"".join(framed(content) for content in contents))

    def dataReceived(self, data: bytes) -> None:
        self.data += data
        *whole, self.data = self.data.split(b"\x1c\x0d")
        for frame in whole:
            assert frame[:1] == b"\x0b"
            self.answers.append(frame[1:])
        for count, waiter in list(self.waiting):
            if len(self.answers) >= count:
                self.waiting.remove((count, waiter))
                waiter.callback(self.answers)

    def answered(self, count: int = 1) -> Deferred[list[bytes]]:
        """Fires with the answers when there are so many; fails when the connection ends before."""
        waiter: Deferred[list[bytes]] = Deferred()
        if len(self.answers) >= count:
            waiter.callback(self.answers)
        elif self.closed.called:
            waiter.errback(ConnectionError("ended"))
        else:
            self.waiting.append((count, waiter))
        return waiter

    def connectionLost(self, reason: Any = None) -> None:
        waiting, self.waiting = self.waiting, []
        self.closed.callback(None)
        for _, waiter in waiting:
            waiter.errback(ConnectionError("ended"))


def connect(reactor: Any, port: int, context: Any = None) -> Deferred[Client]:
    """A client on loopback; with TLS when a context of the standard library's is given."""
    from twisted.internet.endpoints import TCP4ClientEndpoint, wrapClientTLS

    endpoint: Any = TCP4ClientEndpoint(reactor, "127.0.0.1", port)
    if context is not None:
        endpoint = wrapClientTLS(context, endpoint)
    connected: Deferred[Client] = endpoint.connect(Factory.forProtocol(Client))
    return connected


class Receiver(Protocol):
    """One connection of a `Peer`."""

    factory: Peer

    def __init__(self) -> None:
        self.data = b""
        self.transport: Any = None

    def connectionMade(self) -> None:
        self.factory.connections.append(self)

    def dataReceived(self, data: bytes) -> None:
        self.data += data
        if self.factory.raw is not None:
            self.factory.raw(self)
            return
        *whole, self.data = self.data.split(b"\x1c\x0d")
        for frame in whole:
            self.factory.messages.append(frame[1:])
            self.factory.behave(self, frame[1:])

    def answer(self, code: str, id: str | None = None, more: str = "") -> None:  # noqa: A002
        """Acknowledge the last message, or this id."""
        control_id = fields(self.factory.messages[-1], b"MSH")[9] if id is None else id
        self.transport.write(framed(acknowledgement(code, control_id, more)))

    def connectionLost(self, reason: Any = None) -> None:
        self.factory.connections.remove(self)


def acknowledgement(code: str, control_id: str, more: str = "") -> bytes:
    return f"MSH|^~\\&|LAB||HIS||20261120||ACK|A{control_id}|P|2.5{more}\rMSA|{code}|{control_id}\r".encode()


class Peer(Factory):
    """A receiver that behaves as the test says: `behave(connection, content)` for each message.

    raw: called instead with whatever has come.
    """

    protocol: Any = Receiver
    noisy = False

    def __init__(self, behave: Callable[[Receiver, bytes], Any], raw: Callable[[Receiver], Any] | None = None) -> None:
        self.behave = behave
        self.raw = raw
        self.messages: list[bytes] = []
        self.connections: list[Receiver] = []
        self.made = 0
        self.port: Any = None

    def buildProtocol(self, addr: Any) -> Any:
        self.made += 1
        return super().buildProtocol(addr)

    def listen(self, reactor: Any, port: int = 0, context: Any = None) -> Peer:
        """Listen on loopback."""
        if context is None:
            self.port = reactor.listenTCP(port, self, interface="127.0.0.1")
        else:
            self.port = reactor.listenSSL(port, self, context, interface="127.0.0.1")
        return self

    @property
    def number(self) -> int:
        return int(self.port.getHost().port)

    async def close(self) -> None:
        """Stop listening, and end the connections."""
        port, self.port = self.port, None
        if port is not None:
            await port.stopListening()
        for connection in list(self.connections):
            connection.transport.abortConnection()


def good(connection: Receiver, _content: bytes) -> None:
    """Takes everything."""
    connection.answer("AA")


__all__ = [
    "MESSAGE", "Client", "Peer", "Receiver", "acknowledgement", "connect", "fields", "framed", "good", "message",
]  # fmt: skip
