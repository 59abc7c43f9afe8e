"""Whether a TIFF has been written to its end: every directory, and all that it names, lies inside the file.

TIFF 6.0 section 2, and BigTIFF. A page is appended to a TIFF by writing its data, then its directory, and last the
pointer to that; so bytes at the end that nothing names belong to a page that is still being written.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from engine.message import Refused

BROKEN = "WB-8600"  # the file is none that is scanned, or damaged so that it can never become whole
MOST_PAGES = 10_000
MOST_ENTRIES = 1000
MOST_PARTS = 1_000_000
"""Strips and tiles of all pages together."""
SLACK = 64
"""Bytes at the end that may be named by nothing: fillers."""
SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
OFFSETS = {273: 279, 324: 325, 513: 514}
"""Tags that say where a page's data begins, and the tags that say how long it is: strips, tiles, an old JPEG."""
INNER = (330, 34665, 34853)
"""Tags that name further directories: smaller copies, Exif, GPS."""
NOT_YET = "the TIFF names a place that is not written yet"


class _Short(Exception):
    """Something lies beyond the end of the file."""


@dataclass(frozen=True, slots=True)
class _Form:
    """How numbers are written. wide: BigTIFF."""

    order: str
    wide: bool

    def number(self, data: bytes, size: int) -> int:
        return int(struct.unpack(self.order + {1: "B", 2: "H", 4: "I", 8: "Q"}[size], data)[0])


class _Walk:
    """One look at one file. used: the byte after the last that something names."""

    def __init__(self, file: BinaryIO, size: int, form: _Form) -> None:
        self._file = file
        self._size = size
        self._form = form
        self._seen: set[int] = set()
        self._parts = 0
        self.used = 0

    def read(self, at: int, length: int) -> bytes:
        if at + length > self._size:
            raise _Short
        self._file.seek(at)
        self.used = max(self.used, at + length)
        return self._file.read(length)

    def directory(self, at: int) -> tuple[int, list[int]]:
        """Where the next directory of the chain is (0: none), and where the inner ones are."""
        if at in self._seen or len(self._seen) >= MOST_PAGES:
            raise Refused(BROKEN, f"the TIFF is damaged: its pages go in a circle, or are more than {MOST_PAGES}")
        self._seen.add(at)
        form = self._form
        head, entry, word = (8, 20, 8) if form.wide else (2, 12, 4)
        count = form.number(self.read(at, head), head)
        if not 1 <= count <= MOST_ENTRIES:
            if count == 0:
                raise _Short  # made at its full size, not written up to here
            raise Refused(BROKEN, "the TIFF is damaged: a directory has too many entries")
        data = self.read(at + head, count * entry + word)
        found = dict(self._entries(data[:-word], entry))
        self._data(found)
        inner = [place for tag in INNER for place in found.get(tag, ())]
        return form.number(data[-word:], word), inner

    def _entries(self, data: bytes, step: int) -> Iterator[tuple[int, list[int]]]:
        """Tags and, where they are places or lengths, their numbers; all values must lie inside the file."""
        form, word = self._form, 8 if self._form.wide else 4
        wanted = {*OFFSETS, *OFFSETS.values(), *INNER}
        for at in range(0, len(data), step):
            entry = data[at : at + step]
            tag, kind = form.number(entry[:2], 2), form.number(entry[2:4], 2)
            count, value = form.number(entry[4 : 4 + word], word), entry[4 + word :]
            if kind == 0:
                raise _Short  # made at its full size, not written up to here
            size = SIZES.get(kind, 0)
            if size * count > word:
                value = self._far(form.number(value, word), size * count, tag in wanted)
            if tag in wanted and kind in (3, 4, 13, 16, 18):
                yield tag, self._numbers(value, size, count)

    def _far(self, at: int, length: int, wanted: bool) -> bytes:
        if wanted and length > 8 * MOST_PARTS:
            raise Refused(BROKEN, f"the TIFF has more than {MOST_PARTS} strips")
        if wanted:
            return self.read(at, length)
        if at + length > self._size:
            raise _Short
        self.used = max(self.used, at + length)
        return b""

    def _numbers(self, data: bytes, size: int, count: int) -> list[int]:
        self._parts += count
        if self._parts > 2 * MOST_PARTS:
            raise Refused(BROKEN, f"the TIFF has more than {MOST_PARTS} strips")
        return [self._form.number(data[at : at + size], size) for at in range(0, count * size, size)]

    def _data(self, found: dict[int, list[int]]) -> None:
        """The strips and tiles of a page are inside the file. A place 0 is one that the writer has not come to."""
        for places, lengths in OFFSETS.items():
            sizes = found.get(lengths, [])
            for index, at in enumerate(found.get(places, ())):
                length = sizes[index] if index < len(sizes) else 0
                if at + length > self._size or (at == 0 and length):
                    raise _Short
                self.used = max(self.used, at + length)


def incomplete(file: BinaryIO, size: int) -> str:
    """Why the TIFF is not whole yet; empty when it is. Raises `Refused` for one that never will be."""
    file.seek(0)
    head = file.read(16)
    form = _Form("<" if head[:2] == b"II" else ">", head[2:4] in (b"+\0", b"\0+"))
    at = form.number(head[8:16], 8) if form.wide else form.number(head[4:8], 4)
    if at == 0:
        return "the TIFF names no page yet"
    walk = _Walk(file, size, form)
    try:
        todo = [at]
        while todo:
            following, inner = walk.directory(todo.pop())
            todo += [*inner, *([following] if following else [])]
    except _Short:
        return NOT_YET
    if size - walk.used > SLACK:
        return "bytes follow the last page of the TIFF that no page names yet"
    return ""
