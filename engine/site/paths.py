"""Paths and templates: how a route points at values.

`XPath` is an XPath 1.0 expression on one XML value. `Template` is literal text with `$(name/path|filter)` parts; a
text that begins with `//` is one XPath expression on `body`. Both are checked when they are made, and travel to the
worker processes by pickle.

A slash path starts at the root of the named value: `/name` is a child element, or a key; `/@name` an attribute;
`//name` that name anywhere; `[n]` the n-th of that name in its parent, from 1 (as in XPath). On an HL7 message the path
is one place, `$(body/PID-3.1)` or `$(body/OBX[2]-5)`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self, TypeVar

from engine import hl7
from engine.message import Blob, Hl7, Refused, Value, Xml
from engine.site import filters, trees
from engine.site.nodes import Node, Text
from engine.site.path_text import NAME, PathError, Reference, Segment, parts
from engine.site.problems import BAD_PATH, BAD_VALUE, invalid

if TYPE_CHECKING:
    from engine.site.settings import Context

NOTHING = "WB-2001"
SEVERAL = "WB-2002"

T = TypeVar("T")

_FUNCTIONS = re.compile(  # XPath 1.0 section 4, and the node tests of section 2.3
    "last|position|count|id|local-name|namespace-uri|name|string|concat|starts-with|contains|substring-before|"
    "substring-after|substring|string-length|normalize-space|translate|boolean|not|true|false|lang|number|sum|floor|"
    "ceiling|round|text|node|comment|processing-instruction|and|or|div|mod"
)


@dataclass(frozen=True)
class XPath:
    """An XPath 1.0 expression, checked when it is made."""

    text: str

    def __post_init__(self) -> None:
        from lxml import etree

        try:
            trees.compiled(self.text)
        except (etree.XPathError, ValueError):
            raise PathError("this is not XPath 1.0", 1) from None

    @classmethod
    def from_node(cls, node: Node, context: Context) -> Self:
        path = _made(cls, node, "//Header/MessageID")
        _check_names(path.text, node, context.namespaces)
        return path


Part = str | Reference | XPath


@dataclass(frozen=True)
class Template:
    """Text with `$( )` parts; `$$(` stands for a literal `$(`."""

    text: str
    parts: tuple[Part, ...] = field(init=False, compare=False, repr=False)
    whole: str | None = field(init=False, compare=False, repr=False)
    """The name of the value that it is, when it is just that."""

    def __post_init__(self) -> None:
        found: tuple[Part, ...] = (XPath(self.text),) if self.text.startswith("//") else tuple(parts(self.text))
        part = found[0] if len(found) == 1 else None
        object.__setattr__(self, "parts", found)
        object.__setattr__(self, "whole", part.name if isinstance(part, Reference) and part.plain else None)

    @classmethod
    def from_node(cls, node: Node, context: Context) -> Self:
        template = _made(cls, node, "$(name/path)")
        for part in template.parts:
            if isinstance(part, XPath):
                _check_names(part.text, node, context.namespaces)
            elif isinstance(part, Reference):
                for prefix in (s.name.lstrip("@").split(":")[0] for s in part.segments if ":" in s.name):
                    if prefix not in context.namespaces:
                        raise _undeclared(node, prefix)
        return template

    @property
    def names(self) -> tuple[str, ...]:
        """The values that it reads."""
        return tuple("body" if isinstance(p, XPath) else p.name for p in self.parts if not isinstance(p, str))

    @property
    def single(self) -> Reference | XPath | None:
        """The one `$( )` (or XPath expression) that is the whole text; its value keeps its type."""
        part = self.parts[0] if len(self.parts) == 1 else None
        return None if isinstance(part, str) else part


Where = XPath | Template
"""A place in the message, as labels, identities and order keys name it. A template is exactly one `$( )` here."""


class Pointer:
    """How a `Where` is written: an XPath, an HL7 path (`PID-3.1`), or `$(body/path)` for JSON and all others."""

    @classmethod
    def from_node(cls, node: Node, context: Context) -> Where:
        if isinstance(node, Text) and hl7.is_path(node):
            return Template(f"$(body/{node})")
        if isinstance(node, Text) and node.startswith("$("):
            template = Template.from_node(node, context)
            if template.single is None or set(template.names) - {"body", "meta"}:
                advice = "write exactly one `$(body/...)` or `$(meta/...)`"
                raise invalid(node, BAD_PATH, "this is not one place in the message", advice)
            return template
        return XPath.from_node(node, context)


def _made(cls: Callable[[str], T], node: Node, example: str) -> T:
    if not isinstance(node, Text):
        raise invalid(node, BAD_VALUE, "one path or text is needed here", f"write for example `{example}`")
    try:
        return cls(str(node))
    except PathError as error:
        raise invalid(
            node, BAD_PATH, str(error), f"write for example `{example}`; quote it where it holds , or :"
        ) from None


def _check_names(expression: str, node: Node, namespaces: Mapping[str, str]) -> None:
    """Prefixes and functions are only looked up when an expression reaches them, which may be late at night."""
    bare = re.sub(r"\"[^\"]*\"|'[^']*'", "''", expression)
    for prefix in re.findall(rf"({NAME}):(?!:)", bare):
        if prefix not in namespaces:
            raise _undeclared(node, prefix)
    for function in re.findall(rf"({NAME})\s*\(", bare):
        if not _FUNCTIONS.fullmatch(function):
            text = f"`{function}()` is no function of XPath 1.0"
            raise invalid(node, BAD_PATH, text, "use only what XPath 1.0 has; the rest is a transform")


def _undeclared(node: Node, prefix: str) -> Exception:
    text = f"the prefix `{prefix}` is not declared"
    return invalid(node, BAD_PATH, text, f"write `namespaces: {{{prefix}: 'http://...'}}` at the top of routes.yaml")


# ---- evaluation


class Look:
    """The values of one run while something is evaluated on them: each XML value is parsed once."""

    def __init__(self, values: Mapping[str, Value], namespaces: Mapping[str, str]) -> None:
        self.values = values
        self.namespaces = tuple(sorted(namespaces.items())) if namespaces else ()
        self._trees: dict[str, Any] = {}
        self._messages: dict[str, hl7.Message] = {}

    def tree(self, name: str) -> Any:
        """The root element of an XML value."""
        if name not in self._trees:
            value = self.values.get(name)
            if not isinstance(value, Xml):
                raise Refused(NOTHING, f"the value `{name}` is not XML, so an XPath finds nothing in it")
            self._trees[name] = trees.parse(value.data)
        return self._trees[name]

    def find(self, part: Reference | XPath) -> list[Any]:
        """What a path finds: elements, texts, or JSON values; filters are not applied."""
        if isinstance(part, XPath):
            return select(part, self.tree("body"), self.namespaces)
        if part.name not in self.values:
            return []
        value = self.values[part.name]
        if not part.segments and part.index is None:
            return [value]
        if isinstance(value, Xml):
            return self._in_xml(part)
        if isinstance(value, Hl7):
            return self._in_hl7(part)
        return _in_json(value, part)

    def message(self, name: str) -> hl7.Message:
        """An HL7 value, taken apart once."""
        if name not in self._messages:
            value = self.values[name]
            assert isinstance(value, Hl7)
            self._messages[name] = hl7.shared(value)
        return self._messages[name]

    def _in_hl7(self, part: Reference) -> list[Any]:
        if len(part.segments) != 1 or part.segments[0].anywhere or part.index is not None:
            raise Refused(NOTHING, f"the path $({part}) is none for an HL7 message, write for example $(body/PID-3.1)")
        try:
            return list(self.message(part.name).get(part.segments[0].name))
        except ValueError:
            raise Refused(NOTHING, f"the path $({part}) is none for an HL7 message") from None

    def _in_xml(self, part: Reference) -> list[Any]:
        root = "" if part.segments and part.segments[0].anywhere else "/*"
        expression = root + "".join(map(str, part.segments))
        if part.index not in (None, 1):
            return []
        return _run(expression, self.tree(part.name), self.namespaces, f"$({part})")


def select(path: XPath, root: Any, namespaces: tuple[tuple[str, str], ...]) -> list[Any]:
    """The nodes that an XPath finds on a parsed tree; a text, number or truth is one node."""
    return _run(path.text, root, namespaces, path.text)


def _run(expression: str, root: Any, namespaces: tuple[tuple[str, str], ...], shown: str) -> list[Any]:
    from lxml import etree

    try:
        found: Any = trees.compiled(expression, namespaces)(root)
    except etree.XPathError:
        raise Refused(NOTHING, f"the path {shown} cannot be evaluated") from None
    return found if isinstance(found, list) else [found]


def _in_json(value: Value, part: Reference) -> list[Any]:
    found: list[Any] = [value]
    if part.index is not None:
        found = value[part.index - 1 : part.index] if isinstance(value, list) else []
    for segment in part.segments:
        if segment.anywhere:
            found = [inner for item in found for inner in _every(item)]
        found = [hit for item in found for hit in _children(item, segment)]
    return found


def _children(item: Any, segment: Segment) -> Iterator[Any]:
    """A list stands for its items, as repeated elements do in XML."""
    if isinstance(item, list):
        for inner in item:
            yield from _children(inner, segment)
    elif isinstance(item, dict) and segment.name in item:
        value = item[segment.name]
        if segment.index is None:
            yield value
        elif isinstance(value, list):
            yield from value[segment.index - 1 : segment.index]
        elif segment.index == 1:
            yield value


def _every(item: Any) -> Iterator[Any]:
    """Each mapping in a JSON value, at any depth; without recursion, for the depth is the sender's choice."""
    waiting = [item]
    while waiting:
        current = waiting.pop()
        if isinstance(current, dict):
            yield current
            waiting.extend(reversed(list(current.values())))
        elif isinstance(current, list):
            waiting.extend(reversed(current))


