"""The reactor's shorter ways lead where Twisted's own lead."""

from __future__ import annotations

import asyncio
import contextlib
import select
import socket
import threading
from collections.abc import Iterator
from typing import Any, cast

import pytest
from twisted.internet import tcp
from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import Protocol
from twisted.logger import globalLogPublisher
from twisted.python.failure import Failure

from engine.runtime.short_ways import Reactor


class End(BaseException):
    """As the engine's tests end an engine at a point."""


class Heard(Protocol):
    """Remembers what came, and how its connection ended."""

    def __init__(self) -> None:
        self.data = b""
        self.ended: Any = None

    def dataReceived(self, data: bytes) -> None:
        if data == b"bug":
            raise RuntimeError("of the protocol")
        if data == b"end":
            raise End("while reading")
        self.data += data

    def connectionLost(self, reason: Any = None) -> None:
        self.ended = reason.type.__name__


class World:
    """A reactor of its own beside the one of the tests, and a connection on it."""

    def __init__(self) -> None:
        self.loop = asyncio.SelectorEventLoop()
        self.reactor = Reactor(self.loop)
        self.peers: list[socket.socket] = []
        self.peer, self.connection, self.heard = self.connected()
        self.told: list[Any] = []
        self.publisher = cast(Any, globalLogPublisher)
        self.publisher.addObserver(self.told.append)

    def connected(self) -> tuple[socket.socket, Any, Heard]:
        """A peer, the connection to it, and what it hears."""
        peer, own = socket.socketpair()
        own.setblocking(False)
        heard = Heard()
        made: Any = tcp.Connection
        connection = made(own, heard, self.reactor)
        connection.connected = True
        self.peers.append(peer)
        return peer, connection, heard

    def turn(self, until: Any) -> None:
        """Turns of the loop until something is so."""
        for _ in range(1000):
            if until():
                return
            self.loop.call_later(0.001, self.loop.stop)
            self.loop.run_forever()
        raise AssertionError("it never came")

    def failures(self) -> list[str]:
        return [str(event["log_failure"].value) for event in self.told if "log_failure" in event]

    def close(self) -> None:
        self.publisher.removeObserver(self.told.append)
        if self.heard.ended is None:
            self.connection.connectionLost(Failure(ConnectionDone()))
        for peer in self.peers:
            peer.close()
        self.reactor.removeAll()
        self.loop.close()


