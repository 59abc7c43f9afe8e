"""SOAP to a hospital information system: one call, its answer read, over kept connections.

The step's `body` is the business XML. `envelope: hip` sends it as `input2` of `HIPMessageServer`, with the operation's
code out of `codes` as `input1`; `envelope: operation` sends it as the one parameter of an operation of that name.
`<wb:blob name="signed" as="base64"/>` (namespace `urn:waybill`) in the body is filled from the run's blob of that name.

The value of the step is the peer's inner business XML (`Response`); `expect` reads its ResultCode. What an answer means
stands in `channels/_soap/answer.py`; no answer after the request left is in doubt, and a repeat is `unknown`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from channels._http.caller import CONNECT, Caller, Limits
from channels._soap.answer import IN_DOUBT, MEANINGS, business_answer
from channels._soap.client import Answer, Client
from channels._soap.envelope import NOT_XML, Version
from channels._soap.outgoing import Piece, PiecesProducer, business_pieces, check_files, envelope_pieces
from channels._soap.wsdl import CONTENT_TYPES
from channels._tls.settings import Tls, check_calling
from engine.channel import Health, Inbox, Services
from engine.message import Blob, Failure, InDoubt, Refused, Repeat, Request, Response, Xml
from engine.points import point
from engine.site.paths import Template
from engine.site.settings import Duration, Size, TransformFile, option

_READ_HERE = 64 * 1024
"""Bytes of an answer that is read in the engine's own process: XML can be made to take long."""


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
    tls: Tls | None = option("certificates for https; the system's authorities vouch when left out", default=None)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("`url` is http://... or https://...")
        if parts.username or parts.password:
            raise ValueError("`url` holds no name and no password")
        if self.max_in_flight < 1:
            raise ValueError("`max_in_flight` is at least 1")
        check_calling(self.tls, parts.scheme == "https")


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
        limits = Limits(
            settings.max_in_flight, min(CONNECT, settings.timeout), settings.keep_alive, settings.max_answer
        )
        self._caller = Caller(name, services, settings.tls, limits)

    async def start(self, inbox: Inbox | None = None) -> None:
        """Read the certificates; connections are made by the first call."""
        if not self._caller.started:
            await self._caller.start()

    async def stop(self) -> None:
        """Close the connections that are kept."""
        await self._caller.stop()

    def repeat(self, operation: str, arguments: Mapping[str, Any]) -> Repeat:
        """See `repeat_of`."""
        return repeat_of(operation, arguments)

    async def ask(self, request: Request) -> Response | None:
        """Refused, so that a person who asks is told at once that the doubt stays."""
        raise Refused(IN_DOUBT, "this peer cannot be asked")

    async def probe(self) -> Health:
        """Whether the peer answers HTTP at all; for `waybill check`."""
        return await self._caller.probe(self.settings.url)

    async def call(self, request: Request) -> Response:
        """Send the business XML `body`; the answer's inner XML is the value."""
        try:
            answer = await self._send(request)
            value = await self._read(answer)
        except Failure as failure:
            self._caller.troubled(failure)
            raise
        self._caller.answered()
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
        client = Client(self._caller.peer, self.settings.max_answer)
        work = client.post(self.settings.url, self._headers(request), producer)
        answer = await self._caller.exchange(work, producer, timeout)
        point("channel.soap_out.after_answer")
        return answer

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
