"""The site's XML files as a worker reads them: compiled once, again when one of their files changes."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Generic, TypeVar

from lxml import etree

from engine.message import Refused
from engine.site.house import house, inside, target
from engine.transform.safe_xml import OPTIONS

BAD_FILE = "WB-2003"
KEPT = 128
FRESH = 0.2
"""Seconds in which a file is not looked at again: several looks a message cost more than the work itself."""

T = TypeVar("T")
Stamp = tuple[str, int, int]


def stamp(path: str) -> Stamp:
    """Path, time of change in ns and size. Raises `Refused` when there is no such file."""
    try:
        found = os.stat(path)  # noqa: PTH116 (three times a message: without making a Path)
    except OSError as error:
        raise Refused(BAD_FILE, f"{Path(path).name}: {error.strerror}") from None
    return path, found.st_mtime_ns, found.st_size


class Compiled(Generic[T]):
    """Things made of files by `compile(path)`, which also names the files; made again when one of them changed."""

    def __init__(self, compile: Callable[[str], tuple[T, list[str]]]) -> None:  # noqa: A002
        self._compile = compile
        self._kept: OrderedDict[str, tuple[list[Stamp], T]] = OrderedDict()
        self._looked: dict[str, float] = {}

    def get(self, path: str) -> T:
        """The compiled thing. Raises `Refused` when the file is missing or wrong."""
        kept, now = self._kept.get(path), monotonic()
        if kept is not None and now - self._looked[path] < FRESH:
            return kept[1]
        self._looked[path] = now
        if kept is None or any(stamp(known[0]) != known for known in kept[0]):
            thing, files = self._compile(path)
            kept = self._kept[path] = ([stamp(file) for file in dict.fromkeys([path, *files])], thing)
            while len(self._kept) > KEPT:
                self._looked.pop(self._kept.popitem(last=False)[0], None)
        self._kept.move_to_end(path)
        return kept[1]


def file_parser() -> etree.XMLParser:
    """For the site's own files: no DTD, no network."""
    return etree.XMLParser(**OPTIONS)  # type: ignore[arg-type]


def linked(path: str, links: tuple[str, ...], attribute: str) -> dict[str, etree._Element]:
    """A file and all that it includes, by path. links: the including elements, with `attribute` naming the file.

    A file outside the site's `transforms` is refused: it would not be kept with the revision that needs it.
    """
    found: dict[str, etree._Element] = {}
    waiting, home = [path], house(Path(path))
    while waiting:
        current = waiting.pop()
        if current in found:
            continue
        if not inside(Path(current), home):
            raise Refused(BAD_FILE, f"{Path(path).name}: {Path(current).name} is outside {home.name}/")
        try:
            found[current] = etree.parse(current, file_parser()).getroot()
        except (etree.XMLSyntaxError, OSError) as error:
            raise Refused(BAD_FILE, f"{Path(current).name}: {first_line(error)}") from None
        hrefs = (link.get(attribute) for link in found[current].iterchildren(*links))
        waiting += [str(target(Path(current), href)) for href in hrefs if href]
    return found


def first_line(error: Exception) -> str:
    """The fault of a file of the site: no patient is in it, so its text is shown."""
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
