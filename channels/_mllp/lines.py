"""The connections to one peer: at most so many, each lent for one message, made when needed and kept."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.defer import TimeoutError as TimeIsUp
from twisted.internet.endpoints import HostnameEndpoint

from channels._mllp.line import Line, Lines
from engine.message import Unavailable

AWAY = "WB-3001"
BUSY = "WB-3202"
"""Every connection to the peer was in use, until the time was over. It was certainly not done."""

_REASONS = {
    "ConnectionRefusedError": "connection refused",
    "DNSLookupError": "the host's name is not known",
    "NoRouteError": "no route to the host",
    "TimeoutError": "no connection in time",
    "VerificationError": "the peer's certificate is not its own",
}


class Pool:
    """Lends lines. wrap: dresses an endpoint with TLS. idle: seconds after which an unused line is closed.

    emptied: is told when the peer ended the last line.
    """

    def __init__(
        self,
        reactor: Any,
        address: tuple[str, int],
        most: int,
        limit: int,
        idle: float,
        wrap: Callable[[Any], Any] | None,
        emptied: Callable[[Line], None],
    ) -> None:
        self._reactor = reactor
        self._address = address
        self._most = most
        self._idle = idle
        self._wrap = wrap
        self._emptied = emptied
        self._factory = Lines(limit, wrap is not None, self._lost)
        self._lines: set[Line] = set()
        self._free: list[Line] = []
        self._made = 0  # also those that are being connected
        self._waiting: deque[Deferred[Line | None]] = deque()
        self.closed = False
        self._sweep: Any = None
        self._answering: set[Line] = set()
        self._clock: Any = None
        self._rings = 0.0

    async def take(self, timeout: float) -> Line:
        """A line that is ready. Raises `Unavailable` WB-3001 or WB-3202: nothing was sent."""
        ends = self._reactor.seconds() + timeout
        while not self.closed:
            line = self.free()
            if line is not None:
                return line
            if self._made < self._most:
                return await self._connected(max(ends - self._reactor.seconds(), 0.01))
            lent = await self._lent(ends - self._reactor.seconds())
            if lent is not None:
                return lent
        raise Unavailable(AWAY, "the connection is not started")

    def free(self) -> Line | None:
        """One that is ready now, if there is one."""
        while self._free:
            line = self._free.pop()
            if line.quiet():
                return line
            line.abort()
        return None

    def give(self, line: Line) -> None:
        """Back again."""
        if line.alive and self.closed:
            line.abort()
        elif line.alive:
            while self._waiting:
                waiting = self._waiting.popleft()
                if not waiting.called:
                    waiting.callback(line)
                    return
            line.put_by(self._reactor.seconds())
            self._free.append(line)
            if self._sweep is None:
                self._sweep = self._reactor.callLater(max(self._idle / 4, 0.05), self._close_idle)

    def wait(self, line: Line, seconds: float) -> None:
        """An answer must come on this line within this time, or it expires. One timer serves all lines."""
        line.ends = self._reactor.seconds() + seconds
        self._answering.add(line)
        if self._clock is None or line.ends < self._rings:
            self._ring(line.ends)

    def answered(self, line: Line) -> None:
        """It came, or nobody waits for it any more."""
        self._answering.discard(line)

    def _ring(self, at: float) -> None:
        if self._clock is not None and self._clock.active():
            self._clock.cancel()
        self._rings = at
        self._clock = self._reactor.callLater(max(at - self._reactor.seconds(), 0.001), self._rang)

    def _rang(self) -> None:
        self._clock = None
        now = self._reactor.seconds()
        for line in [line for line in self._answering if line.ends <= now]:
            self._answering.discard(line)
            line.expire()
        if self._answering and not self.closed:
            self._ring(min(line.ends for line in self._answering))

    def close(self) -> None:
        """End all lines; those that wait for one get none."""
        self.closed = True
        if self._clock is not None and self._clock.active():
            self._clock.cancel()
        self._clock = None
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        self._wake(len(self._waiting))
        self._free.clear()
        for line in list(self._lines):
            line.abort()

    async def _lent(self, timeout: float) -> Line | None:
        """One that is given back in time; None: there may be room for a new one."""
        waiting: Deferred[Line | None] = Deferred()
        self._waiting.append(waiting)
        try:
            return await waiting.addTimeout(max(timeout, 0), self._reactor)
        except TimeIsUp:
            raise Unavailable(BUSY, "no connection was free in time") from None

    async def _connected(self, timeout: float) -> Line:
        self._made += 1
        line: Line | None = None
        try:
            endpoint: Any = HostnameEndpoint(self._reactor, *self._address, timeout=timeout)
            if self._wrap is not None:
                endpoint = self._wrap(endpoint)
            line = await endpoint.connect(self._factory)
            assert line is not None
            self._lines.add(line)
            await line.ready.addTimeout(timeout, self._reactor)
        except CancelledError:
            self._give_up(line)
            raise
        except Exception as error:  # noqa: BLE001 - whatever keeps a connection from being made: nothing was sent
            self._give_up(line)
            raise Unavailable(AWAY, _reason(error)) from None
        return line

    def _give_up(self, line: Line | None) -> None:
        """A line that never came about; one that was connected comes to `_lost`."""
        if line is None:
            self._made -= 1
            self._wake(1)
        elif line in self._lines:
            line.abort()

    def _lost(self, line: Line) -> None:
        if line not in self._lines:
            return  # it ended while it was connected: `_give_up` counts it
        self._lines.discard(line)
        self._made -= 1
        if line in self._free:
            self._free.remove(line)
        self._wake(1)
        if not self._lines and not self.closed:
            self._emptied(line)

    def _wake(self, count: int) -> None:
        for _ in range(min(count, len(self._waiting))):
            waiting = self._waiting.popleft()
            if not waiting.called:
                waiting.callback(None)

    def _close_idle(self) -> None:
        self._sweep = None
        now = self._reactor.seconds()
        for line in [line for line in self._free if now - line.since >= self._idle]:
            self._free.remove(line)
            line.used = False  # we end it, the peer is well
            line.transport.loseConnection()
        if self._free:
            self._sweep = self._reactor.callLater(max(self._idle / 4, 0.05), self._close_idle)


def _reason(error: BaseException) -> str:
    """One line from the kind of error alone."""
    if type(error).__module__.startswith("OpenSSL"):
        return "TLS: the handshake failed (a certificate that is not trusted, or none in common)"
    return _REASONS.get(type(error).__name__, f"cannot be reached ({type(error).__name__})")
