"""The text of a template taken apart: `name/path|filter` between `$(` and `)`. `engine.site.paths` evaluates it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from engine import hl7
from engine.site import filters

NAME = r"[^\W\d][\w.\-]*"
_SEGMENT = re.compile(rf"(//?)(@?{NAME}(?::{NAME})?)((?:\[[0-9]{{1,9}}\])?)")
_HEAD = re.compile(rf"({NAME})((?:\[[0-9]{{1,9}}\])?)")
_OPEN = re.compile(r"\$?\$\(")


class PathError(ValueError):
    """A path or template that cannot be read; `position` is the character where, from 1."""

    def __init__(self, text: str, position: int) -> None:
        super().__init__(f"{text} (at character {position})")
        self.position = position


@dataclass(frozen=True, slots=True)
class Segment:
    """One step of a slash path. anywhere: `//`. name: `patient_id` or `@code`. index: from 1, or None."""

    anywhere: bool
    name: str
    index: int | None = None

    def __str__(self) -> str:
        index = f"[{self.index}]" if self.index is not None else ""
        return ("//" if self.anywhere else "/") + self.name + index


@dataclass(frozen=True, slots=True)
class Reference:
    """`$(name/path|filter)`. filters: (name, argument or None) in order."""

    name: str
    segments: tuple[Segment, ...] = ()
    index: int | None = None
    filters: tuple[tuple[str, str | None], ...] = ()

    def __str__(self) -> str:
        index = f"[{self.index}]" if self.index is not None else ""
        return self.name + index + "".join(map(str, self.segments))

    @property
    def plain(self) -> bool:
        return not (self.segments or self.filters) and self.index is None

    @property
    def has_default(self) -> bool:
        return any(name == "default" for name, _ in self.filters)


def parts(text: str) -> Iterator[str | Reference]:
    """Literal texts and references, in order. Raises `PathError`."""
    literal, position = "", 0
    while match := _OPEN.search(text, position):
        literal += text[position : match.start()]
        position = match.end()
        if match[0] == "$$(":
            literal += "$("
            continue
        end = text.find(")", position)
        if end < 0:
            raise PathError("`$(` without `)`", match.start() + 1)
        if literal:
            yield literal
        literal = ""
        yield _reference(text[position:end], position + 1)
        position = end + 1
    literal += text[position:]
    if literal or not text:
        yield literal


def _reference(text: str, start: int) -> Reference:
    path, *chain = text.split("|")
    head = _HEAD.match(path)
    if head is None:
        raise PathError("the name of a value is missing after `$(`", start)
    segments: list[Segment] = []
    position = head.end()
    if path[position : position + 1] == "/" and hl7.is_path(path[position + 1 :]):
        segments, position = [Segment(False, path[position + 1 :])], len(path)
    while position < len(path):
        match = _SEGMENT.match(path, position)
        if match is None or (segments and segments[-1].name.startswith("@")):
            raise PathError(f"`{path[position:]}` cannot follow `{path[:position]}`", start + position)
        segments.append(Segment(match[1] == "//", match[2], _index(match[3], start + match.start(3))))
        position = match.end()
    index = _index(head[2], start + head.start(2))
    return Reference(head[1], tuple(segments), index, tuple(_filters(chain, start + len(path) + 1)))


def _index(text: str, position: int) -> int | None:
    if text == "[0]":
        raise PathError("`[n]` counts from 1", position)
    return int(text[1:-1]) if text else None


def _filters(chain: list[str], position: int) -> Iterator[tuple[str, str | None]]:
    for word in chain:
        name, colon, rest = word.partition(":")
        argument = rest if colon else None
        if fault := filters.check(name, argument):
            raise PathError(f"{fault}; the filters are {' '.join(filters.NAMES)}", position)
        position += len(word) + 1
        yield name, argument
