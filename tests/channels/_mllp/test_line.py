"""One calling connection, without a socket."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from channels._mllp import line as module
from channels._mllp.framer import Oversized
from channels._mllp.line import Line, Lines, Lost
from tests.contracts.mllp_peer import acknowledgement, framed
from tests.crash.children import until


class Wire(StringTransport):
    """Counts how it is ended."""

    aborted = 0

    def setTcpNoDelay(self, _enabled: bool) -> None:
        """As a TCP transport."""

    def abortConnection(self) -> None:
        self.aborted += 1


def line(limit: int = 1000, secure: bool = False) -> tuple[Line, Any, list[Line]]:
    lost: list[Line] = []
    made = Lines(limit, secure, lost.append).buildProtocol(None)
    wire = Wire()
    made.makeConnection(wire)
    return made, wire, lost


class Socket(Wire):
    """As a TCP transport: with a socket below."""

    def __init__(self, socket: socket.socket) -> None:
        super().__init__()
        self.socket = socket

    def fileno(self) -> int:
        return self.socket.fileno()


def outcome(waiting: Any) -> list[Any]:
    found: list[Any] = []
    waiting.addBoth(found.append)
    return found


def test_a_frame_goes_out_and_its_answer_comes() -> None:
    one, wire, _ = line()
    one.send(b"hello")
    assert wire.value() == framed(b"hello")
    found = outcome(one.next())
    one.dataReceived(framed(b"yes")[:3])
    assert found == []
    one.dataReceived(framed(b"yes")[3:])
    assert found == [b"yes"]
    assert not wire.aborted


def test_with_tls_it_is_ready_after_the_handshake() -> None:
    one, _, _ = line(secure=True)
    assert not one.ready.called
    assert not one.alive
    one.handshakeCompleted()
    assert one.alive


def test_an_end_before_the_handshake_is_told() -> None:
    one, _, lost = line(secure=True)
    found = outcome(one.ready)
    one.connectionLost(Failure(ValueError()))
    assert found[0].check(ValueError)
    assert lost == [one]


@pytest.mark.parametrize("late", [False, True])
def test_an_end_while_waiting_is_told(late: bool) -> None:
    one, _, _ = line()
    found = outcome(one.next())
    if late:
        one.expire()
    one.connectionLost(Failure(ValueError()))
    assert found[0].check(Lost)
    assert found[0].value.late is late
    assert outcome(one.next())[0].check(Lost)


def test_too_long_an_answer_is_told() -> None:
    one, _, _ = line(10)
    found = outcome(one.next())
    one.dataReceived(b"\x0b" + b"x" * 20)
    assert isinstance(found[0], Oversized)


@pytest.mark.parametrize(
    ("content", "ended"),
    [(acknowledgement("AR", "M1"), 0), (acknowledgement("AA", "M2"), 1), (b"junk", 1)],
)
@pytest.mark.parametrize("before", [True, False])
def test_what_comes_unasked_ends_it_unless_it_was_answered(content: bytes, ended: int, before: bool) -> None:
    one, wire, _ = line()
    one.answered.append("M1")
    if before:
        one.dataReceived(framed(content))
    one.put_by(1.0)
    if not before:
        one.dataReceived(framed(content))
    assert wire.aborted == ended
    assert one.alive is not bool(ended)


@pytest.mark.parametrize("told", ["by the system", "by a poll", "by an old system"])
@pytest.mark.parametrize("ends", [False, True])
def test_a_line_is_quiet_while_nothing_lies_unread(told: str, ends: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if told == "by a poll":
        monkeypatch.setattr(module, "_TCP_INFO", None)
    elif told == "by an old system":
        monkeypatch.setattr(module, "_RECEIVED", slice(1000, 1008))
    with socket.create_server(("127.0.0.1", 0)) as port, socket.create_connection(port.getsockname()) as own:
        peer, _ = port.accept()
        one = Lines(1000, False, lambda _: None).buildProtocol(None)
        assert not one.quiet()
        one.makeConnection(Socket(own))
        assert one.quiet()
        for number in range(3):
            peer.send(framed(b"%d" % number))
            until(lambda: not one.quiet(), 2, "the answer is not seen")
            found = outcome(one.next())
            one.dataReceived(own.recv(1000))
            assert found == [b"%d" % number]
            assert one.quiet()
        if ends:
            peer.send(framed(b"last"))
        peer.close()
        until(lambda: not one.quiet(), 2, "the end is not seen")
        if ends:
            one.dataReceived(own.recv(1000))
            assert not one.quiet()
    assert not one.quiet()
