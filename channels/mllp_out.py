"""HL7 v2 over MLLP to one peer: each connection carries one message at a time and waits for its acknowledgement.

AA and CA: done. AE and CE: refused, or with `ae: retry` tried again by policy. AR and CR: refused. The answer must name
the message (MSA-2 is its MSH-10). No answer in time, an answer to another message, one that cannot be read, or the end
of the connection after the message left: in doubt, and the connection is closed, so that a late answer is never taken
for another message's. The message control id stays what the message has. The answer is the step's value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import deferLater

from channels._mllp.answer import IN_DOUBT, PEER_FAILED, SAID_NO, Answer, judge, read_answer, unreadable
from channels._mllp.header import acknowledge, outgoing, read_header
from channels._mllp.line import Line, Lost
from channels._mllp.lines import AWAY, Pool
from channels._tls.settings import Tls, check_calling
from channels._tls.voice import Voice
from engine.channel import Health, HealthState, Inbox, Services
from engine.message import Failure, Hl7, InDoubt, Refused, Repeat, Request, Response, Unavailable
from engine.points import point
from engine.site.paths import Template
from engine.site.settings import Duration, Size, TransformFile, option

NO_MESSAGE = "WB-3201"
"""What is to be sent is no HL7 message, or it has no MSH-10 that the answer could name."""

_CONNECT = 10.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
"""Seconds between two looks for a peer that is away: so its health is known, message or not."""


@dataclass(frozen=True)
class Settings:
    """`{type: mllp_out, host: 10.1.2.3, port: 2575, timeout: 30s}`"""

    host: str = option("the peer's address or name")
    port: int = option("the peer's port")
    tls: Tls | None = option("TLS, also mutual", default=None)
    max_in_flight: int = option(
        "connections, each with one message at a time; more than one may change the order", default=1
    )
    timeout: Duration = option("time for one message, its answer included", default=Duration(30))
    answer: Literal["first", "application"] = option(
        "what ends a message: the `first` acknowledgement, or in enhanced mode, after CA, the `application`'s",
        default="first",
    )
    ae: Literal["retry", "refuse"] = option(
        "AE and CE: `retry` by policy, or `refuse` as a message that will never be taken", default="refuse"
    )
    repeat: Literal["same", "unknown"] = option(
        "`same`: the peer drops a message whose MSH-10 it has had, so sending again is harmless", default="unknown"
    )
    charset: Literal["utf-8", "gb18030", "ascii", "iso-8859-1"] = option(
        "character set of messages whose MSH-18 is empty, both ways", default="utf-8"
    )
    idle: Duration = option("an unused connection is closed after this time", default=Duration(600))
    max_answer: Size = option("largest answer that is read", default=Size(1 << 20))

    def __post_init__(self) -> None:
        check_calling(self.tls, secure=True)
        if not self.host or any(letter in self.host for letter in "/ "):
            raise ValueError("`host` is a name or an address alone")
        if not 0 < self.port < 65536:
            raise ValueError("`port` is a number from 1 to 65535")
        if self.max_in_flight < 1:
            raise ValueError("`max_in_flight` is at least 1")


@dataclass(frozen=True)
class Send:
    """`call: {to: lab, operation: send, message: transforms/lab.yaml}`"""

    message: TransformFile | Template = option("the message: a mapping table that makes HL7, or a value as `$(body)`")


CALLS = {"send": Send}


def repeat_of(operation: str, arguments: object) -> Repeat:
    """Unless the connection says `repeat: same`, a peer may do a repeat twice: the step says what happens then."""
    return "unknown"


class Channel:
    """A sink: each call is one message and its acknowledgement."""

    def __init__(self, name: str, settings: Settings, services: Services) -> None:
        self.name = name
        self.settings = settings
        self.services = services
        self._retry = settings.ae == "retry"
        self._voice = Voice(name, services)
        self._certificates: Any = None
        self._pool: Pool | None = None
        self._watch: Deferred[Any] | None = None
        self._looks = False
        self._doubt = ""

    async def start(self, inbox: Inbox | None = None) -> None:
        """Look for the peer, without waiting for it. Raises `Unavailable` WB-3101: the certificates cannot be used."""
        if self._pool is not None:
            return
        self._pool = await self._new_pool()
        self._voice.say(HealthState.STARTING, "looking for the peer")
        self._look(0.0)

    async def stop(self) -> None:
        """End the connections."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.cancel()
        pool.close()
        if self._certificates is not None:
            self._certificates.stop()
        self._voice.say(HealthState.STOPPED)

    def repeat(self, operation: str, arguments: Mapping[str, Any]) -> Repeat:
        """As the connection's `repeat` says."""
        return self.settings.repeat

    async def ask(self, request: Request) -> Response | None:
        """Refused, so that a person who asks is told at once that the doubt stays."""
        raise Refused(IN_DOUBT, "an MLLP peer cannot be asked")

    async def probe(self) -> Health:
        """Whether the peer takes a connection; for `waybill check`."""
        running = self._pool
        pool = running or await self._new_pool()
        try:
            pool.give(await pool.take(5.0))
        except Unavailable as failure:
            return Health(HealthState.DOWN, failure.reason)
        finally:
            if running is None:
                pool.close()
                if self._certificates is not None:
                    self._certificates.stop()
        return Health(HealthState.UP, "takes connections")

    async def call(self, request: Request) -> Response:
        """Send `message`; its acknowledgement is the value."""
        try:
            kind, content, control_id = self._content(request)
            answer = await self._send(content, control_id, min(request.timeout, self.settings.timeout))
            judge(answer, self._retry)
        except Failure as failure:
            self._troubled(failure)
            raise
        self._well()
        return Response(answer.value, f"{kind}: {answer.code}")

    # -- one message

    def _content(self, request: Request) -> tuple[str, bytes, str]:
        """Type, bytes and control id of the message."""
        value = request.arguments.get("message")
        if not isinstance(value, Hl7):
            raise Refused(NO_MESSAGE, "`message` is not HL7")
        data = value.data
        if b"\x00" in data or b"\x0b" in data or b"\x1c" in data:  # a plug-in can make anything
            raise Refused(NO_MESSAGE, "the message holds a mark of MLLP's blocks: the peer would see several")
        kind, control_id, content = outgoing(value, self.settings.charset)
        if not control_id:
            raise Refused(NO_MESSAGE, "the message has no control id in MSH-10")
        return kind, content, control_id

    async def _send(self, content: bytes, control_id: str, timeout: float) -> Answer:
        pool, reactor = self._started(), self.services.reactor
        ends = reactor.seconds() + timeout
        line = pool.free() or await pool.take(min(timeout, _CONNECT))
        self._there()
        point("channel.mllp_out.before_send")
        pool.wait(line, max(ends - reactor.seconds(), 0.01))
        try:
            line.send(content)
            answer = await self._answer(line, control_id)
        except CancelledError:
            line.abort()
            raise
        except Lost as lost:
            why = f"no answer within {timeout:g} s" if lost.late else "the connection ended before an answer"
            raise InDoubt(IN_DOUBT, f"{why}, after the message was sent") from None
        except InDoubt:
            line.abort()
            raise
        finally:
            pool.answered(line)
        line.answered.append(control_id)
        pool.give(line)
        point("channel.mllp_out.after_answer")
        return answer

    async def _answer(self, line: Line, control_id: str) -> Answer:
        """The acknowledgement that ends this message. Answers to earlier messages, told again, are passed over."""
        while True:
            event = await line.next()
            if not isinstance(event, bytes):
                raise InDoubt(IN_DOUBT, f"the answer is longer than {self.settings.max_answer} bytes")
            try:
                answer = read_answer(event, self.settings.charset)
            except Refused as failure:
                raise unreadable(failure) from None
            if answer.asks:
                line.send(acknowledge(read_header(event, self.settings.charset), "CA"))
            if answer.control_id == control_id:
                if answer.code != "CA" or self.settings.answer == "first":
                    return answer
            elif answer.control_id not in line.answered:
                raise InDoubt(IN_DOUBT, "the peer answered another message (MSA-2 is not its MSH-10)")

    # -- the peer's health

    def _look(self, pause: float) -> None:
        """Look for the peer until it is there."""
        if not self._looks and self._pool is not None:
            self._looks = True
            self._watch = self.services.spawn(f"{self.name} looks for its peer", self._looking(self._pool, pause))

    async def _looking(self, pool: Pool, pause: float) -> None:
        try:
            while not pool.closed:
                await deferLater(self.services.reactor, pause)
                try:
                    pool.give(await pool.take(_CONNECT))
                except Unavailable as failure:
                    self._troubled(failure)
                else:
                    break
                pause = min(max(pause * 2, _FIRST_PAUSE), _LONGEST_PAUSE)
        finally:
            self._looks = False
        self._there()

    def _emptied(self, line: Line) -> None:
        """The last connection ended: look whether the peer is there, if only to know. One that it ended unused tells
        that the peer keeps none, so it is left alone then."""
        if line.used:
            self._look(_FIRST_PAUSE)

    def _there(self) -> None:
        """The peer takes connections. After doubt that is not enough to be called up."""
        if self._pool is not None:
            self._voice.say(HealthState.DEGRADED if self._doubt else HealthState.UP, self._doubt)

    def _well(self) -> None:
        self._doubt = ""
        self._there()

    def _troubled(self, failure: Failure) -> None:
        """A peer that refuses is at work; what is in doubt, or failed there, is trouble; unreachable is down."""
        if self._pool is None:
            return
        if failure.code == SAID_NO:
            self._well()
        elif failure.code == AWAY:
            self._voice.say(HealthState.DOWN, failure.reason)
            self._look(_FIRST_PAUSE)
        elif isinstance(failure, InDoubt) or failure.code == PEER_FAILED:
            self._doubt = failure.reason
            self._there()

    # -- parts

    async def _new_pool(self) -> Pool:
        settings = self.settings
        address, wrap = (settings.host, settings.port), None
        if settings.tls is not None:
            wrap = await self._dressing()
        limits = (settings.max_in_flight, int(settings.max_answer), float(settings.idle))
        return Pool(self.services.reactor, address, *limits, wrap, self._emptied)

    async def _dressing(self) -> Callable[[Any], Any]:
        """What puts TLS around an endpoint; its libraries are loaded only where it is used."""
        from twisted.internet.endpoints import wrapClientTLS

        from channels._tls.certificates import Certificates

        certificates = Certificates(self.name, self.settings.tls, self.services, self._voice)
        await certificates.start()
        self._certificates = certificates
        return lambda endpoint: wrapClientTLS(certificates.client(self.settings.host), endpoint)

    def _started(self) -> Pool:
        if self._pool is None:
            raise Unavailable(AWAY, "the connection is not started")
        return self._pool
