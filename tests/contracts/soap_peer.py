"""A SOAP peer for the tests of `soap_out`: a real HTTP server that behaves as the test says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lxml import etree
from twisted.web.http import Request
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Site

ENVELOPES = {
    "1.1": "http://schemas.xmlsoap.org/soap/envelope/",
    "1.2": "http://www.w3.org/2003/05/soap-envelope",
}
RESPONSE = "<Response><Header/><Body><ResultCode>{0}</ResultCode><ResultContent/></Body></Response>"


def result(text: str, version: str = "1.1") -> bytes:
    """An answer whose result is this text."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    return (
        f'<s:Envelope xmlns:s="{ENVELOPES[version]}"><s:Body><R xmlns="http://www.dhcc.com.cn">'
        f"<Result>{escaped}</Result></R></s:Body></s:Envelope>"
    ).encode()


def fault(code: str, text: str = "no") -> bytes:
    """A fault of SOAP 1.1."""
    return (
        f'<s:Envelope xmlns:s="{ENVELOPES["1.1"]}"><s:Body><s:Fault><faultcode>s:{code}</faultcode>'
        f"<faultstring>{text}</faultstring></s:Fault></s:Body></s:Envelope>"
    ).encode()


class SoapPeer(Resource):
    """Answers each POST with (status, body) of `behave`; None never answers, "cut" closes the connection."""

    isLeaf = True

    def __init__(self, behave: Callable[[bytes], tuple[int, bytes] | str | None]) -> None:
        super().__init__()
        self.behave = behave
        self.bodies: list[bytes] = []
        self.headers: list[Any] = []
        self.connections: set[int] = set()
        self.port: Any = None

    def listen(self, reactor: Any, port: int = 0, context: Any = None) -> None:
        """Listen on loopback, with TLS when a context is given."""
        if context is None:
            self.port = reactor.listenTCP(port, Site(self), interface="127.0.0.1")
        else:
            self.port = reactor.listenSSL(port, Site(self), context, interface="127.0.0.1")

    async def close(self) -> None:
        """Stop listening."""
        port, self.port = self.port, None
        if port is not None:
            await port.stopListening()

    @property
    def number(self) -> int:
        return int(self.port.getHost().port)

    def payload(self, index: int = -1) -> Any:
        """The business XML of a request, parsed out of the last parameter's text."""
        operation = etree.fromstring(self.bodies[index])[0][0]
        return etree.fromstring(operation[-1].text or "")

    def render_GET(self, request: Request) -> bytes:
        return b"here"

    def render_POST(self, request: Any) -> Any:
        body = request.content.read()
        self.bodies.append(body)
        self.headers.append(request.requestHeaders)
        self.connections.add(id(request.channel))
        answer = self.behave(body)
        if answer is None:
            return NOT_DONE_YET
        if isinstance(answer, str):
            request.transport.abortConnection()
            return NOT_DONE_YET
        request.setResponseCode(answer[0])
        request.setHeader(b"content-type", b"text/xml; charset=utf-8")
        return answer[1]
