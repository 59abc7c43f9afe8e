"""The listening side, without sockets: order, back-pressure, and ends."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from channels._mllp.framer import Event
from channels._mllp.served import Connection, MllpPort, Networks
from tests.contracts.mllp_peer import framed


class Wire(StringTransport):
    """A transport that keeps a book."""

    aborted = False

    def setTcpNoDelay(self, _enabled: bool) -> None:
        """As a TCP transport."""

    def abortConnection(self) -> None:
        self.aborted = True


class Door:
    """Takes what comes, and answers when told."""

    limit, strict, max_connections, idle, receive_time = 100, False, 2, 10.0, 5.0

    def __init__(self) -> None:
        self.taken: list[tuple[Connection, Event]] = []
        self.at_once = False

    def admits(self, peer: str) -> bool:
        return peer != "10.0.0.1"

    def take(self, connection: Connection, event: Event) -> None:
        self.taken.append((connection, event))
        if self.at_once:
            connection.answer(b"ok")


def served() -> tuple[Door, MllpPort, Connection, Any]:
    door = Door()
    port = MllpPort(Clock(), door, "127.0.0.1", 0, 1)
    connection = port.buildProtocol(IPv4Address("TCP", "127.0.0.1", 1))
    wire = Wire()
    connection.makeConnection(wire)
    return door, port, connection, wire


def test_the_next_is_handed_on_after_the_answer() -> None:
    door, _, connection, wire = served()
    connection.dataReceived(framed(b"1") + framed(b"2"))
    assert [event for _, event in door.taken] == [b"1"]
    assert wire.producerState == "paused"
    connection.answer(b"ok")
    assert [event for _, event in door.taken] == [b"1", b"2"]
    assert wire.producerState == "producing"
    assert wire.value() == framed(b"ok")
    connection.answer(b"a", b"b")
    assert wire.value() == framed(b"ok") + framed(b"a") + framed(b"b")
    connection.answer(b"twice")
    assert wire.value().count(b"twice") == 0


def test_ten_thousand_answered_at_once_need_no_deep_stack() -> None:
    door, _, connection, wire = served()
    door.at_once = True
    connection.dataReceived(framed(b"1") * 10_000)
    assert len(door.taken) == 10_000
    assert wire.value() == framed(b"ok") * 10_000


def test_a_peer_that_takes_no_answers_is_handed_on_no_more() -> None:
    door, _, connection, _ = served()
    connection.pauseProducing()
    connection.dataReceived(framed(b"1"))
    assert not door.taken
    connection.resumeProducing()
    assert len(door.taken) == 1


def test_a_finished_connection_answers_and_takes_nothing_more() -> None:
    door, _, connection, wire = served()
    connection.dataReceived(framed(b"1") + framed(b"2"))
    connection.finish(b"bye")
    assert wire.value() == framed(b"bye")
    assert wire.disconnecting
    assert len(door.taken) == 1


def test_garbage_without_end_ends_it() -> None:
    _, _, connection, wire = served()
    connection.dataReceived(b"x" * 1000)
    assert not wire.aborted
    connection.dataReceived(b"x" * 1000)
    assert wire.aborted


@pytest.mark.parametrize(
    ("data", "after", "late"),
    [(b"", 9, False), (b"", 11, True), (b"\x0bhalf", 4, False), (b"\x0bhalf", 6, True), (framed(b"1"), 1000, False)],
)
def test_who_is_late(data: bytes, after: float, late: bool) -> None:
    _, _, connection, _ = served()
    connection.dataReceived(data)
    assert connection.late(connection.since + after) is late


def test_the_half_closed_are_answered_and_then_ended() -> None:
    _, _, connection, wire = served()
    connection.dataReceived(framed(b"1"))
    connection.readConnectionLost()
    assert not wire.disconnecting
    connection.answer(b"ok")
    assert wire.value() == framed(b"ok")
    assert wire.disconnecting


def test_who_is_let_in() -> None:
    door, port, connection, _ = served()
    assert port.buildProtocol(IPv4Address("TCP", "10.0.0.1", 1)) is None
    second = port.buildProtocol(IPv4Address("TCP", "127.0.0.1", 2))
    second.makeConnection(Wire())
    assert port.buildProtocol(IPv4Address("TCP", "127.0.0.1", 3)) is None
    connection.since -= 60
    assert port.buildProtocol(IPv4Address("TCP", "127.0.0.1", 3)) is not None
    assert connection.transport.aborted
    assert door.taken == []


def test_networks() -> None:
    networks = Networks(["10.1.0.0/16", "fd00::/8"])
    assert networks.admit("10.1.2.3")
    assert networks.admit("fd00::1")
    assert networks.admit("::1")
    assert not networks.admit("10.2.0.1")
    assert Networks([]).admit("192.0.2.1")
    with pytest.raises(ValueError, match="nonsense"):
        Networks(["nonsense"])
