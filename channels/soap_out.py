"""SOAP to a hospital information system: one call, its answer read, over kept connections.

The step's `body` is the business XML. `envelope: hip` sends it as `input2` of `HIPMessageServer`, with the operation's
code out of `codes` as `input1`; `envelope: operation` sends it as the one parameter of an operation of that name.
`<wb:blob name="signed" as="base64"/>` (namespace `urn:waybill`) in the body is filled from the run's blob of that name.

The value of the step is the peer's inner business XML (`Response`); `expect` reads its ResultCode. What an answer means
stands in `channels/_soap/answer.py`; no answer after the request left is in doubt, and a repeat is `unknown`.
"""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NoReturn, TypeVar
from urllib.parse import urlsplit

from OpenSSL import SSL
from service_identity import VerificationError
from twisted.internet.defer import Deferred, DeferredSemaphore
from twisted.internet.defer import TimeoutError as TimeIsUp
from twisted.internet.error import ConnectError, ConnectionClosed, DNSLookupError, UnsupportedAddressFamily
from twisted.web._newclient import (  # not exported by twisted.web.client
    RequestGenerationFailed,
    RequestNotSent,
    RequestTransmissionFailed,
)
from twisted.web.client import ResponseFailed, ResponseNeverReceived

from channels._http.peer import TooLong
from channels._soap.answer import AWAY, IN_DOUBT, MEANINGS, SAID_NO, business_answer
from channels._soap.client import Answer, Client
from channels._soap.envelope import NOT_XML, Version
from channels._soap.outgoing import Piece, PiecesProducer, business_pieces, check_files, envelope_pieces
from channels._soap.wsdl import CONTENT_TYPES
from engine.channel import Health, HealthState, Inbox, Services
from engine.message import Blob, Failure, InDoubt, Refused, Repeat, Request, Response, Unavailable, Xml
from engine.points import point
from engine.site.paths import Template
from engine.site.settings import Duration, SitePath, Size, TransformFile, option

T = TypeVar("T")
_CONNECT = 10.0
_READ_HERE = 64 * 1024
"""Bytes of an answer that is read in the engine's own process: XML can be made to take long."""
_LOST = (ResponseFailed, ResponseNeverReceived, RequestTransmissionFailed, RequestGenerationFailed, ConnectionClosed)
_NEVER_THERE = (ConnectError, DNSLookupError, RequestNotSent, UnsupportedAddressFamily)


@dataclass(frozen=True)
class Settings:
    """`{type: soap_out, url: 'http://127.0.0.1:8091/his', envelope: hip, timeout: 20s, max_in_flight: 4}`"""

    url: str = option("address of the peer's service, http or https (its certificate is always verified)")
    envelope: Literal["hip", "operation"] = option(
        "`hip`: HIPMessageServer(code, xml); `operation`: one operation for each message", default="hip"
    )
    namespace: str = option("target namespace of the peer's operations", default="http://www.dhcc.com.cn")
    codes: dict[str, str] = option(
        "operation word to service code (`input1`); the word itself where it is not named", default={}
    )
    soap_version: Literal["1.1", "1.2"] = option("SOAP version of the requests", default="1.1")
    soap_action: str = option("SOAPAction; namespace and operation when left out", default="")
    payload: Literal["text", "cdata"] = option("how the business XML travels: escaped text or CDATA", default="text")
    parameter: str = option("name of the parameter with the business XML when `envelope: operation`", default="xml")
    timeout: Duration = option("time for one call, its answer included", default=Duration(20))
    max_in_flight: int = option("simultaneous calls, and connections that are kept", default=4)
    keep_alive: Duration = option("an unused connection is closed after this time", default=Duration(2))
    max_answer: Size = option("largest answer that is read", default=Size(1 << 20))
    ca: SitePath | None = option("PEM file of the authorities for https; the system's when left out", default=None)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("`url` is http://... or https://...")
        if parts.username or parts.password:
            raise ValueError("`url` holds no name and no password")
        if self.max_in_flight < 1:
            raise ValueError("`max_in_flight` is at least 1")


