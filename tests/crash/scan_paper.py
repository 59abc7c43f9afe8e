"""Small pages and sheets for batches, drawn here: a few KB each, every one different from every other."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import zxingcpp
from PIL import Image, ImageDraw, ImageFont

from records import codes

SIZE = (420, 594)
"""A5 at 72 dpi."""


def sheet(text: str, note: str) -> Image.Image:
    """A page with this code, as it is printed on our sheets."""
    page = paper(note)
    made = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode)
    code = Image.fromarray(zxingcpp.write_barcode_to_image(made, scale=5, add_quiet_zones=True))
    page.paste(code, ((SIZE[0] - code.width) // 2, 200))
    return page


def paper(note: str) -> Image.Image:
    """A page with some words."""
    page = Image.new("L", SIZE, 255)
    draw = ImageDraw.Draw(page)
    for line, word in enumerate((note, "an invented page", "of a test")):
        draw.text((40, 40 + 40 * line), word, fill=0, font=_font())
    return page


@cache
def _font() -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return ImageFont.load_default(22)


def stack(header: str, name: str) -> list[Image.Image]:
    """Header, separator, two pages, separator, one page: two documents."""
    return [
        sheet(codes.header(header, 2, 6), f"{name} header"),
        sheet(codes.separator(header, 1), f"{name} one"),
        paper(f"{name} page 1"),
        paper(f"{name} page 2"),
        sheet(codes.separator(header, 2), f"{name} two"),
        paper(f"{name} page 3"),
    ]


def tiff(pages: Sequence[Image.Image]) -> bytes:
    out = io.BytesIO()
    first, *others = [page.convert("1") for page in pages]
    first.save(out, "TIFF", save_all=True, append_images=others, compression="group4", dpi=(72, 72))
    return out.getvalue()


def png(page: Image.Image) -> bytes:
    out = io.BytesIO()
    page.convert("1").save(out, "PNG", dpi=(72, 72))
    return out.getvalue()


def seen(data: bytes | Path | Image.Image) -> str:
    """SHA-256 of what is seen on a page of ink and paper."""
    if isinstance(data, Path):
        data = data.read_bytes()
    page = Image.open(io.BytesIO(data)) if isinstance(data, bytes) else data
    return hashlib.sha256(repr(page.size).encode() + page.convert("1").convert("L").tobytes()).hexdigest()


def damaged(page: Image.Image) -> bytes:
    """A PNG that is whole by its chunks, and whose rows are not."""
    data = png(page)
    at = data.index(b"IDAT") + 4
    return data[:at] + bytes(byte ^ 0x55 for byte in data[at : at + 20]) + data[at + 20 :]
