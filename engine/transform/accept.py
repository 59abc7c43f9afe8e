"""What happens to a message before its reply: read, check, identity, labels, and the reply itself."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field

from lxml import etree

from engine.message import Finding, Refused, Xml
from engine.site.paths import XPath
from engine.transform import safe_xml, schema
from engine.transform.split import LabelLike, Prefixes, message_label, one_text
from engine.transform.xslt import StrPath, text_of, transformed


@dataclass(frozen=True, slots=True)
class AcceptSpec:
    """What a route's `receive` asks. xsd, reply_ok, reply_invalid: files. run: the id that the reply tells."""

    namespaces: Mapping[str, str] = field(default_factory=dict)
    xsd: StrPath | None = None
    identity: tuple[XPath, ...] = ()
    labels: tuple[LabelLike, ...] = ()
    reply_ok: StrPath | None = None
    reply_invalid: StrPath | None = None
    run: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """xml: UTF-8 without declaration, empty when the body is not XML. findings: none when it is good."""

    xml: bytes = field(repr=False)
    identity: tuple[str, ...] = field(repr=False)
    labels: dict[str, str] = field(repr=False)
    findings: tuple[Finding, ...]
    reply: bytes = field(repr=False)


def accept(spec: AcceptSpec, body: bytes, content_type: str) -> Accepted:
    """Read and check a message; a bad one is no exception but has findings, and no identity."""
    try:
        root = safe_xml.parse(body, content_type)
    except Refused as refused:
        found = Finding(refused.code, "", refused.reason)
        return Accepted(b"", (), {}, (found,), _answer(spec, found, None))
    prefixes: Prefixes = tuple(sorted(spec.namespaces.items()))
    findings = schema.findings(spec.xsd, root) if spec.xsd else []
    identity: tuple[str, ...] = ()
    try:
        identity = tuple(one_text(path, root, prefixes) for path in spec.identity)
    except Refused as refused:
        findings.append(Finding(refused.code, "", refused.reason))
    labels = {label.name: message_label(label, root, prefixes) for label in spec.labels}
    xml = safe_xml.to_bytes(root)
    answer = _answer(spec, findings[0] if findings else None, root)
    return Accepted(xml, () if findings else identity, labels, tuple(findings), answer)


def _answer(spec: AcceptSpec, finding: Finding | None, root: etree._Element | None) -> bytes:
    path = spec.reply_invalid if finding else spec.reply_ok
    if path is None:
        return b""
    if finding is None:
        return _reply(path, "0", "", spec.run, root)
    return _reply(path, finding.code, finding.line(), spec.run, root)


def reply(path: StrPath, code: str, reason: str, message_id: str, body: bytes | Xml | None) -> bytes:
    """The reply that a stylesheet makes. code: `0` or `WB-nnnn`; body: the message, or None when it is not XML."""
    data = body.data if isinstance(body, Xml) else body
    return _reply(path, code, reason, message_id, safe_xml.parse(data) if data else None)


def _reply(path: StrPath, code: str, reason: str, message_id: str, root: etree._Element | None) -> bytes:
    top = etree.Element("reply", code=code, reason=text_of(reason), run=message_id)
    holder = etree.SubElement(top, "body")
    if root is not None:
        holder.append(deepcopy(root))
    return bytes(transformed(path, top))
