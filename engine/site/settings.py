"""Typed settings from YAML nodes: documented dataclass fields, value types, and problems with advice.

A settings class is a frozen dataclass whose fields are made by `option`. `build` turns a node into an instance
and reports every fault of it at once. A type of one's own takes part when it has a class method
`from_node(node, context)` that raises `Invalid`.
"""

from __future__ import annotations

import dataclasses
import difflib
import enum
import functools
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from engine.site.nodes import Items, Map, Node, Text
from engine.site.problems import BAD_VALUE, MISSING_KEY, UNKNOWN_KEY, Invalid, Problem, invalid
from engine.site.units import Duration, Listen, Percent, Rate, Secret, SitePath, Size, TransformFile

__all__ = [
    "Context", "Duration", "Known", "Listen", "Percent", "Rate", "Secret", "SitePath", "Size", "TransformFile",
    "build", "key_of", "nearest", "option",
]  # fmt: skip

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Known:
    """A connection as steps see it: its type and the channel's module (None when that could not be loaded)."""

    type: str
    module: Any


@dataclass
class Context:
    """What surrounds a node while it is built.

    steps: ids of the route's steps, in order. fragments: the named step lists. problems: for faults that do not stop
    the building.
    """

    folder: Path
    namespaces: Mapping[str, str] = field(default_factory=dict)
    connections: Mapping[str, Known] = field(default_factory=dict)
    routes: frozenset[str] = frozenset()
    policies: frozenset[str] = frozenset()
    alerts: frozenset[str] = frozenset()
    steps: tuple[str, ...] = ()
    fragments: Mapping[str, Node] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def option(help: str, default: Any = MISSING, key: str | None = None) -> Any:  # noqa: A002 - as in argparse
    """A documented field of a settings class; `key` is its YAML spelling where that is no Python name."""
    metadata = {"help": help, "key": key}
    if default is MISSING:
        return field(metadata=metadata)
    if isinstance(default, list | dict | set):
        return field(default_factory=functools.partial(type(default), default), metadata=metadata)
    return field(default=default, metadata=metadata)


def key_of(part: dataclasses.Field[Any]) -> str:
    """The YAML spelling of a field: its `key`, else its name without the trailing `_` of Python keywords."""
    return part.metadata.get("key") or part.name.rstrip("_")


def nearest(word: str, known: Iterable[str]) -> str:
    """Advice: the known word that the unknown one was probably meant to be, and all that may be written."""
    words = list(known)
    if not words:
        return "nothing may stand here"
    close = difflib.get_close_matches(word, words, 1, 0.6)
    every = "known: " + ", ".join(words)
    return f"did you mean `{close[0]}`? ({every})" if close else every


def build(cls: type[T], node: Node, context: Context) -> T:
    """An instance of a settings class (or of any field type) from a node; raises `Invalid` with every fault."""
    return typing.cast(T, _value(cls, node, context))


def _value(kind: Any, node: Node, context: Context) -> Any:
    if hasattr(kind, "from_node"):
        return kind.from_node(node, context)
    if dataclasses.is_dataclass(kind):
        return _dataclass(typing.cast(type, kind), node, context)
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        return _union(typing.get_args(kind), node, context)
    if origin is typing.Literal:
        return _choice({str(word): word for word in typing.get_args(kind)}, node)
    if origin in (list, tuple, Sequence, frozenset):
        return _sequence(origin, typing.get_args(kind)[0], node, context)
    if origin in (dict, Mapping):
        return _mapping(typing.get_args(kind)[1], node, context)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return _choice({str(member.value): member for member in kind}, node)
    if kind in (Text, Map, Items) or kind is Any:
        return _raw(kind, node)
    return _scalar(kind, node)


