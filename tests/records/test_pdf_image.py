"""Each kind of picture goes into the PDF without losing a pixel; a foreign reader draws it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pikepdf
import pytest
from PIL import Image, ImageChops, ImageDraw

from engine.message import Refused
from records import pdf_image
from records.pdf_writer import Writer


def picture(mode: str) -> Any:
    image = Image.new("RGB", (97, 61), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((5, 5, 40, 20), fill=(200, 30, 30))
    draw.line((0, 60, 96, 0), fill="black", width=3)
    if mode == "P":
        return image.quantize(7)
    return image.convert(mode)


def inside(tmp_path: Path, source: Path) -> tuple[Any, str, bytes]:
    """The image of the PDF as another program decodes it, its filter and bytes."""
    target = tmp_path / "out.pdf"
    with target.open("wb") as out:
        writer = Writer(out)
        placed = pdf_image.place(writer, source)
        pages, page = writer.reserve(), writer.reserve()
        uses = f"/Resources << /XObject << /I {placed.number} 0 R >> >>"
        writer.add(f"<< /Type /Page /Parent {pages} 0 R /MediaBox [0 0 97 61] {uses} >>", page)
        writer.add(f"<< /Type /Pages /Count 1 /Kids [{page} 0 R] >>", pages)
        writer.close(writer.add(f"<< /Type /Catalog /Pages {pages} 0 R >>"), writer.add("<< >>"))
    assert (placed.width, placed.height) == (97, 61)
    with pikepdf.open(target) as pdf:
        stream: Any = pdf.pages[0].Resources.XObject.I
        return pikepdf.PdfImage(stream).as_pil_image().copy(), str(stream.Filter), stream.read_raw_bytes()


def same(one: Any, other: Any) -> bool:
    return ImageChops.difference(one.convert("RGB"), other.convert("RGB")).getbbox() is None


@pytest.mark.parametrize(
    ("mode", "name", "options", "code"),
    [
        ("RGB", "a.jpg", {}, "/DCTDecode"),
        ("L", "a.jpg", {"progressive": True}, "/DCTDecode"),
        ("RGB", "a.png", {}, "/FlateDecode"),
        ("L", "a.png", {}, "/FlateDecode"),
        ("P", "a.png", {}, "/FlateDecode"),
        ("1", "a.png", {}, "/FlateDecode"),
        ("1", "a.tif", {"compression": "group4"}, "/CCITTFaxDecode"),
        ("1", "a.tif", {"compression": "group4", "tiffinfo": {278: 7}}, "/CCITTFaxDecode"),
        ("1", "a.tif", {"compression": "tiff_lzw"}, "/CCITTFaxDecode"),
        ("RGB", "a.tif", {"compression": "tiff_lzw"}, "/FlateDecode"),
        ("CMYK", "a.tif", {}, "/FlateDecode"),
    ],
)
def test_no_pixel_is_lost(tmp_path: Path, mode: str, name: str, options: dict[str, Any], code: str) -> None:
    source = tmp_path / name
    picture(mode).save(source, **options)
    shown, filters, _ = inside(tmp_path, source)
    with Image.open(source) as image:
        assert same(shown, image)
    assert filters == code


def test_a_jpeg_is_not_coded_anew(tmp_path: Path) -> None:
    source = tmp_path / "a.jpg"
    picture("RGB").save(source)
    _, _, data = inside(tmp_path, source)
    assert data == source.read_bytes()


def test_what_was_transparent_is_white(tmp_path: Path) -> None:
    source = tmp_path / "a.png"
    Image.new("RGBA", (97, 61), (0, 0, 0, 0)).save(source)
    shown, _, _ = inside(tmp_path, source)
    assert shown.convert("RGB").getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize("data", [b"text", b"\x89PNG\r\n\x1a\nxxxx"])
def test_what_is_no_picture_is_refused(tmp_path: Path, data: bytes) -> None:
    source = tmp_path / "a.png"
    source.write_bytes(data)
    with pytest.raises(Refused, match="WB-802"):
        inside(tmp_path, source)
