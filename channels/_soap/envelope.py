"""SOAP envelopes, without I/O: bytes of a request in, the call and its business XML out.

lxml reads requests and not spyne, because spyne turns entity references and child elements into empty text. SOAP 1.1
(W3C Note 2000) section 4, SOAP 1.2 (W3C 2007) part 1 section 5.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from lxml import etree

from channels._soap.text import media_type, plain_utf8, without_declaration
from engine.message import Refused

NOT_XML = "WB-1001"
DTD = "WB-1002"
NOT_SOAP = "WB-1003"
UNKNOWN_OPERATION = "WB-1004"
NO_OPERATION = "WB-1009"
EMPTY = "WB-1010"

Version = Literal["1.1", "1.2"]
NAMESPACES: dict[str, Version] = {
    "http://schemas.xmlsoap.org/soap/envelope/": "1.1",
    "http://www.w3.org/2003/05/soap-envelope": "1.2",
}
_UNDERSTOOD = ("http://www.w3.org/2005/08/addressing", "http://schemas.xmlsoap.org/ws/2004/08/addressing")
"""Header namespaces that may say mustUnderstand: our answers go back on the same connection, as these headers ask."""

_CODE = ("input1", "action")
_PAYLOAD = ("input2", "message")
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False, remove_pis=True)
Element = Any


@dataclass(frozen=True, slots=True)
class Call:
    """One SOAP call. element: local name of the operation's element; code: the service code (None: not a hip call).

    payload: the business XML as UTF-8 without declaration.
    """

    version: Version
    element: str
    code: str | None
    payload: bytes = field(repr=False)
    encoding: str = "utf-8"


def parse(data: bytes) -> Element:
    """The root element of UTF-8 bytes without a declaration; raises `Refused` WB-1001, WB-1002."""
    # A document type is looked for before libxml2 sees it: entities in attribute values are expanded while parsing.
    if b"<!DOCTYPE" in data:
        raise Refused(DTD, "a document type or entities are not taken")
    try:
        return etree.fromstring(data, _PARSER)
    except etree.XMLSyntaxError as error:
        # The parser's message may quote the document; its place and number may not.
        line, column = error.position
        raise Refused(NOT_XML, f"line {line}, column {column}: not well-formed XML ") from None


def version_of(body: bytes, content_type: str) -> Version:
    """The version to answer a request in that could not be read."""
    if "application/soap+xml" in content_type or b"http://www.w3.org/2003/05/soap-envelope" in body[:2000]:
        return "1.2"
    return "1.1"


def soap_action(header: str, content_type: str) -> str:
    """SOAPAction (1.1: header, often quoted; 1.2: parameter of the content type) as plain text."""
    action = header.strip() or media_type(content_type)[1].get("action", "")
    return action.strip().strip("\"'").strip()[:200]


def read(body: bytes, content_type: str, namespace: str, envelope: Literal["hip", "operation"]) -> Call:
    """The call in a request's body; raises `Refused` with WB-1001 ... WB-1010."""
    kind, parameters = media_type(content_type)
    if kind.startswith("multipart/"):
        raise Refused(NOT_SOAP, "attachments (multipart) are not taken: send the envelope alone")
    if not body.strip():
        raise Refused(EMPTY, "the request has no body")
    data, encoding = plain_utf8(body, parameters.get("charset", ""))
    root = parse(data)
    version, operation = _operation(root)
    name = etree.QName(operation)
    if name.namespace not in (None, namespace):
        raise Refused(UNKNOWN_OPERATION, f"the operation's namespace is not {namespace}")
    code, payload = _hip(operation, namespace) if envelope == "hip" else (None, _single(operation, namespace))
    if not payload:
        raise Refused(EMPTY, "the business XML is empty")
    return Call(version, name.localname, code, payload, encoding)


def read_chosen(
    body: bytes,
    content_type: str,
    namespace: str,
    envelope: Literal["hip", "operation"],
    names: Mapping[str, str],
    received: frozenset[str],
) -> tuple[Call, str]:
    """`read` and `choose` in one: also a job of a worker, because XML can be made to take minutes."""
    call = read(body, content_type, namespace, envelope)
    return call, choose(call, names, received)


def business_names(payload: bytes) -> list[str]:
    """Local names of the elements under `Body` of a business message, each once, in order."""
    body = next((child for child in _elements(parse(payload)) if etree.QName(child).localname == "Body"), None)
    return list(dict.fromkeys(etree.QName(child).localname for child in _elements(body))) if body is not None else []


def choose(call: Call, names: Mapping[str, str], received: frozenset[str]) -> str:
    """The route's operation of a call: by its code or element; for hip else by the one name under Body.

    names: code or element to operation. Raises `Refused` WB-1004 (none) and WB-1009 (several under Body).
    """
    if call.code is None:
        operation = names.get(call.element, call.element)
    elif call.code in names:
        operation = names[call.code]
    else:
        return _by_body(call, received)
    if operation not in received:
        raise Refused(UNKNOWN_OPERATION, "no route receives this operation")
    return operation


