"""The documents that a mapping table makes: each puts one text at one path, and begins one item of a repeat."""

from __future__ import annotations

from typing import Any, Protocol, Self

from lxml import etree

from engine import hl7
from engine.message import Hl7, Value, Xml
from engine.transform import safe_xml
from engine.transform.tables import Repeat, Step, Target, TargetPath
from engine.transform.xslt import text_of

EMPTY = "MSH|^~\\&|\r"
MOST_INDEX = 1000


class Wrong(Exception):
    """A value breaks a rule; the text names the rule, never the value."""


class Document(Protocol):
    """A document in the making."""

    def put(self, path: TargetPath, value: Any, raw: bool) -> None: ...
    def begin(self, repeat: Repeat) -> None: ...
    def item(self, repeat: Repeat) -> Document: ...
    def done(self) -> Value: ...


class Er7:
    """An HL7 v2 message: the base with fields changed; the segments of a repeat take the place of those it had."""

    def __init__(self, target: Target, base: Value) -> None:
        if base is not None and not isinstance(base, Hl7):
            raise Wrong("the base is no HL7 message")
        self._message = hl7.Message(base if isinstance(base, Hl7) else EMPTY.encode())
        self._repeated: list[tuple[frozenset[str], list[Segments]]] = []

    def put(self, path: TargetPath, value: Any, raw: bool) -> None:
        _set(self._message, path, value, raw)

    def begin(self, repeat: Repeat) -> None:
        self._repeated.append((frozenset(_segments(repeat)), []))

    def item(self, repeat: Repeat) -> Segments:
        segments = Segments(self._message.separators)
        self._repeated[-1][1].append(segments)
        return segments

    def done(self) -> Value:
        if not self._repeated:
            return self._message.to_hl7()
        lines = self._message.texts()
        for names, items in self._repeated:
            places = [index for index, line in enumerate(lines) if line[:3] in names]
            kept = [line for line in lines if line[:3] not in names]
            place = places[0] if places else len(kept)
            lines = kept[:place] + [line for item in items for line in item.lines()] + kept[place:]
        return Hl7(("\r".join(lines) + "\r").encode())


class Segments:
    """The segments of one item, in the order in which its fields first name them; then those of its own repeats."""

    def __init__(self, separators: tuple[str, str, str, str, str]) -> None:
        self._marks = separators
        self._message = hl7.Message(f"MSH{separators[0]}{''.join(separators[1:])}{separators[0]}\r".encode())
        self._inner: list[Segments] = []

    def put(self, path: TargetPath, value: Any, raw: bool) -> None:
        _set(self._message, path, value, raw)

    def begin(self, repeat: Repeat) -> None:
        pass

    def item(self, repeat: Repeat) -> Segments:
        self._inner.append(Segments(self._marks))
        return self._inner[-1]

    def lines(self) -> list[str]:
        return self._message.texts()[1:] + [line for item in self._inner for line in item.lines()]

    def done(self) -> Value:
        raise AssertionError("an item is not a document of its own")


def _segments(repeat: Repeat) -> list[str]:
    names = [field.path.segment for field in repeat.fields if isinstance(field.path, hl7.Path)]
    return names + [name for inner in repeat.repeats for name in _segments(inner)]


def _set(message: hl7.Message, path: TargetPath, value: Any, raw: bool) -> None:
    assert isinstance(path, hl7.Path)
    text = text_of(value)
    if raw and ("\r" in text or "\n" in text):
        raise Wrong("holds the end of a segment")
    message.set(path, text, raw=raw)


