"""Pages and files for tests, drawn here: small, and hostile where a test asks for it."""

from __future__ import annotations

import io
import random
import struct
import zlib
from pathlib import Path
from typing import Any

import pikepdf
from PIL import Image, ImageDraw, ImageFont

SIZE = (620, 877)
"""A4 at 75 dpi."""


def text_page(words: int = 160, *, size: tuple[int, int] = SIZE, seed: int = 1, mode: str = "L") -> Image.Image:
    """Lines of words on white paper."""
    rng = random.Random(seed)
    picture = Image.new("L", size, 250)
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(max(10, size[0] // 45))
    left, top, step = size[0] // 9, size[1] // 12, size[0] // 28
    x, y = left, top
    for _ in range(words):
        word = "".join(rng.choice("abcdefghijklmnoprstuvwxyz") for _ in range(rng.randint(2, 9)))
        wide = int(draw.textlength(word + " ", font=font))
        if x + wide > size[0] - left:
            x, y = left, y + step
        if y > size[1] - top:
            break
        draw.text((x, y), word, fill=20, font=font)
        x += wide
    return picture.convert(mode)


def bytes_of(picture: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def write(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def tiff(pictures: list[Image.Image], compression: str = "group4", dpi: int = 75) -> bytes:
    out = io.BytesIO()
    pictures[0].save(out, "TIFF", save_all=True, append_images=pictures[1:], compression=compression, dpi=(dpi, dpi))
    return out.getvalue()


def pdf_of(
    pictures: list[tuple[bytes, dict[str, Any]]], *, content: bytes = b"", points: tuple[int, int] = (595, 842)
) -> bytes:
    """A page for each picture: its stored bytes and its dictionary. content: written behind the picture."""
    pdf = pikepdf.new()
    for data, fields in pictures:
        image = pdf.make_stream(data, Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Image, **fields)
        page = pdf.add_blank_page(page_size=points)
        page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im0=image))
        page.obj.Contents = pdf.make_stream(b"q %d 0 0 %d 0 0 cm /Im0 Do Q " % points + content)
    return saved(pdf)


def saved(pdf: pikepdf.Pdf, **options: Any) -> bytes:
    out = io.BytesIO()
    pdf.save(out, **options)
    return out.getvalue()


def jpeg_fields(picture: Image.Image) -> dict[str, Any]:
    space = pikepdf.Name.DeviceRGB if picture.mode == "RGB" else pikepdf.Name.DeviceGray
    return {
        "Width": picture.width, "Height": picture.height, "ColorSpace": space, "BitsPerComponent": 8,
        "Filter": pikepdf.Name.DCTDecode,
    }  # fmt: skip


def flate(picture: Image.Image) -> tuple[bytes, dict[str, Any]]:
    return zlib.compress(picture.tobytes()), jpeg_fields(picture) | {"Filter": pikepdf.Name.FlateDecode}


def group4(picture: Image.Image) -> tuple[bytes, dict[str, Any]]:
    """The strip of a G4 TIFF, as PDF has it."""
    bilevel = picture.convert("1")
    data = bytes_of(bilevel, "TIFF", compression="group4", strip_size=1 << 30)
    with Image.open(io.BytesIO(data)) as opened:
        tags = opened.tag_v2  # type: ignore[attr-defined]
        start, length, zero = tags[273][0], tags[279][0], tags[262]
    parameters = pikepdf.Dictionary(K=-1, Columns=picture.width, Rows=picture.height, BlackIs1=zero != 0)
    fields = {
        "Width": picture.width, "Height": picture.height, "ColorSpace": pikepdf.Name.DeviceGray,
        "BitsPerComponent": 1, "Filter": pikepdf.Name.CCITTFaxDecode, "DecodeParms": parameters,
    }  # fmt: skip
    return data[start : start + length], fields


def png_bomb(side: int = 25_000) -> bytes:
    """A small file of very many equal pixels."""
    row = b"\0" + b"\0" * side
    packer = zlib.compressobj(9)
    data = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    return png(struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0), [(b"IDAT", data)])


def png(head: bytes, chunks: list[tuple[bytes, bytes]]) -> bytes:
    parts = [b"\x89PNG\r\n\x1a\n"]
    for name, data in [(b"IHDR", head), *chunks, (b"IEND", b"")]:
        parts.append(struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)))
    return b"".join(parts)


def chain(data: bytes) -> list[int]:
    """Where the directories of a little-endian TIFF stand."""
    found, (offset,) = [], struct.unpack("<I", data[4:8])
    while offset:
        found.append(offset)
        (tags,) = struct.unpack("<H", data[offset : offset + 2])
        (offset,) = struct.unpack("<I", data[offset + 2 + tags * 12 : offset + 6 + tags * 12])
    return found


def relink(data: bytes, number: int, target: int) -> bytes:
    """The TIFF with the directory `number` (0 first) followed by the one at `target`."""
    offset = chain(data)[number]
    (tags,) = struct.unpack("<H", data[offset : offset + 2])
    place = offset + 2 + tags * 12
    return data[:place] + struct.pack("<I", target) + data[place + 4 :]
