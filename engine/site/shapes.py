"""What a document can look like: the elements of an XSD and their children, the names in samples, stylesheets, tables.

Only what is certain is said. A schema that this reader does not follow to its end (substitution groups, redefinitions,
imports from elsewhere, one name in two namespaces) has no shape; where it lets anything in (`xs:any`, no type, a type
that others extend) everything is possible.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.site.house import XS, XSL
from engine.site.nodes import Items, Map, Node, Text, load_yaml
from engine.site.problems import Invalid

MOST_FILES = 100
_PARAMETER = re.compile(r"\{\s*\$([\w.\-]+)\s*\}")
_LITERAL = re.compile(r"""\s*["']([^"']*)["']\s*""")
MOST_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Content:
    """What may stand in an element. is_open: anything else too."""

    children: dict[str, Any]
    attributes: frozenset[str]
    is_open: bool
    is_attributed: bool  # any attribute may stand there


@dataclass
class Shape:
    """An XSD: its root elements by name, and what each element may hold."""

    roots: dict[str, Any]
    _types: dict[str, Any]
    _groups: dict[str, Any]
    _extended: frozenset[str]
    _known: dict[Any, Content] = field(default_factory=dict)

    @property
    def names(self) -> set[str]:
        """Every element that it declares somewhere."""
        return {name for name, _ in self._everything()}

    def _everything(self) -> Iterator[tuple[str, Any]]:
        seen: set[Any] = set()
        waiting = list(self.roots.items())
        while waiting:
            name, element = waiting.pop()
            if element not in seen:
                seen.add(element)
                yield name, element
                waiting.extend(self.content(element).children.items())

    def content(self, element: Any) -> Content:
        """What an element may hold."""
        if element not in self._known:
            reading = _Reading(self)
            reading.element(element)
            self._known[element] = Content(
                reading.children, frozenset(reading.attributes), reading.is_open, reading.is_attributed
            )
        return self._known[element]


class _Reading:
    """The content of one element, through its type, that type's bases, and groups."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._seen: set[Any] = set()
        self.children: dict[str, Any] = {}
        self.attributes: set[str] = set()
        self.is_open = False
        self.is_attributed = False

    def element(self, element: Any) -> None:
        inline = element.find(XS + "complexType")
        kind = element.get("type")
        if inline is not None:
            self._walk(inline)
        elif element.find(XS + "simpleType") is None:
            self._type(kind, element)

    def _type(self, name: str | None, at: Any) -> None:
        if name is None:  # no type is any type
            self._anything()
            return
        prefix, _, local = name.rpartition(":")
        if at.nsmap.get(prefix or None) == XS[1:-1]:
            if local == "anyType":
                self._anything()
            return
        kind = self._shape._types.get(local)
        if kind is None or local in self._shape._extended:
            self._anything()
        if kind is not None and kind.tag == XS + "complexType":
            self._walk(kind)

    def _anything(self) -> None:
        self.is_open = self.is_attributed = True

    def _walk(self, node: Any) -> None:
        if node in self._seen:
            return
        self._seen.add(node)
        for child in node.iterchildren("{*}*"):
            self._one(child)

    def _one(self, node: Any) -> None:
        kind = node.tag.removeprefix(XS)
        if kind == "element":
            self._child(node)
        elif kind == "any":
            self.is_open = True
        elif kind == "anyAttribute":
            self.is_attributed = True
        elif kind == "attribute":
            self.attributes.add((node.get("name") or node.get("ref", "")).rpartition(":")[2])
        elif kind in ("group", "attributeGroup"):
            group = self._shape._groups.get(node.get("ref", "").rpartition(":")[2])
            self._anything() if group is None else self._walk(group)
        elif kind == "extension":
            self._type(node.get("base"), node)
            self._walk(node)
        elif kind in ("sequence", "choice", "all", "complexContent", "simpleContent", "restriction"):
            self._walk(node)

    def _child(self, node: Any) -> None:
        name = node.get("name") or node.get("ref", "").rpartition(":")[2]
        declared = node if node.get("name") else self._shape.roots.get(name)
        if declared is None:
            self.is_open = True
        else:
            self.children.setdefault(name, declared)


def of_schema(path: Path) -> Shape | None:
    """The shape of an XSD; None when it cannot be told for certain."""
    trees = _linked(path, "schemaLocation", ("include", "import"), XS)
    if trees is None:
        return None
    shape = Shape({}, {}, {}, frozenset())
    extended: set[str] = set()
    for tree in trees:
        if tree.find(f".//{XS}redefine") is not None or tree.find(f".//{XS}*[@substitutionGroup]") is not None:
            return None
        for node in tree.iterchildren("{*}*"):
            if not _index(shape, node):
                return None
        extended |= {node.get("base", "").rpartition(":")[2] for node in tree.iter(XS + "extension")}
    shape._extended = frozenset(extended)
    return shape if shape.roots else None


def _index(shape: Shape, node: Any) -> bool:
    """False when a name stands twice, in two namespaces perhaps."""
    kind = str(node.tag).removeprefix(XS)
    into = {
        "element": shape.roots, "complexType": shape._types, "simpleType": shape._types, "group": shape._groups,
        "attributeGroup": shape._groups,
    }.get(kind)  # fmt: skip
    name = node.get("name", "")
    if into is None:
        return True
    return into.setdefault(name, node) is node


