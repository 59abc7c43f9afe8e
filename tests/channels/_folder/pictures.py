"""Small files of every kind that is scanned, made by hand: no picture library in these tests."""

from __future__ import annotations

import struct
import zlib
from functools import cache

from simulators.report import report_bytes


def jpeg(text: bytes = b"a page", thumbnail: bytes = b"") -> bytes:
    """Segments, one scan with stuffed bytes and restart marks, a table, a second scan, the end."""
    app = _segment(0xE1, b"Exif\0\0" + thumbnail)
    table = _segment(0xDB, b"\x00" + bytes(range(60)) + b"\xff\xd9\xff\xd9")
    scan = _segment(0xDA, b"\x01\x01\x00\x00\x3f\x00") + text + b"\xff\x00\xff\xd0" + text
    return b"\xff\xd8" + app + table + scan + table + scan + b"\xff\xd9"


def _segment(mark: int, data: bytes) -> bytes:
    return bytes((0xFF, mark)) + (len(data) + 2).to_bytes(2) + data


def png(text: bytes = b"a page") -> bytes:
    """A header, two data chunks, the end."""
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(name, data) for name, data in ((b"IHDR", bytes(13)), (b"IDAT", text), (b"IDAT", text), (b"IEND", b""))
    )


def _chunk(name: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4) + name + data + zlib.crc32(name + data).to_bytes(4)


def tiff(pages: int = 1, order: str = "<", wide: bool = False, text: bytes = b"a strip of a page") -> bytes:
    """Each page as libtiff writes it: the strip, then the directory, then the pointer to that."""
    word, size = ("Q", 8) if wide else ("I", 4)
    mark = {"<": b"II", ">": b"MM"}[order]
    head = mark + struct.pack(order + "HHHQ", 43, 8, 0, 0) if wide else mark + struct.pack(order + "HI", 42, 0)
    data = bytearray(head)
    patch = 8 if wide else 4
    for number in range(pages):
        strip = len(data)
        data += text + b"%d" % number
        offsets = len(data)
        data += struct.pack(order + word * 2, strip, strip + 4)
        directory = len(data)
        entries = [(256, 3, 1, 100), (273, 16 if wide else 4, 2, offsets), (279, 3, 2, None)]
        data += struct.pack(order + ("Q" if wide else "H"), len(entries))
        for tag, kind, count, value in entries:
            data += struct.pack(order + "HH" + word, tag, kind, count)
            data += (
                struct.pack(order + "HH", 4, len(text) - 4).ljust(size, b"\0")
                if value is None
                else struct.pack(order + "H", value).ljust(size, b"\0")
                if kind == 3
                else struct.pack(order + word, value)
            )
        struct.pack_into(order + word, data, patch, directory)
        patch = len(data)
        data += struct.pack(order + word, 0)
    return bytes(data)


@cache
def pdf() -> bytes:
    return report_bytes("175||1", "invented", "ANS", 1)
