"""A page's master as an image of a PDF, without coding it anew where PDF knows its code; in a worker process.

JPEG goes in as it is (DCT), bilevel as Group 4 (its own strip, or coded losslessly), PNG as its own compressed rows;
everything else becomes PNG first. Nothing of a picture is lost on any way.
"""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from engine.message import Refused
from records import images
from records.pdf_writer import Part, Writer

UNREADABLE = "WB-8301"  # a page's picture cannot be put into a PDF
ORIENTATION = 0x0112
PNG_MARK = b"\x89PNG\r\n\x1a\n"
GRAY, COLOUR = "/DeviceGray", "/DeviceRGB"


@dataclass(frozen=True, slots=True)
class Placed:
    """An image in the PDF: number of its object, size in pixels, and how a camera turned it (EXIF, 1 to 8)."""

    number: int
    width: int
    height: int
    turned: int = 1


def place(writer: Writer, path: Path) -> Placed:
    """Put the picture of this file into the PDF. Raises `Refused` for what is no picture."""
    with images.read(path) as image, images.failing():
        return _place(writer, image, path)


def place_image(writer: Writer, image: Any) -> Placed:
    """A picture that was made just now: lossless."""
    return _as_fax(writer, image) if image.mode == "1" else _as_png(writer, image)


def _place(writer: Writer, image: Any, path: Path) -> Placed:
    turned = int(image.getexif().get(ORIENTATION, 1))
    if image.format == "JPEG" and image.mode in ("L", "RGB"):
        space = GRAY if image.mode == "L" else COLOUR
        entries = f"{_entries(image.width, image.height, 8, space)} /Filter /DCTDecode"
        number = writer.copy(entries, [Part(path, 0, path.stat().st_size)])
        return Placed(number, image.width, image.height, turned if 1 <= turned <= 8 else 1)
    if image.format == "PNG" and turned == 1 and (placed := _png(writer, path)) is not None:
        return placed
    if image.format == "TIFF" and turned == 1 and (placed := _fax_strip(writer, image, path)) is not None:
        return placed
    return place_image(writer, images.upright(image))


def _entries(width: int, height: int, bits: int, space: str) -> str:
    return (
        f"/Type /XObject /Subtype /Image /Width {width} /Height {height} /BitsPerComponent {bits} /ColorSpace {space}"
    )


def _as_png(writer: Writer, image: Any) -> Placed:
    plain = _plain(image)
    with tempfile.TemporaryDirectory(prefix="waybill-") as folder:
        path = Path(folder) / "page.png"
        plain.save(path, "PNG")
        placed = _png(writer, path)
    if placed is None:
        raise Refused(UNREADABLE, "a page's picture has a form that is not known")
    return placed


def _plain(image: Any) -> Any:
    """Gray or RGB, on white where it was transparent."""
    from PIL import Image

    if image.mode in ("L", "RGB"):
        return image
    if image.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in image.info:
        layer = image.convert("RGBA")
        white = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(white, layer).convert("RGB")
    return image.convert("L" if image.mode.startswith(("I", "F", "1")) else "RGB")


def _png(writer: Writer, path: Path) -> Placed | None:
    """The rows of a PNG as they are; None for one that PDF cannot take so (interlaced, transparent)."""
    parts: list[Part] = []
    palette = b""
    header: tuple[int, ...] = ()
    with path.open("rb") as file:
        if file.read(8) != PNG_MARK:
            return None
        for kind, offset, size in _chunks(file):
            if kind == b"IHDR" and size == 13:
                header = struct.unpack(">IIBBBBB", file.read(13))
            elif kind == b"PLTE" and size <= 768:
                palette = file.read(size)
            elif kind == b"tRNS":
                return None
            elif kind == b"IDAT":
                parts.append(Part(path, offset, size))
    if not header or not parts:
        return None
    width, height, bits, colours, *rest = header
    space = {0: GRAY, 2: COLOUR, 3: f"[/Indexed {COLOUR} {max(0, len(palette) // 3 - 1)} <{palette.hex()}>]"}
    if colours not in space or any(rest) or (colours == 3 and not palette):
        return None
    parms = f"/Predictor 15 /Colors {3 if colours == 2 else 1} /BitsPerComponent {bits} /Columns {width}"
    entries = f"{_entries(width, height, bits, space[colours])} /Filter /FlateDecode /DecodeParms << {parms} >>"
    return Placed(writer.copy(entries, parts), width, height)


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    at = 8
    while len(head := _at(file, at, 8)) == 8:
        size, kind = struct.unpack(">I4s", head)
        yield kind, at + 8, size
        at += size + 12


def _at(file: BinaryIO, offset: int, size: int) -> bytes:
    file.seek(offset)
    return file.read(size)


def _fax_strip(writer: Writer, image: Any, path: Path) -> Placed | None:
    """The one Group 4 strip of a TIFF as it is; None when it has several, or is coded otherwise."""
    tags = image.tag_v2
    offsets, sizes = tags.get(273), tags.get(279)
    plain = tags.get(259) == 4 and tags.get(266, 1) == 1 and tags.get(262) in (0, 1) and tags.get(258, (1,)) == (1,)
    if not plain or not offsets or not sizes or len(offsets) != 1 or len(sizes) != 1:
        return None
    if offsets[0] + sizes[0] > path.stat().st_size:
        raise Refused(UNREADABLE, "a page's file is shorter than it says")
    part = Part(path, int(offsets[0]), int(sizes[0]))
    return _fax(writer, image.width, image.height, [part], black_is_1=tags.get(262) == 1)


def _as_fax(writer: Writer, image: Any) -> Placed:
    from PIL import Image

    with tempfile.TemporaryDirectory(prefix="waybill-") as folder:
        path = Path(folder) / "page.tif"
        image.save(path, "TIFF", compression="group4", tiffinfo={278: image.height})
        with Image.open(path) as coded:
            placed = _fax_strip(writer, coded, path)
    return placed if placed is not None else _as_png(writer, image.convert("L"))


def _fax(writer: Writer, width: int, height: int, parts: list[Part], *, black_is_1: bool) -> Placed:
    parms = f"/K -1 /Columns {width} /Rows {height} /BlackIs1 {'true' if black_is_1 else 'false'}"
    entries = f"{_entries(width, height, 1, GRAY)} /Filter /CCITTFaxDecode /DecodeParms << {parms} >>"
    return Placed(writer.copy(entries, parts), width, height)
