"""Whether a picture has been written to its end, told from its bytes: JPEG, PNG, TIFF. Blocking, bounded, no pixels.

A file that is still being written answers with a reason; one that can never become whole raises `Refused`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import BinaryIO

from channels._folder.tiff import BROKEN
from channels._folder.tiff import incomplete as tiff_incomplete
from engine.message import Refused

PIECE = 1 << 18
MOST_PARTS = 200_000
"""Chunks of a PNG, segments of a JPEG."""
END_OF_PNG = b"\xaeB`\x82"
SHORT = 16
"""Bytes of which nothing can be told yet."""
KINDS = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"II*\x00": "image/tiff",
    b"MM\x00*": "image/tiff",
    b"II+\x00": "image/tiff",
    b"MM\x00+": "image/tiff",
}
_MARK = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # in the data of a scan (ITU T.81 B.1.1.5): what ends it


def kind(path: Path) -> str:
    """The content type by the first bytes; empty when they say nothing, `unknown` when they say something else.

    A file that is made at its full size first is zeros until its writer comes there.
    """
    with path.open("rb") as file:
        head = file.read(1024)
    if len(head) < SHORT or not head.strip(b"\0"):
        return ""
    if b"%PDF-" in head:
        return "application/pdf"
    return next((name for start, name in KINDS.items() if head.startswith(start)), "unknown")


def nothing_yet(path: Path) -> str:
    """What is said of a file whose first bytes say nothing (`kind` is empty)."""
    size = path.stat().st_size
    if not size:
        return "it is empty so far"
    return "it holds nothing but zeros so far" if size >= SHORT else f"it has {size} bytes so far, too few to be a page"


def incomplete(path: Path, content_type: str) -> str:
    """Why the picture is not whole yet; empty when it is. Raises `Refused` for one that never will be."""
    check = {"image/jpeg": _jpeg, "image/png": _png, "image/tiff": tiff_incomplete}[content_type]
    with path.open("rb") as file:
        size = file.seek(0, 2)
        return check(file, size)


def _png(file: BinaryIO, size: int) -> str:
    """Chunk after chunk up to IEND (PNG section 5.3)."""
    at = 8
    for _ in range(MOST_PARTS):
        file.seek(at)
        head = file.read(8)
        if len(head) < 8:
            return "the PNG has no end yet"
        length, name = int.from_bytes(head[:4]), head[4:]
        at += 12 + length
        if at > size:
            return "the PNG ends inside a chunk"
        if name == b"IEND":
            return "" if file.read(4) == END_OF_PNG else "the PNG has no end yet"
        if b"\0" in name:
            return "the PNG has no end yet"  # made at its full size, not written up to here
        if not name.isalpha():
            raise Refused(BROKEN, "the PNG is damaged: a chunk has no name")
    raise Refused(BROKEN, f"the PNG has more than {MOST_PARTS} chunks")


def _jpeg(file: BinaryIO, size: int) -> str:
    """From segment to segment, and through the data of each scan, up to the end of image (ITU T.81 B.1.1.3)."""
    at = 2
    for _ in range(MOST_PARTS):
        file.seek(at)
        mark = file.read(4)
        if len(mark) >= 2 and mark[:2] == b"\xff\xd9":
            return ""
        if len(mark) < 4 or not mark.strip(b"\0"):
            return "the JPEG has no end mark yet"
        if mark[0] != 0xFF:
            raise Refused(BROKEN, "the JPEG is damaged: a segment does not begin where it should")
        if mark[1] == 0xFF:  # a filler before a marker
            at += 1
            continue
        at += 2 + int.from_bytes(mark[2:])
        if at > size:
            return "the JPEG ends inside a segment"
        if mark[1] == 0xDA:
            found = _after_scan(file, at)
            if found is None:
                return "the JPEG has no end mark yet"
            at = found
    raise Refused(BROKEN, f"the JPEG has more than {MOST_PARTS} segments")


def _after_scan(file: BinaryIO, at: int) -> int | None:
    """Where the marker stands that ends a scan's data."""
    file.seek(at)
    before = b""
    while piece := file.read(PIECE):
        found = _MARK.search(before + piece)
        if found is not None:
            return at - len(before) + found.start()
        at += len(piece)
        before = piece[-1:]
    return None
