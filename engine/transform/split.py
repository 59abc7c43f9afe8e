"""A message into parts.

XML: each matched element inside its ancestors, without the other matches. HL7: each group of a segment with the header
and its own patient (`engine.transform.segments`). JSON: each item of a list is a part's whole body.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

from lxml import etree

from engine.message import Blob, Hl7, Refused, Value, Xml
from engine.site import paths as places
from engine.site.nodes import Node, Text
from engine.site.paths import Template, Where, XPath, select
from engine.site.problems import BAD_PATH, invalid
from engine.site.trees import text_of
from engine.transform import safe_xml
from engine.transform.segments import groups

if TYPE_CHECKING:
    from engine.site.settings import Context

T = TypeVar("T")

PATH = "WB-1011"
NO_PART = "WB-2006"
NOT_SPLIT = "WB-2012"
SEGMENT = re.compile("[A-Z][A-Z0-9]{2}")
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


@dataclass(frozen=True)
class By:
    """What a part is: an XPath on XML, `$(name/path)` to a list, or the name of an HL7 segment."""

    where: Where
    segment: str = ""

    @classmethod
    def from_node(cls, node: Node, context: Context) -> Self:
        if isinstance(node, Text) and SEGMENT.fullmatch(node):
            return cls(XPath(str(node)), str(node))
        if not isinstance(node, Text) or not node.startswith("$("):
            return cls(XPath.from_node(node, context))
        template = Template.from_node(node, context)
        if template.single is None:
            raise invalid(node, BAD_PATH, "this is not one list", "write exactly one `$(name/path)`")
        return cls(template)


@dataclass(frozen=True, slots=True)
class SplitSpec:
    """by: what a part is. identity: places in the part, XPaths from the matched element. labels: of the route."""

    by: By
    identity: tuple[Where, ...] = ()
    labels: tuple[LabelLike, ...] = ()
    namespaces: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Part:
    """One part. digest: hex SHA-256 of the matched element, group or item in canonical form."""

    value: Value = field(repr=False)
    identity: tuple[str, ...] = field(repr=False)
    digest: str
    labels: dict[str, str] = field(repr=False)


def split(spec: SplitSpec, values: Mapping[str, Value]) -> list[Part]:
    """The parts in the order of the message. values: `body`, `meta`, and what `by` names.

    Raises `Refused`: no part, too many, too large (WB-2006), identity or label not exactly one (WB-1011), a body that
    cannot be split so (WB-2012).
    """
    body = values.get("body")
    if isinstance(spec.by.where, Template):
        return _of_list(spec, spec.by.where, values)
    if isinstance(body, Hl7) and spec.by.segment:
        return _of_segments(spec, body, values)
    if not isinstance(body, Xml):
        raise Refused(NOT_SPLIT, f"the body is not XML, so it cannot be split by {spec.by.where.text}")
    return _of_elements(spec, spec.by.where, body)


def _of_elements(spec: SplitSpec, by: XPath, body: Xml) -> list[Part]:
    root = safe_xml.from_value(body)
    prefixes = tuple(sorted(spec.namespaces.items()))
    matches = [node for node in select(by, root, prefixes) if isinstance(node, etree._Element)]
    frame = Frame(_counted(by.text, matches))
    parts: list[Part] = []
    room = MOST_BYTES
    for match in matches:
        copy = frame.part(match)
        top = copy.getroottree().getroot()
        data = safe_xml.to_bytes(top)
        room = _room(room, len(data))
        identity = tuple(_one_of(path, copy, prefixes) for path in spec.identity)
        labels = {label.name: part_label(label, top, prefixes) for label in spec.labels}
        parts.append(Part(Xml(data), identity, digest(copy), labels))
    return parts


def _of_segments(spec: SplitSpec, body: Hl7, values: Mapping[str, Value]) -> list[Part]:
    parts: list[Part] = []
    room = MOST_BYTES
    for data, group in _counted(spec.by.segment, groups(body, spec.by.segment)):
        room = _room(room, len(data))
        parts.append(_part(spec, Hl7(data), group, values))
    return parts


def _of_list(spec: SplitSpec, by: Template, values: Mapping[str, Value]) -> list[Part]:
    assert by.single is not None
    found = places.Look(values, spec.namespaces).find(by.single)
    items = found[0] if len(found) == 1 and isinstance(found[0], list) else [places.as_value(item) for item in found]
    parts: list[Part] = []
    room = MOST_BYTES
    for item in _counted(by.text, items):
        canonical = _canonical(item)
        room = _room(room, len(canonical))
        parts.append(_part(spec, item, canonical, values))
    return parts


def _part(spec: SplitSpec, item: Value, canonical: bytes, values: Mapping[str, Value]) -> Part:
    look = places.Look({"body": item, "meta": values.get("meta")}, spec.namespaces)
    identity = tuple(_only(path, places.texts(path, look)) for path in spec.identity)
    labels = {label.name: _label(label, look) for label in spec.labels}
    return Part(item, identity, hashlib.sha256(canonical).hexdigest(), labels)


def _counted(path: str, found: list[T]) -> list[T]:
    if not found:
        raise Refused(NO_PART, f"the path {path} finds no part")
    if len(found) > MOST_PARTS:
        raise Refused(NO_PART, f"the path {path} finds {len(found)} parts, the limit is {MOST_PARTS}")
    return found


def _room(room: int, size: int) -> int:
    if size > room:
        raise Refused(NO_PART, f"the parts are larger than {MOST_BYTES} bytes together")
    return room - size


def _canonical(item: Any) -> bytes:
    """The same for the same content, in whatever order its keys stand."""
    return json.dumps(item, sort_keys=True, ensure_ascii=False, default=_other).encode("utf-8", "surrogatepass")


def _other(value: Any) -> str:
    if isinstance(value, Xml | Hl7):
        return value.data.decode("utf-8", "replace")
    return value.sha256 if isinstance(value, Blob) else str(value.hex())


def _label(label: LabelLike, look: places.Look) -> str:
    if label.path is None:
        return str(label.value)
    found = places.texts(label.path, look)
    return "" if label.optional and not found else _only(label.path, found)


def _only(where: Where, found: list[str]) -> str:
    if len(found) != 1:
        raise Refused(PATH, f"the path {where.text} finds {len(found) or 'nothing'}; one is needed")
    return found[0]


def _one_of(where: Where, node: etree._Element, prefixes: Prefixes) -> str:
    """An identity of an element: an XPath starts at it, `$(body/...)` at the root of its part."""
    if isinstance(where, XPath):
        return one_text(where, node, prefixes)
    return _only(where, _at(where, node.getroottree().getroot(), prefixes))


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
    return _only(path, texts(path, node, prefixes))


def part_label(label: LabelLike, top: etree._Element, prefixes: Prefixes) -> str:
    """A label of a part: several are refused, none only when it is not optional."""
    if label.path is None:
        return str(label.value)
    found = _at(label.path, top, prefixes)
    return "" if label.optional and not found else _only(label.path, found)


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
