"""What channels that call over HTTP have in common: the way out, the time, what a lost connection means, health."""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol, TypeVar

from OpenSSL import SSL
from service_identity import VerificationError
from twisted.internet.defer import Deferred, DeferredSemaphore
from twisted.internet.defer import TimeoutError as TimeIsUp
from twisted.internet.error import ConnectError, ConnectionClosed, DNSLookupError, UnsupportedAddressFamily
from twisted.internet.protocol import Protocol as Wire
from twisted.web._newclient import (  # not exported by twisted.web.client
    RequestGenerationFailed,
    RequestNotSent,
    RequestTransmissionFailed,
)
from twisted.web.client import ResponseFailed, ResponseNeverReceived

from channels._http.peer import Peer, TooLong
from channels._tls.certificates import Certificates
from channels._tls.settings import Tls
from channels._tls.voice import Voice
from engine.channel import Health, HealthState, Services
from engine.message import Failure, InDoubt, Refused, Unavailable

T = TypeVar("T")

AWAY = "WB-3001"
"""The peer cannot be reached: certainly not done."""
IN_DOUBT = "WB-3002"
"""No readable answer came after the request was sent."""
SAID_NO = "WB-3003"
"""The peer answered that it does not do it."""

CONNECT = 10.0
"""Seconds for a connection to stand."""

_LOST = (ResponseFailed, ResponseNeverReceived, RequestTransmissionFailed, RequestGenerationFailed, ConnectionClosed)
_NEVER_THERE = (ConnectError, DNSLookupError, RequestNotSent, UnsupportedAddressFamily)
_ALERTS = ("certificate", "unknown ca", "handshake failure", "access denied")
_REASONS = {
    "ConnectionRefusedError": "connection refused",
    "DNSLookupError": "the host's name is not known",
    "NoRouteError": "no route to the host",
    "TimeoutError": "no connection in time",
}


class Sent(Protocol):
    """A request's body; `started` when a byte of it may have left."""

    @property
    def started(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Limits:
    """in_flight: simultaneous calls, and connections that are kept. connect, keep_alive: seconds. max_answer: bytes."""

    in_flight: int
    connect: float
    keep_alive: float
    max_answer: int


class _Nothing(Wire):
    """Reads no body."""

    def connectionMade(self) -> None:
        transport: Any = self.transport
        transport.loseConnection()


class Caller:
    """Of one connection. `peer` is there between `start` and `stop`; without it a call is `Unavailable`."""

    def __init__(self, name: str, services: Services, tls: Tls | None, limits: Limits) -> None:
        self._services = services
        self._limits = limits
        self._calls = DeferredSemaphore(limits.in_flight)
        self._peer: Peer | None = None
        self.voice = Voice(name, services)
        self._certificates = Certificates(name, tls, services, self.voice)

    @property
    def started(self) -> bool:
        return self._peer is not None

    @property
    def peer(self) -> Peer:
        """Raises `Unavailable` WB-3001 when the channel is not started."""
        if self._peer is None:
            raise Unavailable(AWAY, "the connection is not started")
        return self._peer

    async def start(self) -> None:
        """Read the certificates; connections are made by the first call. Raises `Unavailable` WB-3101."""
        await self._certificates.start()
        limits = self._limits
        self._peer = Peer(
            self._services.reactor, limits.in_flight, limits.connect, limits.keep_alive, self._certificates.client
        )
        self.voice.say(HealthState.STARTING, "no call yet")

    async def stop(self) -> None:
        """Close the connections that are kept."""
        peer, self._peer = self._peer, None
        self._certificates.stop()
        if peer is not None:
            await peer.close()
            self.voice.say(HealthState.STOPPED)

    async def exchange(self, work: Coroutine[Any, Any, T], sent: Sent, seconds: float, what: str = "") -> T:
        """The outcome of `work`, one of so many at a time and within its time; else `Unavailable` or `InDoubt`.

        what: put before each reason, as `addPdfSignJob: `.
        """
        try:
            return await Deferred.fromCoroutine(self._turn(work)).addTimeout(seconds, self._services.reactor, _late)
        except TimeIsUp:
            raise _unanswered(sent, f"{what}no answer within {seconds:g} s") from None
        except _NEVER_THERE as error:
            raise Unavailable(AWAY, what + _reason(error)) from None
        except _LOST as error:
            refused = _refused_by_tls(error)
            if refused:
                raise Unavailable(AWAY, what + refused) from None
            raise _unanswered(sent, f"{what}the connection ended before an answer") from None
        except TooLong:
            reason = f"{what}the answer is longer than {self._limits.max_answer} bytes"
            raise InDoubt(IN_DOUBT, reason) from None

    async def _turn(self, work: Coroutine[Any, Any, T]) -> T:
        try:
            await self._calls.acquire()
        except BaseException:
            work.close()
            raise
        try:
            return await work
        finally:
            self._calls.release()

    async def probe(self, url: str) -> Health:
        """Whether the peer answers HTTP at all; for `waybill check`."""
        running = self.started
        try:
            if not running:
                await self.start()
            status = await Deferred.fromCoroutine(self._status(url)).addTimeout(5.0, self._services.reactor, _late)
        except Failure as failure:
            return Health(HealthState.DOWN, failure.reason)
        except TimeIsUp:
            return Health(HealthState.DOWN, "no answer within 5 s")
        except (*_NEVER_THERE, *_LOST) as error:
            return Health(HealthState.DOWN, _refused_by_tls(error) or _reason(error))
        finally:
            if not running:
                await self.stop()
        return Health(HealthState.UP, f"answers HTTP {status}")

    async def _status(self, url: str) -> int:
        response = await self.peer.fresh.get(url, allow_redirects=False, unbuffered=True)
        response.deliverBody(_Nothing())
        return int(response.code)

    def answered(self) -> None:
        """The peer is at work."""
        self.voice.say(HealthState.UP)

    def troubled(self, failure: Failure) -> None:
        """A refusing peer is at work; what is in doubt, or failed there, is trouble; unreachable is down."""
        if failure.code == SAID_NO:
            self.voice.say(HealthState.UP)
        elif not isinstance(failure, Refused):
            self.voice.say(HealthState.DOWN if failure.code == AWAY else HealthState.DEGRADED, failure.reason)


def _late(_outcome: object, seconds: float) -> NoReturn:
    """Twisted's client dresses its own cancelling as a lost connection; the reason is the time."""
    raise TimeIsUp(seconds)


def _unanswered(sent: Sent, reason: str) -> Failure:
    """Without its body no peer can have done a request; once a byte of the body may have left, it may be done."""
    if sent.started:
        return InDoubt(IN_DOUBT, f"{reason}, after the request was sent")
    return Unavailable(AWAY, f"{reason}, before the request was sent")


def _refused_by_tls(error: BaseException) -> str:
    """Why the handshake failed at a certificate, '' when it did not: no server has read a request then.

    With TLS 1.3 a server's word on our certificate comes only after we have sent.
    """
    for cause in [failure.value for failure in getattr(error, "reasons", [])]:
        text = str(cause) if isinstance(cause, SSL.Error) else ""
        if isinstance(cause, VerificationError) or "certificate verify" in text:
            return "the peer's certificate is not trusted or not its own"
        if "alert" in text and any(word in text for word in _ALERTS):
            return "the peer does not take our certificate, or asks for one"
    return ""


def _reason(error: BaseException) -> str:
    """One line from the kind of error alone."""
    name = type(error).__name__
    return _REASONS.get(name, f"cannot be reached ({name})")
