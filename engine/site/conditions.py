"""Conditions of `when` and `expect`: a few comparisons as maps, no language.

`present: PATH`, `absent: PATH`, `{path: PATH, is: TEXT}`, `{path, in: [..]}`, `{path, matches: REGEX}`,
`{xpath: EXPRESSION}`, `all: [..]`, `any: [..]`, `not: {..}`. PATH is `//...` or `$(name/path)`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.message import Blob, Refused, Value, Xml
from engine.site import filters, patterns, trees
from engine.site.nodes import Items, Map, Node, Text
from engine.site.paths import SEVERAL, Look, Template, XPath, fill, select
from engine.site.problems import BAD_PATH, BAD_VALUE, UNKNOWN_KEY, invalid

if TYPE_CHECKING:
    from engine.site.settings import Context

_MAX_DEPTH = 12
_FORMS = "present, absent, path with is/in/matches, xpath, all, any, not"


@dataclass(frozen=True)
class Condition:
    """Something that holds or does not, on the values of a run."""

    @classmethod
    def from_node(cls, node: Node, context: Context) -> Condition:
        return _condition(node, context, 0)

    def holds(self, look: Look) -> bool:
        raise NotImplementedError

    def templates(self) -> Iterator[Template]:
        """The paths that it reads, for the checks before a start."""
        yield from ()


@dataclass(frozen=True)
class Present(Condition):
    """The path finds something that is not empty; an element without text and children counts as absent."""

    path: Template
    wanted: bool = True

    def holds(self, look: Look) -> bool:
        assert self.path.single is not None
        return any(not _empty(node) for node in look.find(self.path.single)) is self.wanted

    def templates(self) -> Iterator[Template]:
        yield self.path


@dataclass(frozen=True)
class Compare(Condition):
    """The text at the path is one of `words`, or matches `pattern` as a whole. Nothing found: it does not hold."""

    path: Template
    words: tuple[str, ...] = ()
    pattern: str | None = None

    def holds(self, look: Look) -> bool:
        assert self.path.single is not None
        found = look.find(self.path.single)
        if len(found) > 1:
            raise Refused(SEVERAL, f"the path {self.path.text} finds {len(found)} where one is asked for")
        if not found and not getattr(self.path.single, "has_default", False):
            return False
        text = filters.as_text(fill(self.path, look), "a comparison")
        return text in self.words if self.pattern is None else patterns.whole(self.pattern, text) is not None

    def templates(self) -> Iterator[Template]:
        yield self.path


@dataclass(frozen=True)
class Test(Condition):
    """An XPath 1.0 expression on `body` is true (a node list: when it is not empty)."""

    __test__ = False  # not a test class of pytest

    xpath: XPath

    def holds(self, look: Look) -> bool:
        root = look.tree("body")
        return bool(select(XPath(f"boolean({self.xpath.text})"), root, look.namespaces)[0])


@dataclass(frozen=True)
class Every(Condition):
    """`all`."""

    parts: tuple[Condition, ...]

    def holds(self, look: Look) -> bool:
        return all(part.holds(look) for part in self.parts)

    def templates(self) -> Iterator[Template]:
        for part in self.parts:
            yield from part.templates()


@dataclass(frozen=True)
class Either(Every):
    """`any`."""

    def holds(self, look: Look) -> bool:
        return any(part.holds(look) for part in self.parts)


@dataclass(frozen=True)
class Not(Condition):
    part: Condition

    def holds(self, look: Look) -> bool:
        return not self.part.holds(look)

    def templates(self) -> Iterator[Template]:
        yield from self.part.templates()


def holds(condition: Condition, values: Mapping[str, Value], namespaces: Mapping[str, str]) -> bool:
    """Whether the condition holds; raises `Refused` where a comparison finds several."""
    return condition.holds(Look(values, namespaces))


def _empty(node: Any) -> bool:
    if node is None or isinstance(node, str | list | dict | bytes):
        return not (node.strip() if isinstance(node, str) else node)
    if isinstance(node, int | float | Blob | Xml):
        return False
    return trees.is_leaf(node) and not trees.text_of(node).strip()


def _condition(node: Node, context: Context, depth: int) -> Condition:
    if not isinstance(node, Map) or not node:
        raise invalid(node, BAD_VALUE, "a condition is needed here", f"write one of: {_FORMS}")
    if depth > _MAX_DEPTH:
        raise invalid(node, BAD_VALUE, f"a condition deeper than {_MAX_DEPTH}", "make it flatter")
    if "path" in node:
        return _compare(node, context)
    key = next(iter(node))
    if len(node) > 1:
        extra = list(node)[1]
        raise invalid(node.place_of(extra), UNKNOWN_KEY, f"`{extra}` beside `{key}`", "join conditions by all: [..]")
    return _single(key, node, context, depth)


def _single(key: str, node: Map, context: Context, depth: int) -> Condition:
    value = node[key]
    if key in ("present", "absent"):
        return Present(_path(value, context), key == "present")
    if key == "xpath":
        return Test(XPath.from_node(value, context))
    if key == "not":
        return Not(_condition(value, context, depth + 1))
    if key in ("all", "any"):
        if not isinstance(value, Items) or not value:
            raise invalid(value, BAD_VALUE, "a list of conditions is needed here", f"write `{key}: [{{..}}, {{..}}]`")
        parts = tuple(_condition(item, context, depth + 1) for item in value)
        return Every(parts) if key == "all" else Either(parts)
    raise invalid(node.place_of(key), UNKNOWN_KEY, f"unknown condition `{key}`", f"write one of: {_FORMS}")


def _compare(node: Map, context: Context) -> Condition:
    path = _path(node["path"], context)
    tests = [key for key in node if key != "path"]
    if len(tests) != 1 or tests[0] not in ("is", "in", "matches"):
        place = node.place_of(tests[-1]) if tests else node.at
        raise invalid(
            place, UNKNOWN_KEY, "`path` needs one comparison", "write `is: TEXT`, `in: [..]` or `matches: REGEX`"
        )
    value = node[tests[0]]
    if tests[0] == "in":
        if not isinstance(value, Items) or not all(isinstance(item, Text) for item in value):
            raise invalid(value, BAD_VALUE, "a list of texts is needed here", "write `in: [a, b]`")
        return Compare(path, tuple(str(item) for item in value))
    if not isinstance(value, Text):
        raise invalid(value, BAD_VALUE, "one text is needed here", f"write `{tests[0]}: TEXT`")
    return Compare(path, (str(value),)) if tests[0] == "is" else Compare(path, pattern=_pattern(value))


def _pattern(node: Text) -> str:
    fault = patterns.fault(node)
    if fault:
        raise invalid(node, BAD_PATH, fault, "see Python's `re`")
    return str(node)


def _path(node: Node, context: Context) -> Template:
    path = Template.from_node(node, context)
    if path.single is None:
        raise invalid(node, BAD_PATH, "one path is needed here", "write `//...` or `$(name/path)`")
    return path