def _by_body(call: Call, received: frozenset[str]) -> str:
    try:
        found = [name for name in business_names(call.payload) if name in received]
    except Refused as error:
        raise Refused(error.code, f"business XML: {error.reason}") from None
    if len(found) == 1:
        return found[0]
    if found:
        raise Refused(NO_OPERATION, f"several operations under Body: {', '.join(sorted(found))}; send them singly")
    raise Refused(UNKNOWN_OPERATION, "neither the service code nor an element under Body names a received operation")


def detached(element: Element, namespace: str | None) -> bytes:
    """A business element out of its envelope, without the envelope's namespace.

    Under a default namespace of the envelope the business elements are in it by accident, not by meaning.
    """
    root = copy.deepcopy(element)
    root.tail = None
    for child in root.iter(f"{{{namespace}}}*") if namespace else ():
        child.tag = etree.QName(child).localname
    etree.cleanup_namespaces(root)
    return etree.tostring(root, encoding="utf-8")


def _operation(root: Element) -> tuple[Version, Element]:
    name = etree.QName(root)
    version = NAMESPACES.get(name.namespace or "")
    if name.localname != "Envelope" or version is None:
        raise Refused(NOT_SOAP, "the root element is not an Envelope of SOAP 1.1 or 1.2")
    bodies = root.findall(f"{{{name.namespace}}}Body")
    if len(bodies) != 1:
        raise Refused(NOT_SOAP, "the envelope needs exactly one Body")
    for block in root.iterfind(f"{{{name.namespace}}}Header/*"):
        _understand(block, name.namespace)
    operations = _elements(bodies[0])
    if len(operations) != 1:
        raise Refused(NOT_SOAP, f"one operation under the envelope's Body, not {len(operations)}")
    return version, operations[0]


def _understand(block: Element, namespace: str | None) -> None:
    must = block.get(f"{{{namespace}}}mustUnderstand", "").strip().lower()
    if must in ("1", "true") and etree.QName(block).namespace not in _UNDERSTOOD:
        raise Refused(NOT_SOAP, "a header that must be understood is not understood here")


def _hip(operation: Element, namespace: str) -> tuple[str, bytes]:
    """(service code, business XML) of `HIPMessageServer(input1, input2)` or `(action, message)`."""
    if etree.QName(operation).localname != "HIPMessageServer":
        raise Refused(UNKNOWN_OPERATION, "the operation is HIPMessageServer(input1, input2)")
    children = _elements(operation)
    named: dict[str, Element] = {}
    for child in children:
        if named.setdefault(etree.QName(child).localname, child) is not child:
            raise Refused(NOT_SOAP, "a parameter stands twice")
    code = next((named.pop(name) for name in _CODE if name in named), None)
    payload = next((named.pop(name) for name in _PAYLOAD if name in named), None)
    if named or payload is None:
        raise Refused(NOT_SOAP, "the parameters are input1 and input2 (or action and message)")
    return (_text(code) if code is not None else "").strip(), _xml(payload, namespace)


def _single(operation: Element, namespace: str) -> bytes:
    """The one parameter of an operation of its own name: `AddRisAppBillRt(xml)`."""
    children = _elements(operation)
    if not children:
        return _xml(operation, namespace)
    if len(children) > 1:
        raise Refused(NOT_SOAP, f"one parameter, not {len(children)}")
    # Some senders leave the parameter out and put the business message straight under the operation.
    if etree.QName(children[0]).localname == "Request" and _elements(children[0]):
        return _xml(operation, namespace)
    return _xml(children[0], namespace)


def _xml(parameter: Element, namespace: str) -> bytes:
    """The business XML of a parameter: text (escaped or CDATA), or one child element."""
    children = _elements(parameter)
    if not children:
        return without_declaration(_text(parameter)).encode()
    if len(children) > 1 or "".join([parameter.text or "", *(child.tail or "" for child in parameter)]).strip():
        raise Refused(NOT_SOAP, "a parameter holds text or one XML element, not both and not several")
    return detached(children[0], namespace)


def _text(element: Element) -> str:
    if len(element) == 0:
        return element.text or ""
    if _elements(element):
        raise Refused(NOT_SOAP, "the service code is text, not XML")
    # Comments split the text of their parent.
    return "".join([element.text or "", *(child.tail or "" for child in element)])


def _elements(parent: Element) -> list[Element]:
    """Child elements; an entity reference is refused, because its text would be lost."""
    found = []
    for child in parent:
        if child.tag is etree.Entity:
            raise Refused(DTD, "an entity reference is not taken")
        if isinstance(child.tag, str):
            found.append(child)
    return found