def _linked(path: Path, attribute: str, words: tuple[str, ...], space: str) -> list[Any] | None:
    """A file's tree and those of the files that it includes; None when one is not there or not XML."""
    found: dict[Path, Any] = {}
    waiting = [path]
    while waiting:
        current = waiting.pop().absolute()
        if current in found:
            continue
        root = _parsed(current)
        if root is None or len(found) >= MOST_FILES:
            return None
        found[current] = root
        for link in root.iterchildren(*[space + word for word in words]):
            target = link.get(attribute)
            if not target or ":" in target:
                return None
            waiting.append(current.parent / target)
    return list(found.values())


def _parsed(path: Path) -> Any:
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False)
    try:
        if path.stat().st_size > MOST_BYTES:
            return None
        return etree.parse(path, parser).getroot()
    except (OSError, etree.XMLSyntaxError):
        return None


# ---- names only


def of_stylesheet(path: Path) -> frozenset[str] | None:
    """The elements and attributes that a stylesheet can write; None when it copies or makes names while it runs."""
    trees = _linked(path, "href", ("include", "import"), XSL)
    if trees is None:
        return None
    names: set[str] = set()
    for tree in trees:
        for node in tree.iter("{*}*"):
            made = _written(node, trees)
            if made is None:
                return None
            names |= made
    return frozenset(names)


def _written(node: Any, trees: list[Any]) -> set[str] | None:
    from lxml import etree

    name = etree.QName(node)
    if name.namespace == XSL[1:-1]:
        if name.localname in ("copy", "copy-of", "processing-instruction", "attribute-set", "namespace-alias"):
            return None
        if name.localname in ("element", "attribute"):
            made = node.get("name", "{")
            given = _PARAMETER.fullmatch(made)
            if given:
                return _given(given[1], trees)
            return None if "{" in made else {made.rpartition(":")[2]}
        return set()
    return {name.localname, *(etree.QName(key).localname for key in node.attrib)}


def _given(parameter: str, trees: list[Any]) -> set[str] | None:
    """The texts that templates are called with for a parameter; None when one of them is made while it runs."""
    names: set[str] = set()
    for tree in trees:
        for node in tree.iter(XSL + "with-param"):
            if node.get("name") == parameter:
                literal = _LITERAL.fullmatch(node.get("select", ""))
                if len(node) or (node.get("select") is not None and literal is None):
                    return None
                names.add(literal[1] if literal else (node.text or "").strip())
    return names or None


def of_table(path: Path) -> frozenset[str] | None:
    """The names that the fields of a mapping table make; None when it changes a base, or makes HL7."""
    try:
        top = load_yaml(path)
    except Invalid:
        return None
    target = top.get("target")
    if not isinstance(target, Map) or "as" not in target or {"from", "value"} & set(target):
        return frozenset(top)
    if "base" in target or target["as"] == "hl7":
        return None
    return frozenset(_fields(top)) | {str(target.get("root", ""))}


def _fields(node: Map) -> Iterator[str]:
    fields, repeats = node.get("fields"), node.get("repeat")
    for key in [*(fields if isinstance(fields, Map) else ()), str(node.get("at", ""))]:
        for step in key.split("/"):
            yield step.lstrip("@").partition("[")[0].rpartition(":")[2]
    if isinstance(fields, Map) and any(_is_any(row) for row in fields.values()):
        yield "*"
    for repeat in repeats if isinstance(repeats, Items) else ():
        if isinstance(repeat, Map):
            yield from _fields(repeat)


def _is_any(row: Node) -> bool:
    return isinstance(row, Map) and row.get("as") == Text("any")


@dataclass(frozen=True, slots=True)
class Samples:
    """Messages of a route that an analyst put beside its transforms."""

    trees: tuple[Any, ...] = ()
    names: frozenset[str] = frozenset()
    is_json: bool = False


def of_samples(paths: Iterable[Path]) -> Samples:
    """XML and JSON samples; what cannot be read is left out, and both kinds together are none."""
    trees: list[Any] = []
    names: set[str] = set()
    kinds: set[str] = set()
    for path in list(paths)[:MOST_FILES]:
        if path.suffix == ".xml":
            root = _parsed(path)
            if root is not None:
                trees.append(root)
                kinds.add("xml")
                names |= set(_names_of(root))
        elif path.suffix == ".json":
            data = _json(path)
            if data is not None:
                kinds.add("json")
                names |= set(_keys_of(data))
    return Samples(tuple(trees), frozenset(names), kinds == {"json"}) if len(kinds) == 1 else Samples()


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes()) if path.stat().st_size <= MOST_BYTES else None
    except (OSError, ValueError, RecursionError):
        return None


def _names_of(root: Any) -> Iterator[str]:
    for node in root.iter("{*}*"):
        yield node.tag.rpartition("}")[2]
        yield from (key.rpartition("}")[2] for key in node.attrib)


def _keys_of(data: Any) -> Iterator[str]:
    waiting = [data]
    while waiting:
        current = waiting.pop()
        if isinstance(current, dict):
            yield from current
            waiting.extend(current.values())
        elif isinstance(current, list):
            waiting.extend(current)
