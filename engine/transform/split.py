"""A message into parts: each matched element inside its ancestors, without the other matches."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Protocol

from lxml import etree

from engine.message import Refused, Value, Xml
from engine.site import paths as places
from engine.site.paths import Where, XPath, select
from engine.site.trees import text_of
from engine.transform import safe_xml

PATH = "WB-1011"
NO_PART = "WB-2006"
MOST_PARTS = 2_000
MOST_BYTES = 128 * 1024 * 1024
"""Of all parts together: each repeats what its message says once."""

Prefixes = tuple[tuple[str, str], ...]


class LabelLike(Protocol):
    """`engine.site.model.Label`: a path, or a constant value."""

    @property
    def name(self) -> str: ...
    @property
    def path(self) -> Where | None: ...
    @property
    def value(self) -> Any: ...
    @property
    def optional(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class SplitSpec:
    """by: what a part is. identity: paths from the matched element. labels: of the route."""

    by: XPath
    identity: tuple[XPath, ...] = ()
    labels: tuple[LabelLike, ...] = ()
    namespaces: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Part:
    """One part. digest: hex SHA-256 of the matched element in canonical form."""

    value: Value = field(repr=False)
    identity: tuple[str, ...] = field(repr=False)
    digest: str
    labels: dict[str, str] = field(repr=False)


def split(spec: SplitSpec, body: Xml) -> list[Part]:
    """The parts in document order. Raises `Refused`: none (WB-2006), identity or label not exactly one (WB-1011)."""
    root = safe_xml.from_value(body)
    prefixes = tuple(sorted(spec.namespaces.items()))
    matches = [node for node in select(spec.by, root, prefixes) if isinstance(node, etree._Element)]
    if not matches:
        raise Refused(NO_PART, f"the path {spec.by.text} finds no part")
    if len(matches) > MOST_PARTS:
        raise Refused(NO_PART, f"the path {spec.by.text} finds {len(matches)} parts, the limit is {MOST_PARTS}")
    frame = Frame(matches)
    parts: list[Part] = []
    size = 0
    for match in matches:
        part = _part(spec, prefixes, frame, match)
        parts.append(part)
        size += len(part.value.data) if isinstance(part.value, Xml) else 0
        if size > MOST_BYTES:
            raise Refused(NO_PART, f"the parts are larger than {MOST_BYTES} bytes together")
    return parts


def _part(spec: SplitSpec, prefixes: Prefixes, frame: Frame, match: etree._Element) -> Part:
    copy = frame.part(match)
    top = copy.getroottree().getroot()
    identity = tuple(one_text(path, copy, prefixes) for path in spec.identity)
    labels = {label.name: part_label(label, top, prefixes) for label in spec.labels}
    return Part(Xml(safe_xml.to_bytes(top)), identity, digest(copy), labels)


class Frame:
    """What stands around the matches: for each ancestor, which children belong to every part."""

    def __init__(self, matches: Iterable[etree._Element]) -> None:
        self._on_path = set(matches)
        for match in list(self._on_path):
            self._on_path.update(match.iterancestors())
        self._kept: dict[etree._Element, list[tuple[int, etree._Element]]] = {}
        self._index: dict[etree._Element, int] = {}

    def part(self, match: etree._Element) -> etree._Element:
        """A copy of the match, in a new tree of its ancestors."""
        inner = copied = deepcopy(match)
        inner.tail = None
        below = match
        for ancestor in match.iterancestors():
            inner = self._around(ancestor, below, inner)
            below = ancestor
        return copied

    def _around(self, ancestor: etree._Element, below: etree._Element, inner: etree._Element) -> etree._Element:
        outer = etree.Element(ancestor.tag, dict(ancestor.attrib), nsmap=ancestor.nsmap)  # type: ignore[arg-type,misc]
        outer.text = ancestor.text
        kept = self._children(ancestor)
        place = self._index[below]
        outer.extend(deepcopy(child) for index, child in kept if index < place)
        outer.append(inner)
        outer.extend(deepcopy(child) for index, child in kept if index > place)
        return outer

    def _children(self, ancestor: etree._Element) -> list[tuple[int, etree._Element]]:
        if ancestor not in self._kept:
            kept = self._kept[ancestor] = []
            for index, child in enumerate(ancestor):
                if child in self._on_path:
                    self._index[child] = index
                else:
                    kept.append((index, child))
        return self._kept[ancestor]


def digest(element: etree._Element) -> str:
    """SHA-256 of the element in exclusive canonical XML: equal whatever stands around it."""
    return hashlib.sha256(etree.tostring(element, method="c14n", exclusive=True, with_tail=False)).hexdigest()


def texts(path: XPath, node: etree._Element, prefixes: Prefixes) -> list[str]:
    """What a path finds, as text without blanks around it; what is empty counts as not there."""
    found = (
        str(item) if isinstance(item, bool | float) else text_of(item).strip() for item in select(path, node, prefixes)
    )
    return [text for text in found if text]


def one_text(path: XPath, node: etree._Element, prefixes: Prefixes) -> str:
    """The one text that a path finds. Raises `Refused` WB-1011."""
    found = texts(path, node, prefixes)
    if len(found) != 1:
        raise Refused(PATH, f"the path {path.text} finds {len(found) or 'nothing'}; one is needed")
    return found[0]


def part_label(label: LabelLike, top: etree._Element, prefixes: Prefixes) -> str:
    """A label of a part: several are refused, none only when it is not optional."""
    if label.path is None:
        return str(label.value)
    found = _at(label.path, top, prefixes)
    if len(found) == 1 or (label.optional and not found):
        return found[0] if found else ""
    raise Refused(PATH, f"the path {label.path.text} finds {len(found) or 'nothing'}; one is needed")


def message_label(label: LabelLike, top: etree._Element, prefixes: Prefixes) -> str:
    """A label at accept: empty when there is none or several (the parts tell)."""
    if label.path is None:
        return str(label.value)
    found = _at(label.path, top, prefixes)
    return found[0] if len(found) == 1 else ""


def _at(where: Where, top: etree._Element, prefixes: Prefixes) -> list[str]:
    if isinstance(where, XPath):
        return texts(where, top, prefixes)
    return places.texts(where, places.Look({"body": Xml(safe_xml.to_bytes(top))}, dict(prefixes)))
