"""What happens to a message before its reply: read, check, identity, labels, and the reply itself."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import field, fields
from functools import lru_cache
from typing import Any

from lxml import etree

from engine.frozen import frozen
from engine.message import Blob, Finding, Refused, Value, Xml
from engine.site.paths import Look, Where, XPath, one, texts
from engine.transform import reading, safe_xml, schema
from engine.transform.split import LabelLike, Prefixes, message_label, one_text
from engine.transform.xslt import StrPath, text_of, transformed

PATH = "WB-1011"


@frozen
class AcceptSpec:
    """What a route's `receive` asks. xsd, reply_ok, reply_invalid: files. run: the id that the reply tells."""

    namespaces: Mapping[str, str] = field(default_factory=dict)
    xsd: StrPath | None = None
    identity: tuple[Where, ...] = ()
    labels: tuple[LabelLike, ...] = ()
    reply_ok: StrPath | None = None
    reply_invalid: StrPath | None = None
    run: str = ""
    _packed: list[bytes] = field(default_factory=list, init=False, repr=False, compare=False)

    def __reduce__(self) -> tuple[Any, ...]:
        """A route's spec goes to the workers with every message: packed once here, unpacked once there."""
        if not self._packed:
            self._packed.append(pickle.dumps([getattr(self, one.name) for one in fields(self) if one.init], 5))
        return _unpacked, (self._packed[0],)


@lru_cache(maxsize=256)
def _unpacked(packed: bytes) -> AcceptSpec:
    return AcceptSpec(*pickle.loads(packed))  # noqa: S301 (of our own process)


@frozen
class Accepted:
    """value: what the body says, None when it cannot be read. findings: none when it is good."""

    value: Value = field(repr=False)
    identity: tuple[str, ...] = field(repr=False)
    labels: dict[str, str] = field(repr=False)
    findings: tuple[Finding, ...]
    reply: bytes = field(repr=False)

    def __reduce__(self) -> tuple[Any, ...]:
        """The way of a frozen class with slots through pickle takes twice as long."""
        return Accepted, (self.value, self.identity, self.labels, self.findings, self.reply)

    @property
    def canonical(self) -> bytes:
        """The bytes by which a repeat is told: of XML without its form; empty for everything else."""
        return self.value.data if isinstance(self.value, Xml) else b""


def accept(spec: AcceptSpec, body: bytes, content_type: str) -> Accepted:
    """Read and check a message; a bad one is no exception but has findings, and no identity."""
    kind, parameters = reading.kind_of(content_type)
    try:
        if kind == "xml" and "root" not in parameters:
            return _accept_xml(spec, safe_xml.parse(body, content_type))
        value = reading.read(body, content_type)
        if isinstance(value, Xml):
            return _accept_xml(spec, safe_xml.from_value(value))
    except Refused as refused:
        found = Finding(refused.code, "", refused.reason)
        return Accepted(None, (), {}, (found,), _answer(spec, found, None))
    return _accept_other(spec, value)


def _accept_xml(spec: AcceptSpec, root: etree._Element) -> Accepted:
    prefixes: Prefixes = tuple(sorted(spec.namespaces.items()))
    findings = schema.findings(spec.xsd, root) if spec.xsd else []
    value = Xml(safe_xml.to_bytes(root))
    identity: tuple[str, ...] = ()
    labels: dict[str, str] = {}
    try:
        look = Look({"body": value}, spec.namespaces)
        identity = tuple(
            one_text(path, root, prefixes) if isinstance(path, XPath) else one(path, look) for path in spec.identity
        )
        labels = {label.name: message_label(label, root, prefixes) for label in spec.labels}
    except Refused as refused:
        findings.append(Finding(PATH, "", refused.reason))
    answer = _answer(spec, findings[0] if findings else None, root)
    return Accepted(value, () if findings else identity, labels, tuple(findings), answer)


def accept_blob(spec: AcceptSpec, blob: Blob, meta: Mapping[str, str]) -> Accepted:
    """What is not opened here: labels and identity can only be of `meta`."""
    return _accept_other(spec, blob, meta)


def _accept_other(spec: AcceptSpec, value: Value, meta: Mapping[str, str] | None = None) -> Accepted:
    """JSON, HL7, text and bytes: cheap enough for the daemon's own process when they are small."""
    look = Look({"body": value, "meta": dict(meta or {})}, spec.namespaces)
    findings: tuple[Finding, ...] = ()
    identity: tuple[str, ...] = ()
    if spec.xsd:
        findings = (Finding("WB-1001", "", "the route asks for XML, and the message is none"),)
    labels: dict[str, str] = {}
    try:
        identity = tuple([one(path, look) for path in spec.identity])
        labels = {label.name: _label(label, look) for label in spec.labels}
    except Refused as refused:
        findings = (*findings, Finding(PATH, "", refused.reason))
    answer = b""
    if spec.reply_ok or spec.reply_invalid:
        answer = _answer(spec, findings[0] if findings else None, None)
    return Accepted(value, () if findings else identity, labels, findings, answer)


def _label(label: LabelLike, look: Look) -> str:
    """At accept a label that finds none or several is empty."""
    if label.path is None:
        return str(label.value)
    found = texts(label.path, look)
    return found[0] if len(found) == 1 else ""


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
