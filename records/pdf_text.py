"""The invisible text of scanned pages: a font without shapes, and the words where they stand.

The font is made here: two empty glyphs of half a square's width. Each character of the document gets a number of its
own, so Chinese and anything else is found and copied as what it is (`/ToUnicode`).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import Any

from records.pdf_writer import Writer, number

NAME = "WaybillBlank"
ADVANCE = 500
"""Thousandths of the size: the width of every character, before it is stretched to its word's."""
ASCENT, DESCENT = 800, -200
MOST = 65_000
"""Different characters of one font."""

Word = Sequence[Any]
"""x, y, width, height in parts of the page from its upper left corner; confidence; text."""


class TextLayer:
    """The characters of one document, and its font object, which `close` writes."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._codes: dict[str, int] = {}
        self.font = writer.reserve()

    def content(self, words: Iterable[Word], width: float, height: float) -> bytes:
        """The text of a page of this size in points, to be put behind its picture."""
        lines = []
        for x, y, wide, high, _, text in words:
            size, span = high * height, wide * width
            shown = self._hex(str(text)) if size >= 0.5 and span >= 0.1 else ""
            if not shown:
                continue
            stretch = min(100 * span / (len(shown) // 4 * size * ADVANCE / 1000), 10_000)
            left, base = x * width, height - (y + high) * height - size * DESCENT / 1000
            # The space keeps words apart for readers that do not look at the gap.
            lines.append(
                f"{number(stretch)} Tz /F {number(size)} Tf 1 0 0 1 {number(left)} {number(base)} Tm "
                f"<{shown}{self._hex(' ', keep=True)}> Tj"
            )
        return "\n".join(["BT 3 Tr", *lines, "ET", ""]).encode() if lines else b""

    def close(self) -> None:
        """Write the font with the characters that were used."""
        add, stream = self._writer.add, self._writer.stream
        program = font_program()
        file = stream(f"/Length1 {len(program)}", program)
        box = f"[0 {DESCENT} {ADVANCE} {ASCENT}]"
        descriptor = add(
            f"<< /Type /FontDescriptor /FontName /{NAME} /Flags 5 /FontBBox {box} /ItalicAngle 0 /Ascent {ASCENT} "
            f"/Descent {DESCENT} /CapHeight {ASCENT} /StemV 80 /FontFile2 {file} 0 R >>"
        )
        glyphs = stream("", b"\x00\x01" * (len(self._codes) + 1))
        system = "/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >>"
        descendant = add(
            f"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /{NAME} {system} /FontDescriptor {descriptor} 0 R "
            f"/CIDToGIDMap {glyphs} 0 R /DW {ADVANCE} >>"
        )
        unicode = stream("", to_unicode(self._codes))
        add(
            f"<< /Type /Font /Subtype /Type0 /BaseFont /{NAME} /Encoding /Identity-H "
            f"/DescendantFonts [{descendant} 0 R] /ToUnicode {unicode} 0 R >>",
            self.font,
        )

    def _hex(self, text: str, *, keep: bool = False) -> str:
        shown = text if keep else "".join(character for character in text if character.isprintable()).strip()
        return "".join(f"{self._code(character):04x}" for character in shown)

    def _code(self, character: str) -> int:
        known = self._codes.get(character)
        if known is None:
            if len(self._codes) >= MOST:
                return self._codes.setdefault("\ufffd", MOST)
            known = self._codes[character] = len(self._codes) + 1
        return known


def to_unicode(codes: dict[str, int]) -> bytes:
    """The CMap from our numbers to characters (ISO 32000-1, 9.10.3)."""
    rows = [f"<{code:04x}> <{character.encode('utf-16-be', 'replace').hex()}>" for character, code in codes.items()]
    blocks = [rows[at : at + 100] for at in range(0, len(rows), 100)]
    body = "".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar\n" for block in blocks)
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
        f"1 begincodespacerange\n<0000> <ffff>\nendcodespacerange\n{body}"
        "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
    ).encode()


def font_program() -> bytes:
    """A TrueType font of two glyphs without an outline: what must be there, and no more."""
    tables = {
        b"glyf": bytes(4),
        b"head": struct.pack(
            ">2HlLLHHqq4h2H3h", 1, 0, 0x10000, 0, 0x5F0F3CF5, 0, 1000, 0, 0, 0, DESCENT, ADVANCE, ASCENT, 0, 8, 2, 0, 0
        ),
        b"hhea": struct.pack(">2H3hH11hH", 1, 0, ASCENT, DESCENT, 0, ADVANCE, *([0] * 11), 2),
        b"hmtx": struct.pack(">HhHh", ADVANCE, 0, ADVANCE, 0),
        b"loca": bytes(6),
        b"maxp": struct.pack(">3H13H", 1, 0, 2, 0, 0, 0, 0, 1, *([0] * 8)),
    }
    return _font(tables)


def _font(tables: dict[bytes, bytes]) -> bytes:
    head = struct.pack(">4s4H", b"\0\1\0\0", len(tables), 64, 2, len(tables) * 16 - 64)
    at, directory, body = 12 + 16 * len(tables), b"", b""
    for tag, data in tables.items():
        padded = data + bytes(-len(data) % 4)
        checksum = sum(struct.unpack(f">{len(padded) // 4}L", padded)) & 0xFFFFFFFF
        directory += struct.pack(">4s3L", tag, checksum, at + len(body), len(data))
        body += padded
    return head + directory + body
