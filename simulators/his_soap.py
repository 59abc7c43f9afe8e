"""The HIS's side of the SOAP envelope: read a call, write an answer, a fault or a call."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

from lxml import etree

NAMESPACE = "http://www.dhcc.com.cn"
ENVELOPES = {
    "1.1": "http://schemas.xmlsoap.org/soap/envelope/",
    "1.2": "http://www.w3.org/2003/05/soap-envelope",
}
TYPES = {"1.1": "text/xml; charset=utf-8", "1.2": "application/soap+xml; charset=utf-8"}

# A whole report travels as one text, longer than the parser's usual limit; the server bounds the request instead.
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
Element = Any


class NotUnderstood(Exception):
    """The request is not a SOAP call of this HIS; the text is the fault's reason."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A call that came in. name: the element under Request/Body."""

    version: str
    operation: str
    code: str
    name: str
    request: Element = field(repr=False)

    def text(self, name: str) -> str:
        """The text of the first element of this name anywhere in the business XML."""
        return (self.request.findtext(f".//{name}") or "").strip()


def parse(data: bytes) -> Element:
    """The root element; raises `NotUnderstood`."""
    if b"<!DOCTYPE" in data:
        raise NotUnderstood("document types are not taken")
    try:
        return etree.fromstring(data, _PARSER)
    except etree.XMLSyntaxError as error:
        raise NotUnderstood(f"not XML, line {error.position[0]}") from None


def read_call(data: bytes) -> Incoming:
    """The call in a request's body; raises `NotUnderstood`."""
    root = parse(data)
    version = next((word for word, space in ENVELOPES.items() if root.tag == f"{{{space}}}Envelope"), "")
    if not version:
        raise NotUnderstood("not a SOAP envelope")
    operation = root.find(f"{{{ENVELOPES[version]}}}Body/*")
    if operation is None:
        raise NotUnderstood("the envelope is empty")
    parameters = {etree.QName(child).localname: child for child in operation}
    payload = parameters.get("input2", parameters.get("xml"))
    if payload is None:
        raise NotUnderstood("no parameter input2 or xml")
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", payload.text or "")
    request = parse(text.strip().encode()) if len(payload) == 0 else payload[0]
    code = (parameters["input1"].text or "").strip() if "input1" in parameters else ""
    first = request.find("Body/*")
    name = first.tag if first is not None else ""
    return Incoming(version, etree.QName(operation).localname, code, name, request)


def write_answer(call: Incoming, code: str, content: str) -> bytes:
    """`Response` with ResultCode and ResultContent, as the result of the call."""
    business = (
        f"<Response><Header><SourceSystem>HIS</SourceSystem><MessageID>{escape(call.text('MessageID'))}</MessageID>"
        f"</Header><Body><ResultCode>{code}</ResultCode><ResultContent>{escape(content)}</ResultContent></Body>"
        "</Response>"
    )
    word = call.operation
    return _envelope(
        call.version,
        f'<{word}Response xmlns="{NAMESPACE}"><{word}Result>{escape(business)}</{word}Result></{word}Response>',
    )


def write_fault(reason: str) -> bytes:
    """A Client fault of SOAP 1.1."""
    return _envelope(
        "1.1", f"<s:Fault><faultcode>s:Client</faultcode><faultstring>{escape(reason)}</faultstring></s:Fault>"
    )


def write_call(version: str, envelope: str, operation: str, code: str, xml: str) -> bytes:
    """A request: `HIPMessageServer(code, xml)`, or the operation of its own name."""
    text = escape(xml)
    if envelope == "hip":
        inside = (
            f'<HIPMessageServer xmlns="{NAMESPACE}"><input1>{escape(code)}</input1><input2>{text}</input2>'
            "</HIPMessageServer>"
        )
    else:
        inside = f'<{operation} xmlns="{NAMESPACE}"><xml>{text}</xml></{operation}>'
    return _envelope(version, inside)


def read_result(data: bytes) -> tuple[str, str]:
    """(ResultCode, ResultContent) of an answer; (`fault`, its text) of a fault; (``, ...) of anything else."""
    try:
        root = parse(data)
        reason = next((node.text or "" for node in root.iter("faultstring", "{*}Text")), None)
        if reason is not None:
            return "fault", reason
        result = root.find("{*}Body/*/*")
        business = parse((result.text or "").encode()) if result is not None else root
    except NotUnderstood as error:
        return "", str(error)
    return business.findtext(".//ResultCode") or "", business.findtext(".//ResultContent") or ""


def _envelope(version: str, inside: str) -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="{ENVELOPES[version]}"><s:Body>{inside}'
        "</s:Body></s:Envelope>"
    ).encode()
