"""Walking through settings: the templates, files and secrets inside, by dotted name, and putting results in."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from engine.site.conditions import Condition
from engine.site.nodes import Items, Map, Node, Place, Text
from engine.site.paths import Template, XPath
from engine.site.units import Listen, Secret, TransformFile

T = TypeVar("T")

_WHOLE = (Template, XPath, Condition, Listen, Secret)


def leaves(settings: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every single value in a settings object, with the dotted name of its place (`values.order_id`, `key.0`)."""
    for key, value in _children(settings):
        yield from leaves(value, f"{name}.{key}" if name else key)
    if name and not _is_inner(settings):
        yield name, settings


def inside(settings: Any, kind: type[T]) -> Iterator[T]:
    """Every object of one class in a settings object, itself included."""
    if isinstance(settings, kind):
        yield settings
    for _, value in _children(settings):
        yield from inside(value, kind)


def templates(settings: Any) -> dict[str, Template | XPath]:
    """The templates and paths inside, by dotted name: what `engine.transform.jobs:evaluate` is given."""
    return {name: value for name, value in leaves(settings) if isinstance(value, Template | XPath)}


def transform_files(settings: Any) -> dict[str, TransformFile]:
    """The transform files inside, by dotted name."""
    return {name: value for name, value in leaves(settings) if isinstance(value, TransformFile)}


def secret_names(settings: Any) -> tuple[str, ...]:
    """The secrets that the settings name."""
    return tuple(value.name for _, value in leaves(settings) if isinstance(value, Secret))


def with_results(settings: Any, results: Mapping[str, Any], name: str = "") -> Any:
    """The settings as plain mappings and lists, with the values at the dotted names in `results` replaced."""
    if name in results:
        return results[name]
    inner = {key: with_results(v, results, f"{name}.{key}" if name else key) for key, v in _children(settings)}
    if isinstance(settings, list | tuple):
        return list(inner.values())
    return inner if _is_inner(settings) else settings


class Form:
    """Settings that are filled in for each run: they are looked through once."""

    def __init__(self, settings: Any) -> None:
        self.settings = settings
        self.templates = templates(settings)
        self.files = transform_files(settings)
        left = {name: value for name, value in _children(settings) if name not in {*self.templates, *self.files}}
        flat = len(left) + len(self.templates) + len(self.files) == sum(1 for _ in _children(settings))
        self._fixed = left if flat and not any(_is_inner(value) for value in left.values()) else None

    def filled(self, results: Mapping[str, Any]) -> Any:
        """As `with_results`."""
        return with_results(self.settings, results) if self._fixed is None else {**self._fixed, **results}


def _is_inner(value: Any) -> bool:
    if isinstance(value, _WHOLE):
        return False
    return isinstance(value, dict | list | tuple) or (dataclasses.is_dataclass(value) and not isinstance(value, type))


def _children(value: Any) -> Iterator[tuple[str, Any]]:
    if not _is_inner(value):
        return
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list | tuple):
        yield from ((str(index), item) for index, item in enumerate(value))
    else:
        yield from ((part.name, getattr(value, part.name)) for part in dataclasses.fields(value))


def texts(node: Node) -> Iterator[Text]:
    """Every text under a node, in the order of the file."""
    if isinstance(node, Text):
        yield node
    else:
        for inner in node.values() if isinstance(node, Map) else node:
            yield from texts(inner)


def maps(node: Node) -> Iterator[Map]:
    """Every mapping under a node, itself first."""
    if isinstance(node, Map):
        yield node
    if isinstance(node, Map | Items):
        for inner in node.values() if isinstance(node, Map) else node:
            yield from maps(inner)


def place_of(text: str, source: Map) -> Place:
    """Where a text stands under a node; the node's own place when it is not found."""
    return next((node.at for node in texts(source) if node == text), source.at)
