"""TIFF of many pages: each directory's strips are copied as they are into a file of one page (TIFF 6.0, Adobe 1992).

The chain of directories is followed here and not by a decoder: it may be a ring, or point anywhere. What this does not
know how to copy (tiles apart from their table, the old JPEG, BigTIFF) is decoded and written again without loss.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from engine.message import Refused
from records import images
from records.unpack_page import TOO_MANY, Made, Unreadable, count

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_LETTERS = {1: "B", 3: "H", 4: "I"}
_SUBFILE, _WIDTH, _HEIGHT, _COMPRESSION = 254, 256, 257, 259
_OFFSETS = {273: 279, 324: 325}
_OLD_JPEG = 6
_KEPT = frozenset(
    (
        254, 256, 257, 258, 259, 262, 266, 273, 274, 277, 278, 279, 280, 281, 282, 283, 284, 292, 293, 296, 297, 317,
        320, 322, 323, 324, 325, 327, 332, 338, 339, 347, 529, 530, 531, 532, 34675,
    )
)  # fmt: skip
MOST_TAGS = 400
MOST_VALUES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Entry:
    """A field of a directory, its value's bytes as they stand in the file."""

    tag: int
    type: int
    count: int
    value: bytes


@dataclass(frozen=True, slots=True)
class Directory:
    """One picture of the file. frame: its place for a decoder, which counts the small previews too."""

    frame: int
    offset: int