def evaluate(template: Template, values: Mapping[str, Value], namespaces: Mapping[str, str]) -> Value:
    """The template's value: of its own type when it is exactly one `$( )`, else text.

    Raises `Refused` with the path when nothing is found (and there is no `default:`), or several are.
    """
    return fill(template, Look(values, namespaces))


def fill(template: Template, look: Look) -> Value:
    """As `evaluate`, for several templates on the same values."""
    if template.single is not None:
        return _value(template.single, look)
    return "".join(
        part if isinstance(part, str) else filters.as_text(_value(part, look), f"the text around $({part})")
        for part in template.parts
    )


def _value(part: Reference | XPath, look: Look) -> Value:
    path = part.text if isinstance(part, XPath) else f"$({part})"
    found = look.find(part)
    if len(found) > 1:
        raise Refused(SEVERAL, f"the path {path} finds {len(found)} where one is asked for")
    if isinstance(part, XPath):
        if not found:
            raise Refused(NOTHING, f"the path {path} finds nothing")
        return as_value(found[0])
    value = as_value(found[0]) if found else None
    if not found and not part.has_default:
        raise Refused(NOTHING, f"the path {path} finds nothing")
    for name, argument in part.filters:
        if value is None and name != "default":
            continue
        value = filters.apply(name, argument, value)
    return value


