"""The calling side of one connection: a frame out, the frames that come back, and nothing taken for what it is not."""

from __future__ import annotations

import select
import socket
import sys
from collections import deque
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IHandshakeListener
from twisted.internet.protocol import Factory, Protocol
from zope.interface import implementer

from channels._mllp.answer import read_answer
from channels._mllp.framer import END, START, Event, Framer
from channels._mllp.now import write_now
from engine.message import Refused
from engine.tasks import Once

_REMEMBERED = 8
"""Answered messages that a line remembers, so that what answers one of them again is passed over."""

_TCP_INFO: int | None = getattr(socket, "TCP_INFO", None) if sys.platform == "linux" else None
_ESTABLISHED = 1
_RECEIVED = slice(128, 136)
"""`tcpi_bytes_received` in Linux's `struct tcp_info` (since 4.1): bytes, and one more for the end."""


class Lost(Exception):
    """The line ended. late: because the answer did not come in time."""

    def __init__(self, late: bool) -> None:
        super().__init__()
        self.late = late


@implementer(IHandshakeListener)
class Line(Protocol):
    """One connection. answered: ids of messages that were answered on it. since: when it was put by, 0 when in use.

    ready: fires when a message can be sent, with TLS after its handshake; fails when that never comes.
    """

    factory: Lines

    def __init__(self, limit: int) -> None:
        self.transport: Any = None
        self.alive = False
        self.used = False
        self.since = 0.0
        self.answered: deque[str] = deque(maxlen=_REMEMBERED)
        self.ready: Deferred[None] = Deferred()
        self._framer = Framer(limit)
        self._events: deque[Event] = deque()
        self._waiting: Deferred[Event] | None = None
        self._late = False
        self._received = 0
        self._poll: Any = None
        self.ends = 0.0
        """When the answer that is waited for is late."""

    def connectionMade(self) -> None:
        self.transport.setTcpNoDelay(True)
        if not self.factory.secure:
            self.handshakeCompleted()

    def handshakeCompleted(self) -> None:
        self.alive = True
        self.ready.callback(None)

    def send(self, content: bytes) -> None:
        """Send one frame."""
        self.used = True
        self.since = 0.0
        write_now(self.transport, START + content + END)

    def next(self) -> Deferred[Event]:
        """What comes next; fails with `Lost`."""
        waiting: Once[Event] = Once()
        if self._events:
            waiting.callback(self._events.popleft())
        elif not self.alive:
            waiting.errback(Lost(self._late))
        else:
            self._waiting = waiting
        return waiting

    def put_by(self, now: float) -> None:
        """It is not in use: what comes now ends it, unless it answers an earlier message again."""
        self.since = now
        self._pass_over()

    def quiet(self) -> bool:
        """Whether nothing lies unread: no answer that nobody waits for, and not the end of the connection."""
        if not self.alive:
            return False
        told = None if self.factory.secure else _come(self.transport.socket)
        if told is not None:
            return told == self._received
        if self._poll is None:
            self._poll = select.poll()
            self._poll.register(self.transport.fileno(), select.POLLIN)
        return not self._poll.poll(0)

    def expire(self) -> None:
        """The answer did not come in time: the line ends, so that a late one is never taken for another's."""
        self._late = True
        self.abort()

    def abort(self) -> None:
        """End at once; `lost` follows."""
        self.alive = False
        self.transport.abortConnection()
        self._end()

    def dataReceived(self, data: bytes) -> None:
        self._received += len(data)
        events = self._framer.feed(data)
        waiting = self._waiting
        if waiting is not None and events and not waiting.called:
            self._waiting = None
            self._events += events[1:]  # one that waits has taken what was there
            waiting.callback(events[0])
            return
        self._events += events
        if self.since:
            self._pass_over()

    def connectionLost(self, reason: Any = None) -> None:
        self.alive = False
        if not self.ready.called:
            self.ready.errback(reason)
        self._end()
        self.factory.lost(self)

    def _end(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.called:
            waiting.errback(Lost(self._late))

    def _pass_over(self) -> None:
        while self._events and self.alive:
            if _answers(self._events.popleft()) not in self.answered:
                self.abort()


class Lines(Factory):
    """Makes lines. secure: with TLS. lost: is told of each that ended."""

    noisy = False

    def __init__(self, limit: int, secure: bool, lost: Callable[[Line], None]) -> None:
        self.limit = limit
        self.secure = secure
        self.lost = lost

    def buildProtocol(self, addr: Any) -> Any:
        line = Line(self.limit)
        line.factory = self
        return line


def _come(connected: socket.socket) -> int | None:
    """Bytes that the peer has sent so far, -1 when it has ended; None where the system does not tell.

    A poll would tell as well, but gives up the interpreter's lock, and a busy writer's thread takes it.
    """
    if _TCP_INFO is None:
        return None
    try:
        told = connected.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, _RECEIVED.stop)
    except OSError:
        return -1
    if len(told) < _RECEIVED.stop:
        return None
    return int.from_bytes(told[_RECEIVED], sys.byteorder) if told[0] == _ESTABLISHED else -1


def _answers(event: Event) -> str | None:
    """The message that something answers."""
    try:
        return read_answer(event, "iso-8859-1").control_id if isinstance(event, bytes) else None
    except Refused:
        return None