@pytest.fixture(params=["epoll", "none"])
def world(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Where the system has epoll, and where it has not."""
    if request.param == "none":
        monkeypatch.delattr(select, "epoll")
    made = World()
    yield made
    made.close()


def test_a_connection_is_read_until_it_stops_reading(world: World) -> None:
    world.connection.startReading()
    world.connection.startReading()  # twice is once
    assert world.connection in world.reactor.getReaders()
    world.peer.send(b"one")
    world.turn(lambda: world.heard.data == b"one")
    world.connection.stopReading()
    assert world.connection not in world.reactor.getReaders()
    world.peer.send(b"two")
    world.reactor.callFromThread(world.loop.stop)
    world.loop.run_forever()
    assert world.heard.data == b"one"
    world.connection.startReading()
    world.turn(lambda: world.heard.data == b"onetwo")


def test_the_end_of_the_peer_ends_the_connection(world: World) -> None:
    world.connection.startReading()
    world.peer.close()
    world.turn(lambda: world.heard.ended)
    assert world.heard.ended == "ConnectionDone"


def test_a_connection_that_is_cut_has_not_ended_well(world: World) -> None:
    """An answer without a length is whole at a good end, and only there."""
    world.connection.startReading()
    world.connection.socket.send(b"never read, so the peer's end is a reset")
    world.peer.close()
    world.turn(lambda: world.heard.ended)
    assert world.heard.ended == "ConnectionLost"


def test_a_connection_that_reads_in_its_own_way_does(world: World) -> None:
    read: list[bytes] = []
    world.connection.doRead = lambda: read.append(world.connection.socket.recv(10))
    world.connection.startReading()
    world.peer.send(b"own")
    world.turn(lambda: read)
    assert read == [b"own"]
    assert world.heard.data == b""


def test_a_bug_of_the_protocol_is_told_and_ends_its_connection_alone(world: World) -> None:
    world.connection.startReading()
    world.peer.send(b"bug")
    world.turn(lambda: world.heard.ended)
    assert world.heard.ended == "RuntimeError"
    assert world.failures() == ["of the protocol"]
    called: list[int] = []
    world.reactor.callFromThread(called.append, 1)
    world.turn(lambda: called)


def test_calls_of_other_threads_come_in_their_order_and_a_bug_stops_none(world: World) -> None:
    called: list[int] = []

    def bug() -> None:
        raise RuntimeError("of a call")

    def other() -> None:
        world.reactor.callFromThread(called.append, 1)
        world.reactor.callFromThread(bug)
        world.reactor.callFromThread(called.append, 2)

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    world.turn(lambda: len(called) == 2)
    assert called == [1, 2]
    assert world.failures() == ["of a call"]


def test_what_ends_an_engine_in_a_test_ends_no_loop(world: World) -> None:
    def end() -> None:
        raise End("in a call")

    called: list[int] = []
    world.connection.startReading()
    world.peer.send(b"end")
    world.turn(lambda: world.failures())
    world.reactor.callFromThread(end)
    world.reactor.callFromThread(called.append, 1)
    world.turn(lambda: called)
    assert world.failures() == ["while reading", "in a call"]
    assert world.heard.ended is None


@pytest.fixture(name="staged")
def fixture_staged() -> Iterator[World]:
    made = World()
    yield made
    made.close()


def test_all_that_has_come_is_read_before_any_of_it_is_worked_on(staged: World) -> None:
    three = [staged.connected() for _ in range(3)]
    unread: list[bytes] = []
    came: list[bytes] = []

    def look(data: bytes) -> None:
        came.append(data)
        for _, connection, _ in three:
            with contextlib.suppress(BlockingIOError):
                unread.append(connection.socket.recv(1, socket.MSG_PEEK))

    for place, (peer, connection, heard) in enumerate(three):
        heard.dataReceived = look  # type: ignore[method-assign]
        connection.startReading()
        peer.send(b"%d" % place)
    staged.turn(lambda: len(came) == 3)
    assert sorted(came) == [b"0", b"1", b"2"]
    assert unread == []


@pytest.mark.parametrize("ends", ["goes on", "ends"])
def test_what_was_read_of_a_connection_that_stops_meanwhile_is_kept_until_it_goes_on(staged: World, ends: str) -> None:
    two = [staged.connected() for _ in range(2)]

    def stopping(heard: Heard) -> Any:
        def stop(data: bytes) -> None:
            heard.data += data
            for _, connection, _ in two:
                connection.stopReading()

        return stop

    for peer, connection, heard in two:
        heard.dataReceived = stopping(heard)  # type: ignore[method-assign]
        connection.startReading()
        peer.send(b"1")
    staged.turn(lambda: any(heard.data for _, _, heard in two))
    ((peer, connection, heard),) = [one for one in two if not one[2].data]  # the one that was read second
    del heard.dataReceived
    peer.send(b"2")
    staged.turn(lambda: True)
    assert heard.data == b""
    if ends == "ends":
        connection.connectionLost(Failure(ConnectionDone()))
        assert staged.reactor._read_already == {}
        return
    connection.startReading()
    staged.turn(lambda: len(heard.data) == 2)
    assert heard.data == b"12"
    assert staged.reactor._read_already == {}


def test_a_cut_that_was_read_of_a_connection_that_stops_meanwhile_is_not_forgotten(staged: World) -> None:
    (one, first, heard), (other, second, later) = staged.connected(), staged.connected()

    def stop(data: bytes) -> None:
        heard.data += data
        second.stopReading()

    heard.dataReceived = stop  # type: ignore[method-assign]
    first.startReading()
    second.startReading()
    one.send(b"1")
    second.socket.send(b"never read, so the peer's end is a reset")
    other.close()
    staged.turn(lambda: heard.data)
    if later.ended is None:
        second.startReading()
    staged.turn(lambda: later.ended)
    assert later.ended == "ConnectionLost"


def test_calls_at_the_end_of_a_turn_come_once_in_order_and_a_bug_stops_none(world: World) -> None:
    called: list[int] = []

    def bug() -> None:
        raise RuntimeError("at the end")

    world.reactor.at_end_of_turn(lambda: called.append(1))
    world.reactor.at_end_of_turn(bug)
    world.reactor.at_end_of_turn(lambda: world.reactor.at_end_of_turn(lambda: called.append(3)))
    world.reactor.at_end_of_turn(lambda: called.append(2))
    assert called == []
    world.turn(lambda: len(called) == 3)
    assert called == [1, 2, 3]
    assert world.failures() == ["at the end"]