def _dataclass(cls: type, node: Node, context: Context) -> Any:
    if not isinstance(node, Map):
        keys = ", ".join(key_of(part) for part in dataclasses.fields(cls) if part.init)
        raise invalid(node, BAD_VALUE, "a mapping is needed here", f"write `{{key: value}}` (keys: {keys})")
    parts = {key_of(part): part for part in dataclasses.fields(cls) if part.init}
    hints = _hints(cls)
    problems: list[Problem] = [
        Problem(node.place_of(key), UNKNOWN_KEY, f"unknown key `{key}`", nearest(key, parts))
        for key in node
        if key not in parts
    ]
    values: dict[str, Any] = {}
    for key, part in parts.items():
        if key in node:
            _collect(problems, values, part.name, functools.partial(_value, hints[part.name], node[key], context))
        elif part.default is MISSING and part.default_factory is MISSING:
            advice = f"write `{key}: ...` ({part.metadata.get('help', 'required')})"
            problems.append(Problem(node.at, MISSING_KEY, f"the key `{key}` is missing", advice))
    if problems:
        raise Invalid(problems)
    try:
        return cls(**values)
    except ValueError as error:
        raise invalid(node, BAD_VALUE, str(error), "see the reference of these keys") from None


@functools.cache
def _hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def _collect(problems: list[Problem], values: dict[Any, Any], name: Any, make: Callable[[], Any]) -> None:
    try:
        values[name] = make()
    except Invalid as error:
        problems.extend(error.problems)


def _union(kinds: tuple[Any, ...], node: Node, context: Context) -> Any:
    """The first member type that takes the node; else the faults of the one that came furthest.

    A type may claim a node, so that a misspelt file name is not taken for a plain text.
    """
    for kind in kinds:
        if hasattr(kind, "claims") and kind.claims(node):
            return _value(kind, node, context)
    faults: list[Invalid] = []
    for kind in kinds:
        if kind is type(None):
            continue
        try:
            return _value(kind, node, context)
        except Invalid as error:
            faults.append(error)
    # The deepest place belongs to the type that understood most of the node.
    raise max(faults, key=lambda fault: max((p.place.line, p.place.column) for p in fault.problems))


def _choice(words: dict[str, Any], node: Node) -> Any:
    if isinstance(node, Text) and node in words:
        return words[node]
    shown = f"`{node}`" if isinstance(node, Text) else "this"
    raise invalid(node, BAD_VALUE, f"{shown} is not one of the choices", nearest(str(node)[:60], words))


def _sequence(origin: Any, kind: Any, node: Node, context: Context) -> Any:
    if not isinstance(node, Items):
        raise invalid(node, BAD_VALUE, "a list is needed here", "write `[a, b]`")
    values: dict[int, Any] = {}
    problems: list[Problem] = []
    for index, item in enumerate(node):
        _collect(problems, values, index, functools.partial(_value, kind, item, context))
    if problems:
        raise Invalid(problems)
    return list(values.values()) if origin is list else (frozenset if origin is frozenset else tuple)(values.values())


def _mapping(kind: Any, node: Node, context: Context) -> dict[str, Any]:
    if not isinstance(node, Map):
        raise invalid(node, BAD_VALUE, "a mapping is needed here", "write `{name: value}`")
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for key, item in node.items():
        _collect(problems, values, key, functools.partial(_value, kind, item, context))
    if problems:
        raise Invalid(problems)
    return values


def _raw(kind: Any, node: Node) -> Any:
    if kind is Any or isinstance(node, kind):
        return node
    what = {Text: "a text", Map: "a mapping", Items: "a list"}[kind]
    raise invalid(node, BAD_VALUE, f"{what} is needed here")


def _scalar(kind: Any, node: Node) -> Any:
    if not isinstance(node, Text):
        raise invalid(node, BAD_VALUE, "one value is needed here", "write a text, not a list or mapping")
    if kind is str:
        return str(node)
    if kind is bool:
        return _choice({"true": True, "false": False}, node)
    if kind in (int, float):
        try:
            if not node.isascii() or "_" in node or node != node.strip():
                raise ValueError
            return kind(node)
        except ValueError:
            what = "a whole number" if kind is int else "a number"
            raise invalid(node, BAD_VALUE, f"`{node[:60]}` is not {what}", "write digits only") from None
    if kind is Path:
        raise TypeError("use SitePath for paths in settings")
    raise TypeError(f"no way to read {kind!r} from YAML")
