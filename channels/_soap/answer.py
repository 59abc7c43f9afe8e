"""What a peer's answer to our call means: its business XML, or which of the three failures.

| answer | meaning |
|---|---|
| 200 with a result that is XML | success, whatever its ResultCode: the step's `expect` reads that |
| a fault Client (1.1) or Sender (1.2), VersionMismatch, MustUnderstand | `Refused`: this input never will be taken |
| a fault Server or Receiver, or 503 | `Unavailable`: the peer says that it did not do it |
| any other status below 500 without a fault (wrong path, no right, moved) | `Unavailable`: the service never saw it |
| anything unreadable from 200 or from 500 on | `InDoubt`: it may have done it and failed to say so |
"""

from __future__ import annotations

from typing import Any

from lxml import etree

from channels._soap.envelope import NAMESPACES, detached, parse
from channels._soap.text import media_type, plain_utf8, without_declaration
from engine.message import InDoubt, Refused, Unavailable, Xml

AWAY = "WB-3001"
"""The peer cannot be reached, or says that it does not take requests now."""

IN_DOUBT = "WB-3002"
"""No readable answer came after the request left: it may be done."""

SAID_NO = "WB-3003"
"""The peer refuses this request for good."""

PEER_FAILED = "WB-3011"
"""The peer answered that it failed by its own fault."""

MEANINGS = frozenset({AWAY, IN_DOUBT, SAID_NO, PEER_FAILED})
"""The codes that `business_answer` raises."""

_OURS = frozenset({"Client", "Sender", "VersionMismatch", "MustUnderstand"})


def business_answer(status: int, content_type: str, body: bytes) -> Xml:
    """The inner business XML; raises `Unavailable`, `Refused` or `InDoubt`. No word of the peer's text is repeated."""
    root = _envelope(content_type, body)
    fault = _fault(root) if root is not None else ""
    if fault in _OURS:
        raise Refused(SAID_NO, f"the peer answered fault {fault} (HTTP {status})")
    if status == 503:
        raise Unavailable(AWAY, "the peer takes no requests now (HTTP 503)")
    if fault:
        raise Unavailable(PEER_FAILED, f"the peer answered a server fault (HTTP {status})")
    if 300 <= status < 500:
        raise Unavailable(AWAY, f"the address answers HTTP {status} without a SOAP fault: check the url and its rights")
    if status != 200 or root is None:
        raise InDoubt(IN_DOUBT, f"the peer's answer is not a SOAP envelope (HTTP {status})")
    return _result(root)


def _envelope(content_type: str, body: bytes) -> Any | None:
    """The answer's envelope; None for whatever is none."""
    try:
        root = parse(plain_utf8(body, media_type(content_type)[1].get("charset", ""))[0])
    except Refused:
        return None
    name = etree.QName(root)
    return root if name.localname == "Envelope" and name.namespace in NAMESPACES else None


def _fault(root: Any) -> str:
    """Local name of the fault's code, `Server` for one that is not of SOAP, empty without a fault."""
    namespace = etree.QName(root).namespace
    fault = root.find(f"{{{namespace}}}Body/{{{namespace}}}Fault")
    if fault is None:
        return ""
    code = fault.findtext("faultcode") or fault.findtext(f"{{{namespace}}}Code/{{{namespace}}}Value") or ""
    word = code.strip().rpartition(":")[2].partition(".")[0]
    return word if word in _OURS else "Server"


def _result(root: Any) -> Xml:
    """The one result under the response element: text that is XML, or an XML element itself."""
    body = root.find(f"{{{etree.QName(root).namespace}}}Body")
    response = next((child for child in body if isinstance(child.tag, str)), None) if body is not None else None
    results = [child for child in response if isinstance(child.tag, str)] if response is not None else []
    if len(results) != 1:
        raise InDoubt(IN_DOUBT, f"the peer's answer holds {len(results)} results instead of one")
    inner = [child for child in results[0] if isinstance(child.tag, str)]
    if inner:
        return Xml(detached(inner[0], etree.QName(results[0]).namespace))
    data = without_declaration(results[0].text or "").encode()
    try:
        parse(data)
    except Refused:
        raise InDoubt(IN_DOUBT, "the peer's result is not XML") from None
    return Xml(data)