class Tree:
    """XML: elements in the order in which they are first named; an existing one is used, not repeated."""

    def __init__(self, node: etree._Element, names: Names, *, fresh: bool = False) -> None:
        self._node = node
        self._names = names
        self._fresh = fresh

    @classmethod
    def of(cls, target: Target, base: Value, namespaces: dict[str, str]) -> Self:
        names = Names(target.namespace, namespaces)
        if target.base is None:
            return cls(etree.Element(names.tag(target.root), nsmap=names.map), names, fresh=True)
        if not isinstance(base, Xml):
            raise Wrong("the base is not XML")
        return cls(safe_xml.from_value(base), names)

    def put(self, path: TargetPath, value: Any, raw: bool) -> None:
        node = self._node
        assert isinstance(path, tuple)
        for step in path:
            if step.attribute:
                node.set(self._names.attribute(step.name), text_of(value))
                return
            node = self._child(node, step)
        for child in list(node):
            node.remove(child)
        node.text = text_of(value)

    def begin(self, repeat: Repeat) -> None:
        """What the base had there gives way to the items."""
        *above, last = repeat.at
        node = self._node
        for step in above:
            node = self._child(node, step)
        for old in node.findall(self._names.tag(last.name)):
            node.remove(old)

    def item(self, repeat: Repeat) -> Tree:
        *above, last = repeat.at
        node = self._node
        for step in above:
            node = self._child(node, step)
        return Tree(etree.SubElement(node, self._names.tag(last.name)), self._names)

    def done(self) -> Value:
        if self._fresh:  # a base may use its prefixes in texts, where nobody sees them
            etree.cleanup_namespaces(self._node)
        return Xml(safe_xml.to_bytes(self._node))

    def _child(self, node: etree._Element, step: Step) -> etree._Element:
        tag = self._names.tag(step.name)
        found = node.findall(tag)
        wanted = step.index or 1
        if wanted > len(found) + 1:
            raise Wrong(f"{step.name}[{wanted}] would leave a gap: there are {len(found)}")
        if wanted <= len(found):
            return found[wanted - 1]
        made = etree.Element(tag)
        if found:
            found[-1].addnext(made)
        else:
            node.append(made)
        return made


class Names:
    """Prefixed names into lxml's: without a prefix the target's namespace counts."""

    def __init__(self, default: str, namespaces: dict[str, str]) -> None:
        self._default = default
        self._known = namespaces
        self.map: dict[Any, str] = {**({None: default} if default else {}), **namespaces}

    def tag(self, name: str) -> str:
        prefix, colon, local = name.partition(":")
        if not colon:
            return f"{{{self._default}}}{name}" if self._default else name
        return f"{{{self._uri(prefix)}}}{local}"

    def attribute(self, name: str) -> str:
        prefix, colon, local = name.partition(":")
        return f"{{{self._uri(prefix)}}}{local}" if colon else name

    def _uri(self, prefix: str) -> str:
        if prefix not in self._known:
            raise Wrong(f"has the prefix {prefix}, which routes.yaml does not declare")
        return self._known[prefix]


class Json:
    """Nested maps by slash path; `name[n]` is an item of a list."""

    def __init__(self, base: Value = None) -> None:
        if base is not None and not isinstance(base, dict):
            raise Wrong("the base is no JSON object")
        self.data: dict[str, Any] = _copy(base) if base else {}

    def put(self, path: TargetPath, value: Any, raw: bool) -> None:
        assert isinstance(path, tuple)
        node = self.data
        for step in path[:-1]:
            node = self._map(node, step)
        last = path[-1]
        if last.index is None:
            node[last.name] = value
        else:
            items = self._list(node, last, last.index)
            items[last.index - 1] = value

    def begin(self, repeat: Repeat) -> None:
        """The list is there also when it has no item."""
        *above, last = repeat.at
        self._above(above)[last.name] = []

    def item(self, repeat: Repeat) -> Json:
        *above, last = repeat.at
        made = Json()
        self._above(above)[last.name].append(made.data)
        return made

    def done(self) -> Value:
        return self.data

    def _above(self, steps: list[Step]) -> dict[str, Any]:
        node = self.data
        for step in steps:
            node = self._map(node, step)
        return node

    def _map(self, node: dict[str, Any], step: Step) -> dict[str, Any]:
        if step.index is None:
            inner = node.setdefault(step.name, {})
        else:
            items = self._list(node, step, step.index)
            inner = items[step.index - 1]
            if inner is None:
                inner = items[step.index - 1] = {}
        if not isinstance(inner, dict):
            raise Wrong(f"lies inside {step.name}, which is no object in the base")
        return inner

    @staticmethod
    def _list(node: dict[str, Any], step: Step, index: int) -> list[Any]:
        items = node.setdefault(step.name, [])
        if not isinstance(items, list):
            raise Wrong(f"lies inside {step.name}, which is no list in the base")
        if index > min(len(items) + 1, MOST_INDEX):
            raise Wrong(f"{step.name}[{index}] would leave a gap: there are {len(items)}")
        if index > len(items):
            items.append(None)
        return items


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value
