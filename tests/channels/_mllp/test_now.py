"""Bytes written at once come in order, whatever the socket takes."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet import tcp
from twisted.internet.error import ConnectionAborted
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from channels._mllp.now import unsent, write_now
from engine.runtime.short_ways import Reactor
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


async def test_bytes_are_sent_at_once_where_the_reactor_knows_no_turns(
    reactor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Reactor, "at_end_of_turn", None)
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


class Pair:
    """A connection on a reactor as the daemon has it, and its peer's socket."""

    def __init__(self) -> None:
        self.loop = asyncio.SelectorEventLoop()
        self.reactor = Reactor(self.loop)
        self.peer, own = socket.socketpair()
        self.peer.setblocking(False)
        own.setblocking(False)
        own.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        made: Any = tcp.Connection
        self.transport = made(own, Protocol(), self.reactor)
        self.transport.connected = True

    def turn(self) -> None:
        self.loop.call_later(0.005, self.loop.stop)
        self.loop.run_forever()

    def came(self) -> bytes:
        try:
            return self.peer.recv(1 << 20)
        except BlockingIOError:
            return b""

    def all_that_comes(self, count: int) -> bytes:
        data = b""
        for _ in range(2000):
            self.turn()
            data += self.came()
            if len(data) >= count:
                return data
        raise AssertionError(f"{len(data)} of {count} bytes came")


@pytest.fixture(name="pair")
def fixture_pair() -> Iterator[Pair]:
    made = Pair()
    yield made
    made.reactor.removeAll()
    made.peer.close()
    made.loop.close()


def test_small_bytes_go_at_the_end_of_the_turn(pair: Pair) -> None:
    write_now(pair.transport, b"one")
    assert pair.came() == b""
    assert unsent(pair.transport)
    pair.turn()
    assert pair.came() == b"one"
    assert not unsent(pair.transport)
    assert pair.transport not in pair.reactor.getWriters()


@pytest.mark.parametrize("then", ["write", "write_now", "large"])
def test_what_is_written_after_bytes_that_wait_comes_after_them(pair: Pair, then: str) -> None:
    write_now(pair.transport, b"one")
    more = b"x" * 200_000 if then == "large" else b"two"
    (pair.transport.write if then == "write" else lambda data: write_now(pair.transport, data))(more)
    assert pair.all_that_comes(3 + len(more)) == b"one" + more


def test_bytes_that_wait_are_sent_before_the_connection_ends(pair: Pair) -> None:
    write_now(pair.transport, b"last words")
    pair.transport.loseConnection()
    assert pair.all_that_comes(10) == b"last words"
    pair.turn()
    assert not pair.transport.connected


def test_bytes_that_wait_at_a_full_socket_follow(pair: Pair) -> None:
    sent = b""
    for number in range(200):
        data = b"%04d" % number + b"y" * 1000
        sent += data
        write_now(pair.transport, data)
        pair.loop.call_soon(pair.loop.stop)
        pair.loop.run_forever()
    assert unsent(pair.transport)
    assert pair.all_that_comes(len(sent)) == sent


def test_bytes_that_wait_on_an_aborted_connection_are_no_error(pair: Pair) -> None:
    write_now(pair.transport, b"one")
    pair.transport.connectionLost(Failure(ConnectionAborted()))
    pair.turn()
    assert pair.came() in (b"", b"one")
