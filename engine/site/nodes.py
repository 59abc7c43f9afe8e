"""YAML as text with positions: every scalar stays the text that was written.

So `02001` stays `02001`, `1:30` is not 90, `no` is not False and `on` is a key. Types come later, from the
settings classes. What makes YAML surprising or dangerous (aliases, anchors, tags, duplicate keys, several
documents, very large or deep files) is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, Union

import yaml

from engine.site.problems import DUPLICATE_KEY, UNREADABLE, Invalid, Problem, invalid

MAX_BYTES = 2 * 1024 * 1024
MAX_DEPTH = 40
MAX_NODES = 200_000

_Loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is written; `line` and `column` count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


NOWHERE = Place("", 0, 0)


class Text(str):  # noqa: SLOT000 - a str subclass takes no non-empty slots in all interpreters
    """A scalar as it was written, without quotes."""

    at: Place

    def __new__(cls, value: str, at: Place = NOWHERE) -> Self:
        self = super().__new__(cls, value)
        self.at = at
        return self


class Items(list["Node"]):
    """A list."""

    def __init__(self, values: list[Node] | None = None, at: Place = NOWHERE) -> None:
        super().__init__(values or [])
        self.at = at


class Map(dict[str, "Node"]):
    """A mapping in the order of the file; `key_at` holds where each key is written."""

    def __init__(
        self, values: Mapping[str, Node] | None = None, at: Place = NOWHERE, key_at: dict[str, Place] | None = None
    ) -> None:
        super().__init__(values or {})
        self.at = at
        self.key_at = key_at if key_at is not None else {}

    def place_of(self, key: str) -> Place:
        """Where the key is written, or where the mapping begins when it is not there."""
        return self.key_at.get(key, self.at)


Node = Union[Text, Map, Items]  # noqa: UP007 - evaluated at run time by typing.get_type_hints, also in 3.11


def load_yaml(path: Path, file: str | None = None) -> Map:
    """Read one YAML file whose top is a mapping; `file` is the name in messages (default: the path)."""
    name = file or str(path)
    start = Place(name, 1, 1)
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise invalid(start, UNREADABLE, f"cannot be read: {error.strerror}", "name an existing file") from None
    if len(data) > MAX_BYTES:
        raise invalid(start, UNREADABLE, f"larger than {MAX_BYTES} bytes", "move parts to files under `include:`")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise invalid(Place(name, line, 1), UNREADABLE, "not UTF-8", "save the file as UTF-8") from None
    return parse_yaml(text, name)


def parse_yaml(text: str, file: str) -> Map:
    """Read YAML text whose top is a mapping; raises `Invalid`."""
    if len(text) > MAX_BYTES:
        raise invalid(Place(file, 1, 1), UNREADABLE, f"larger than {MAX_BYTES} characters", "split the file")
    reader = _Reader(file)
    try:
        node = reader.document(iter(yaml.parse(text, Loader=_Loader)))
    except yaml.MarkedYAMLError as error:
        raise Invalid([_syntax_problem(error, file)]) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise invalid(Place(file, line, 1), UNREADABLE, "a control character", "remove it") from None
    except yaml.YAMLError:
        raise invalid(Place(file, 1, 1), UNREADABLE, "not YAML", "check quotes and indentation") from None
    if reader.problems:
        raise Invalid(reader.problems)
    if not isinstance(node, Map):
        at = node.at if node is not None else Place(file, 1, 1)
        raise invalid(at, UNREADABLE, "the top is not a mapping", "begin with `key: value` lines")
    return node


def _syntax_problem(error: yaml.MarkedYAMLError, file: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file, 1, 1)
    text = " ".join(part for part in (error.context, error.problem) if part)
    return Problem(place, UNREADABLE, f"not YAML: {text}", "check indentation, and quote texts with `: # { } [ ] ,`")


class _Reader:
    """Builds nodes from PyYAML's events; recursion is bounded by MAX_DEPTH."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.count = 0

    def document(self, events: Iterator[Any]) -> Node | None:
        node: Node | None = None
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise invalid(self.place(event), UNREADABLE, "a second document", "remove the line `---`")
            elif isinstance(event, yaml.NodeEvent):
                node = self.node(event, events, 0)
        return node

    def place(self, event: Any) -> Place:
        return Place(self.file, event.start_mark.line + 1, event.start_mark.column + 1)

    def node(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        at = self.place(event)
        self.count += 1
        if depth > MAX_DEPTH:
            raise invalid(at, UNREADABLE, f"nested deeper than {MAX_DEPTH}", "make it flatter")
        if self.count > MAX_NODES:
            raise invalid(at, UNREADABLE, f"more than {MAX_NODES} values", "split the file")
        if isinstance(event, yaml.AliasEvent):
            raise invalid(at, UNREADABLE, "an alias (`*name`)", "write the value out, or quote the text")
        if event.anchor is not None:
            raise invalid(at, UNREADABLE, "an anchor (`&name`)", "write the value out, or quote the text")
        if event.tag is not None:
            raise invalid(at, UNREADABLE, "a tag (`!name`)", "remove it: types come from the key")
        if isinstance(event, yaml.ScalarEvent):
            return Text(event.value, at)
        if isinstance(event, yaml.SequenceStartEvent):
            return self.items(at, events, depth)
        return self.map(at, events, depth)

    def items(self, at: Place, events: Iterator[Any], depth: int) -> Items:
        result = Items([], at)
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            result.append(self.node(event, events, depth + 1))
        return result

    def map(self, at: Place, events: Iterator[Any], depth: int) -> Map:
        result = Map({}, at)
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key = self.node(event, events, depth + 1)
            value = self.node(next(events), events, depth + 1)
            if not isinstance(key, Text):
                raise invalid(key, UNREADABLE, "a key that is not a text", "write `key: value`")
            if key in result:
                first = result.key_at[key].line
                text = f"`{key}` stands here twice (first in line {first})"
                self.problems.append(Problem(key.at, DUPLICATE_KEY, text, "keep one of them"))
                continue
            result[str(key)] = value
            result.key_at[str(key)] = key.at
        return result
