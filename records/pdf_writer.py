"""A PDF file, written object by object straight to the disk: a thousand pages need the memory of one.

Only what scanned pages need: dictionaries as text, streams from bytes or from a part of a file, a classic
cross-reference (ISO 32000-1, 7.5.4) whose entries are kept in memory, 8 bytes each.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

HEAD = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
PIECE = 256 * 1024


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes of a file: from `offset`, `size` of them. Several make one stream (the IDAT chunks of a PNG)."""

    path: Path
    offset: int
    size: int


class Writer:
    """Objects are numbered as they are reserved or added; `close` writes cross-reference and trailer."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._at = 0
        self._offsets = array("q", [0])
        self._digest = hashlib.sha256()
        self._write(HEAD)

    def reserve(self) -> int:
        """The number of an object that is written later."""
        self._offsets.append(0)
        return len(self._offsets) - 1

    def add(self, text: str, number: int = 0) -> int:
        """An object without a stream; ASCII only (other text is `text_string`)."""
        number = self._begin(number)
        self._write(text.encode("ascii") + b"\nendobj\n")
        return number

    def stream(self, entries: str, data: bytes, number: int = 0, *, deflate: bool = True) -> int:
        """A stream; its text entries without `/Length`. `deflate`: compress it here."""
        if deflate:
            data, entries = zlib.compress(data, 6), f"{entries} /Filter /FlateDecode"
        number = self._begin(number)
        self._write(f"<< {entries} /Length {len(data)} >>\nstream\n".encode("ascii"))
        self._write(data)
        self._write(b"\nendstream\nendobj\n")
        return number

    def copy(self, entries: str, parts: Sequence[Part]) -> int:
        """A stream out of files, as it is; raises `OSError` when one is shorter than it was."""
        number = self._begin(0)
        size = sum(part.size for part in parts)
        self._write(f"<< {entries} /Length {size} >>\nstream\n".encode("ascii"))
        for part in parts:
            for piece in _pieces(part):
                self._write(piece)
        self._write(b"\nendstream\nendobj\n")
        return number

    def close(self, root: int, info: int) -> None:
        """The end of the file. `/ID` is the content's own hash: the same pages give the same bytes."""
        start, count = self._at, len(self._offsets)
        self._write(f"xref\n0 {count}\n0000000000 65535 f \n".encode())
        for offset in self._offsets[1:]:
            if not offset:
                raise ValueError("an object was reserved and never written")
            self._write(b"%010d 00000 n \n" % offset)
        name = self._digest.hexdigest()[:32]
        trailer = f"<< /Size {count} /Root {root} 0 R /Info {info} 0 R /ID [<{name}> <{name}>] >>"
        self._write(f"trailer\n{trailer}\nstartxref\n{start}\n%%EOF\n".encode())
        self._out.flush()
        os.fsync(self._out.fileno())

    def _begin(self, number: int) -> int:
        number = number or self.reserve()
        self._offsets[number] = self._at
        self._write(b"%d 0 obj\n" % number)
        return number

    def _write(self, data: bytes) -> None:
        self._out.write(data)
        self._digest.update(data)
        self._at += len(data)


def text_string(text: str) -> str:
    """Text outside of pages: UTF-16BE with its mark, in hex."""
    return f"<feff{text.encode('utf-16-be', 'replace').hex()}>"


def number(value: float) -> str:
    """A number as PDF writes it: no exponent, four places."""
    return f"{value:.4f}".rstrip("0").rstrip(".") if abs(value) >= 0.00005 else "0"


def matrix(values: Iterable[float]) -> str:
    """Six numbers with enough places for a small factor."""
    return " ".join(f"{value:.6f}".rstrip("0").rstrip(".") if abs(value) >= 5e-7 else "0" for value in values)


def _pieces(part: Part) -> Iterable[bytes]:
    left = part.size
    with part.path.open("rb") as source:
        source.seek(part.offset)
        while left:
            piece = source.read(min(left, PIECE))
            if not piece:
                raise OSError("a page's file is shorter than it was")
            left -= len(piece)
            yield piece