class Chain:
    """The directories of an open classic TIFF."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._size = size
        head = file.read(8)
        self.order = "<" if head[:2] == b"II" else ">"
        if len(head) < 8 or struct.unpack(self.order + "H", head[2:4])[0] != 42:
            raise Refused(images.BROKEN, "the TIFF's head is damaged")
        self._first = struct.unpack(self.order + "I", head[4:])[0]

    def walk(self, limit: int) -> tuple[list[Directory], bool]:
        """The pages, and whether the chain breaks off: what is before the break can be read."""
        found: list[Directory] = []
        seen: set[int] = set()
        offset, frame = self._first, 0
        while offset:
            if offset in seen:
                raise Refused(images.BROKEN, "the TIFF's directories form a ring")
            seen.add(offset)
            try:
                is_page, following = self._step(offset)
            except (struct.error, Refused):
                return found, True
            if is_page:
                found.append(Directory(frame, offset))
            frame, offset = frame + 1, following
            if len(seen) > 2 * limit:
                raise Refused(TOO_MANY, f"the file has more than {limit} pages")
        return found, False

    def _step(self, offset: int) -> tuple[bool, int]:
        data, following = self._table(offset)
        for at in range(0, len(data), 12):
            tag, kind, number = struct.unpack(self.order + "HHI", data[at : at + 8])
            if tag == _SUBFILE and kind == 4 and number == 1:
                return not struct.unpack(self.order + "I", data[at + 8 : at + 12])[0] & 1, following
        return True, following

    def _table(self, offset: int) -> tuple[bytes, int]:
        (tags,) = struct.unpack(self.order + "H", self.at(offset, 2))
        if not 0 < tags <= MOST_TAGS:
            raise Refused(images.BROKEN, "a TIFF directory is damaged")
        data = self.at(offset + 2, tags * 12)
        try:
            (following,) = struct.unpack(self.order + "I", self.at(offset + 2 + tags * 12, 4))
        except Refused:
            following = 1  # points nowhere: the chain breaks off behind this page
        return data, following

    def entries(self, offset: int) -> dict[int, Entry]:
        """The fields of a directory that a copy keeps."""
        data, _ = self._table(offset)
        found: dict[int, Entry] = {}
        for at in range(0, len(data), 12):
            tag, kind, number = struct.unpack(self.order + "HHI", data[at : at + 8])
            size = _SIZES.get(kind, 0) * number
            if tag not in _KEPT or not size:
                continue
            if size > MOST_VALUES:
                raise Refused(images.BROKEN, "a TIFF directory is damaged")
            where = struct.unpack(self.order + "I", data[at + 8 : at + 12])[0]
            found[tag] = Entry(tag, kind, number, data[at + 8 : at + 8 + size] if size <= 4 else self.at(where, size))
        return found

    def numbers(self, entry: Entry) -> tuple[int, ...]:
        """A field of whole numbers."""
        letter = _LETTERS.get(entry.type)
        if letter is None:
            raise Refused(images.BROKEN, "a TIFF field has the wrong type")
        return struct.unpack(f"{self.order}{entry.count}{letter}", entry.value)

    def at(self, offset: int, size: int) -> bytes:
        """So many bytes of the file."""
        if offset + size > self._size:
            raise Refused(images.BROKEN, "the TIFF is cut off")
        self._file.seek(offset)
        return self._file.read(size)


def take(source: Path, folder: Path, first: int, most: int, limit: int) -> tuple[int, list[Made | Unreadable]]:
    """How many pages there are, and the masters of some."""
    with source.open("rb") as file:
        if file.read(4)[2:] in (b"+\0", b"\0+"):
            return _big(source, folder, first, most, limit)
        file.seek(0)
        chain = Chain(file, source.stat().st_size)
        pages, is_broken = chain.walk(limit)
        total = count(len(pages) + is_broken, limit)
        if total == 1 and not is_broken and pages[0].frame == 0:
            return 1, [_checked(source, 1)] if first == 1 else []
        results: list[Made | Unreadable] = []
        for number in range(first, min(first + most, total + 1)):
            if number > len(pages):
                results.append(Unreadable(number, images.BROKEN, "the TIFF is cut off after the page before"))
                continue
            try:
                results.append(_one(chain, source, pages[number - 1], folder, number))
            except Refused as refused:
                results.append(Unreadable(number, refused.code, refused.reason))
            except struct.error:
                results.append(Unreadable(number, images.BROKEN, "a TIFF directory is damaged"))
        return total, results


def _one(chain: Chain, source: Path, directory: Directory, folder: Path, number: int) -> Made:
    entries = chain.entries(directory.offset)
    if _WIDTH not in entries or _HEIGHT not in entries:
        raise Refused(images.BROKEN, "a TIFF directory has no size")
    images.check(chain.numbers(entries[_WIDTH])[0], chain.numbers(entries[_HEIGHT])[0])
    kind = chain.numbers(entries[_COMPRESSION])[0] if _COMPRESSION in entries else 1
    if kind == _OLD_JPEG or not any(tag in entries for tag in _OFFSETS):
        return again(source, directory.frame, folder, number)
    target = folder / f"{number}.tif"
    target.write_bytes(_copied(chain, entries))
    return _checked(target, number)


def _copied(chain: Chain, entries: dict[int, Entry]) -> bytes:
    """The directory with its strips or tiles as a file of one page."""
    order = chain.order
    offsets, counts = next(pair for pair in _OFFSETS.items() if pair[0] in entries)
    if counts not in entries:
        raise Refused(images.BROKEN, "a TIFF directory does not say how long its strips are")
    places, sizes = chain.numbers(entries[offsets]), chain.numbers(entries[counts])
    if len(places) != len(sizes):
        raise Refused(images.BROKEN, "a TIFF directory does not say how long its strips are")
    body = bytearray((b"II*\0" if order == "<" else b"MM\0*") + b"\0\0\0\0")
    moved = []
    for place, size in zip(places, sizes, strict=True):
        if len(body) + size > MOST_VALUES * 16:
            raise Refused(images.HUGE, "a TIFF page's bytes are too many")
        moved.append(len(body))
        body += chain.at(place, size)
        body += b"\0" * (len(body) % 2)
    entries[offsets] = Entry(offsets, 4, len(moved), struct.pack(f"{order}{len(moved)}I", *moved))
    return _written(order, body, entries)


def _written(order: str, body: bytearray, entries: dict[int, Entry]) -> bytes:
    table = b""
    for _, entry in sorted(entries.items()):
        value = entry.value
        if len(value) > 4:
            place = len(body)
            body += value + b"\0" * (len(value) % 2)
            value = struct.pack(order + "I", place)
        table += struct.pack(order + "HHI", entry.tag, entry.type, entry.count) + value.ljust(4, b"\0")
    body[4:8] = struct.pack(order + "I", len(body))
    return bytes(body + struct.pack(order + "H", len(entries)) + table + b"\0\0\0\0")


def _checked(path: Path, number: int) -> Made:
    with images.read(path) as picture:
        width, height = images.size_of(picture)
        return Made(number, str(path), "image/tiff", width, height, images.dpi_of(picture))


def again(source: Path, frame: int, folder: Path, number: int) -> Made:
    """Decode a directory and write it without loss."""
    target = folder / f"{number}.tif"
    with images.read(source) as picture:
        picture.seek(frame)
        images.check(*picture.size)
        dpi = images.dpi_of(picture)
        known = {"dpi": (dpi, dpi)} if dpi else {}
        turned = images.upright(picture)
        turned.save(target, "TIFF", compression="group4" if turned.mode == "1" else "tiff_adobe_deflate", **known)
        return Made(number, str(target), "image/tiff", *turned.size, dpi)


def _big(source: Path, folder: Path, first: int, most: int, limit: int) -> tuple[int, list[Made | Unreadable]]:
    """BigTIFF, whose offsets are longer: rare for pages, so its decoder does the work."""
    with images.read(source) as picture:
        total = count(_frames(picture, limit), limit)
    results: list[Made | Unreadable] = []
    for number in range(first, min(first + most, total + 1)):
        try:
            results.append(_checked(source, 1) if total == 1 else again(source, number - 1, folder, number))
        except Refused as refused:
            results.append(Unreadable(number, refused.code, refused.reason))
    return total, results


def _frames(picture: object, limit: int) -> int:
    """Pillow notices a ring by itself; the number of frames is counted here with an end."""
    seek = getattr(picture, "seek")  # noqa: B009 - typed as object: its module is not for the type checker to follow
    for frame in range(limit + 1):
        try:
            seek(frame)
        except EOFError:
            return frame
    return limit + 1