@dataclass(frozen=True)
class Call:
    """`call: {to: his_out, operation: RegisterDocumentRt, body: transforms/his/register-document.xsl}`"""

    body: TransformFile | Template = option("the business XML: a stylesheet, or a value as `$(name)`")


CALLS = {"*": Call}


def repeat_of(operation: str, arguments: object) -> Repeat:
    """A SOAP peer cannot be asked, and a repeat may do it twice: the step says what happens then."""
    return "unknown"


class Channel:
    """A sink: each call is one SOAP request, and its answer is read."""

    def __init__(self, name: str, settings: Settings, services: Services) -> None:
        self.name = name
        self.settings = settings
        self.services = services
        self._client: Client | None = None
        self._calls = DeferredSemaphore(settings.max_in_flight)
        self._told: Health | None = None

    async def start(self, inbox: Inbox | None = None) -> None:
        """Read the authorities; connections are made by the first call."""
        if self._client is not None:
            return
        settings = self.settings
        client = Client(
            self.services.reactor,
            settings.max_in_flight,
            min(_CONNECT, settings.timeout),
            settings.keep_alive,
            settings.max_answer,
        )
        await self.services.threads.run("soap", client.trust, settings.ca)
        self._client = client
        self._health(HealthState.STARTING, "no call yet")

    async def stop(self) -> None:
        """Close the connections that are kept."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()
            self._health(HealthState.STOPPED)

    def repeat(self, operation: str, arguments: Mapping[str, Any]) -> Repeat:
        """See `repeat_of`."""
        return repeat_of(operation, arguments)

    async def ask(self, request: Request) -> Response | None:
        """Refused, so that a person who asks is told at once that the doubt stays."""
        raise Refused(IN_DOUBT, "this peer cannot be asked")

    async def probe(self) -> Health:
        """Whether the peer answers HTTP at all; for `waybill check`."""
        running = self._client is not None
        await self.start()
        try:
            status = await self._limited(self._started().get(self.settings.url), 5.0)
        except TimeIsUp:
            return Health(HealthState.DOWN, "no answer within 5 s")
        except (*_NEVER_THERE, *_LOST, TooLong) as error:
            return Health(HealthState.DOWN, _reason(error))
        finally:
            if not running:
                await self.stop()
        return Health(HealthState.UP, f"answers HTTP {status}")

    async def call(self, request: Request) -> Response:
        """Send the business XML `body`; the answer's inner XML is the value."""
        try:
            answer = await self._send(request)
            value = await self._read(answer)
        except Failure as failure:
            self._troubled(failure)
            raise
        self._health(HealthState.UP)
        return Response(value, f"{request.operation}: answered, HTTP {answer.status}")

    async def _read(self, answer: Answer) -> Xml:
        """What the answer means; a long one is read by a worker, within its deadline. It was sent, so trouble of the
        worker is doubt."""
        words = (answer.status, answer.content_type, answer.body)
        if len(answer.body) <= _READ_HERE:
            return business_answer(*words)
        try:
            value: Xml = await self.services.workers.run("channels._soap.answer:business_answer", *words)
        except Failure as failure:
            if failure.code in MEANINGS:
                raise
            raise InDoubt(IN_DOUBT, f"the peer's answer cannot be read ({failure.code} {failure.reason})") from None
        return value

    async def _send(self, request: Request) -> Answer:
        pieces = self._pieces(request)
        blobs, threads = self.services.blobs, self.services.threads
        files = {blobs.path(piece): piece.size for piece in pieces if isinstance(piece, Blob)}
        if files:
            await threads.run("blobs", check_files, files)
        producer = PiecesProducer(pieces, blobs.path, threads)
        point("channel.soap_out.before_send")
        timeout = min(request.timeout, self.settings.timeout)
        try:
            answer = await self._limited(self._posted(request, producer), timeout)
        except TimeIsUp:
            raise _unanswered(producer, f"no answer within {timeout:g} s") from None
        except _NEVER_THERE as error:
            raise Unavailable(AWAY, _reason(error)) from None
        except _LOST as error:
            if _not_trusted(error):
                raise Unavailable(AWAY, "the peer's certificate is not trusted or not its own") from None
            raise _unanswered(producer, "the connection ended before an answer") from None
        except TooLong:
            raise InDoubt(IN_DOUBT, f"the answer is longer than {self.settings.max_answer} bytes") from None
        point("channel.soap_out.after_answer")
        return answer

    async def _posted(self, request: Request, producer: PiecesProducer) -> Answer:
        await self._calls.acquire()
        try:
            return await self._started().post(self.settings.url, self._headers(request), producer)
        finally:
            self._calls.release()

    def _pieces(self, request: Request) -> list[Piece]:
        body = request.arguments.get("body")
        data = body.data if isinstance(body, Xml) else body.encode() if isinstance(body, str) else b""
        if not data:
            raise Refused(NOT_XML, "the body of the call is not XML")
        settings = self.settings
        version: Version = settings.soap_version
        pieces = business_pieces(data, request.blobs)
        if settings.envelope == "hip":
            code = {"input1": settings.codes.get(request.operation, request.operation)}
            payload = ("input2", pieces)
            return envelope_pieces(version, settings.namespace, "HIPMessageServer", code, payload, settings.payload)
        word, payload = request.operation, (settings.parameter, pieces)
        return envelope_pieces(version, settings.namespace, word, {}, payload, settings.payload)

    def _headers(self, request: Request) -> dict[str, str]:
        settings = self.settings
        word = "HIPMessageServer" if settings.envelope == "hip" else request.operation
        action = settings.soap_action or f"{settings.namespace.rstrip('/')}/{word}"
        content_type = CONTENT_TYPES["1.2"] if settings.soap_version == "1.2" else CONTENT_TYPES["1.1"]
        if settings.soap_version == "1.2":
            return {"Content-Type": f'{content_type}; action="{action}"'}
        return {"Content-Type": content_type, "SOAPAction": f'"{action}"'}

    async def _limited(self, work: Coroutine[Any, Any, T], seconds: float) -> T:
        return await Deferred.fromCoroutine(work).addTimeout(seconds, self.services.reactor, _time_is_up)

    def _started(self) -> Client:
        if self._client is None:
            raise Unavailable(AWAY, "the connection is not started")
        return self._client

    def _troubled(self, failure: Failure) -> None:
        """A refusing peer is at work; what is in doubt, or failed there, is trouble; unreachable is down."""
        if failure.code == SAID_NO:
            self._health(HealthState.UP)
        elif not isinstance(failure, Refused):
            self._health(HealthState.DOWN if failure.code == AWAY else HealthState.DEGRADED, failure.reason)

    def _health(self, state: HealthState, reason: str = "") -> None:
        health = Health(state, reason)
        if health != self._told:
            self._told = health
            self.services.health(self.name, health)


def _time_is_up(_outcome: object, seconds: float) -> NoReturn:
    """Twisted's client dresses its own cancelling as a lost connection; the reason is the time."""
    raise TimeIsUp(seconds)


def _unanswered(producer: PiecesProducer, reason: str) -> Failure:
    """Without its body no peer can have done a request; once a byte of the body may have left, it may be done."""
    if producer.started:
        return InDoubt(IN_DOUBT, f"{reason}, after the request was sent")
    return Unavailable(AWAY, f"{reason}, before the request was sent")


def _not_trusted(error: BaseException) -> bool:
    """The TLS handshake failed at the certificate: nothing of the request was sent."""
    causes = [failure.value for failure in getattr(error, "reasons", [])]
    return any(
        isinstance(cause, VerificationError) or (isinstance(cause, SSL.Error) and "certificate verify" in str(cause))
        for cause in causes
    )


def _reason(error: BaseException) -> str:
    """One line from the kind of error alone."""
    return {
        "ConnectionRefusedError": "connection refused",
        "DNSLookupError": "the host's name is not known",
        "NoRouteError": "no route to the host",
        "TimeoutError": "no connection in time",
    }.get(type(error).__name__, f"cannot be reached ({type(error).__name__})")