def as_value(node: Any) -> Value:
    """A found node as a value: the text of a leaf, an element with children as XML, JSON as it is."""
    if node is None or isinstance(node, str | int | bool | bytes | Xml | Hl7 | Blob | list | dict):
        return node
    if isinstance(node, float):
        return int(node) if node.is_integer() else node
    return trees.text_of(node) if trees.is_leaf(node) else trees.subtree(node)


def texts(where: Where, look: Look) -> list[str]:
    """The texts at a place, without blanks around them; empty ones are left out."""
    part = where.single if isinstance(where, Template) else where
    assert part is not None
    found = [
        (node if type(node) is str else filters.as_text(as_value(node), where.text)).strip() for node in look.find(part)
    ]
    return [text for text in found if text]


def one(where: Where, look: Look) -> str:
    """The one text at a place. Raises `Refused`: nothing or only blanks (WB-2001), several (WB-2002)."""
    found = texts(where, look)
    if len(found) > 1:
        raise Refused(SEVERAL, f"the path {where.text} finds {len(found)} where one is asked for")
    if not found:
        raise Refused(NOTHING, f"the path {where.text} finds nothing")
    return found[0]


def evaluate_one(xpath: XPath, xml: Xml, namespaces: Mapping[str, str]) -> str:
    """The one text that an XPath finds in a document, without blanks around it (identities, labels).

    Raises `Refused`: nothing or only blanks (WB-2001), several (WB-2002).
    """
    return one_text(xpath, trees.parse(xml.data), namespaces)


def one_text(xpath: XPath, node: Any, namespaces: Mapping[str, str]) -> str:
    """As `evaluate_one`, on an element that is already parsed (paths may start with `.`)."""
    found = select(xpath, node, tuple(sorted(namespaces.items())))
    if len(found) > 1:
        raise Refused(SEVERAL, f"the path {xpath.text} finds {len(found)} where one is asked for")
    value = found[0] if found else ""
    text = trees.text_of(value) if not isinstance(value, bool | float) else filters.as_text(value, xpath.text)
    if not text.strip():
        raise Refused(NOTHING, f"the path {xpath.text} finds {'nothing' if not found else 'only an empty text'}")
    return text.strip()
