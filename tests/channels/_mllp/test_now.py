"""Bytes written at once come in order, whatever the socket takes."""

from __future__ import annotations

from typing import Any

from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import StringTransport

from channels._mllp.now import unsent, write_now
from tests.contracts.base import until
from tests.contracts.mllp_peer import connect


async def served(reactor: Any) -> tuple[Any, Any, list[Any]]:
    made: list[Any] = []

    class Server(Protocol):
        def connectionMade(self) -> None:
            made.append(self.transport)

    port = reactor.listenTCP(0, Factory.forProtocol(Server), interface="127.0.0.1")
    client = await connect(reactor, port.getHost().port)
    await until(reactor, lambda: made)
    await port.stopListening()
    return client, made[0], made


async def test_small_bytes_are_sent_at_once(reactor: Any) -> None:
    client, transport, _ = await served(reactor)
    write_now(transport, b"\x0bone\x1c\x0d")
    assert not unsent(transport)
    assert await client.answered() == [b"one"]
    client.transport.loseConnection()
    await client.closed


async def test_what_the_socket_does_not_take_follows_in_order(reactor: Any) -> None:
    client, transport, _ = await served(reactor)
    client.transport.pauseProducing()
    contents = [b"%d" % number + b"x" * 500_000 for number in range(20)]
    for content in contents:
        write_now(transport, b"\x0b" + content + b"\x1c\x0d")
    assert unsent(transport)
    client.transport.resumeProducing()
    assert await client.answered(len(contents)) == contents
    write_now(transport, b"\x0blast\x1c\x0d")
    transport.loseConnection()
    await client.closed
    assert client.answers[-1] == b"last"


async def test_a_peer_that_has_gone_is_no_error_here(reactor: Any) -> None:
    client, transport, _ = await served(reactor)
    client.transport.abortConnection()
    await client.closed
    for _ in range(3):
        write_now(transport, b"x" * 1000)
    await until(reactor, lambda: not transport.connected)
    write_now(transport, b"more")


def test_other_transports_write_as_they_do() -> None:
    transport = StringTransport()
    write_now(transport, b"abc")
    assert transport.value() == b"abc"
    assert not unsent(transport)
