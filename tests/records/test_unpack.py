"""Files become page masters: unchanged where they can be, and hostile ones are refused."""

from __future__ import annotations

import resource
import time
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from engine.message import Refused
from records import unpack
from tests.records import pictures as draw


def taken(path: Path, folder: Path, first: int = 1, most: int = 100, limit: int = 5000) -> dict:
    folder.mkdir(exist_ok=True)
    return unpack.pages(str(path), "application/octet-stream", str(folder), first, most, limit)


def answered(path: Path, folder: Path) -> list[str]:
    """The codes of a file's failure, or of its pages."""
    try:
        result = taken(path, folder)
    except Refused as refused:
        return [refused.code]
    assert len(result["made"]) + len(result["failed"]) == result["pages"]
    return [one["code"] for one in result["failed"]]


@pytest.mark.parametrize(("form", "media"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("TIFF", "image/tiff")])
def test_one_picture_stays_as_it_is(tmp_path: Path, form: str, media: str) -> None:
    path = draw.write(tmp_path, "wrong.name", draw.bytes_of(draw.text_page(), form, dpi=(300, 300)))
    result = taken(path, tmp_path / "out")
    assert result == {
        "pages": 1, "media_type": media, "failed": [],
        "made": [
            {
                "number": 1, "file": str(path), "media_type": media, "width": 620, "height": 877, "dpi": 300,
                "lossless": True, "rotate": 0,
            }
        ],
    }  # fmt: skip
    assert taken(path, tmp_path / "out", first=2)["made"] == []
    assert list((tmp_path / "out").iterdir()) == []


def test_a_picture_lying_on_its_side_is_measured_as_it_is_shown(tmp_path: Path) -> None:
    tags = Image.Exif()
    tags[0x0112] = 6
    path = draw.write(tmp_path, "a.jpg", draw.bytes_of(draw.text_page(), "JPEG", exif=tags))
    (made,) = taken(path, tmp_path / "out")["made"]
    assert (made["width"], made["height"]) == (877, 620)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "WB-8020"),
        (b"MZ\x90\0 a program", "WB-8020"),
        (b"PK\x03\x04 an archive", "WB-8020"),
        (b"\xff\xd8\xff\xe0", "WB-8021"),
        (b"\x89PNG\r\n\x1a\n", "WB-8021"),
        (b"II*\0", "WB-8021"),
        (b"II*\0\0\0\0\0", "WB-8023"),
        (b"MM\0*\xff\xff\xff\xff", "WB-8021"),
        (b"%PDF-1.4 and nothing else", "WB-8021"),
    ],
)
def test_what_is_no_page_is_refused_or_failed(tmp_path: Path, data: bytes, code: str) -> None:
    path = draw.write(tmp_path, "a.jpg", data)
    assert answered(path, tmp_path / "out") == [code]


def test_a_bomb_of_pixels_is_refused_without_unpacking_it(tmp_path: Path) -> None:
    path = draw.write(tmp_path, "bomb.png", draw.png_bomb())
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    with pytest.raises(Refused, match="WB-8022"):
        taken(path, tmp_path / "out")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000
    assert time.monotonic() - began < 5


def test_a_bomb_in_a_png_text_is_refused(tmp_path: Path) -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "a" * 5_000_000, zip=True)
    path = draw.write(tmp_path, "bomb.png", draw.bytes_of(draw.text_page(), "PNG", pnginfo=text))
    with pytest.raises(Refused, match="WB-8021"):
        taken(path, tmp_path / "out")


def test_any_cut_of_a_file_is_an_answer(tmp_path: Path) -> None:
    page = draw.text_page(size=(120, 160))
    whole = [
        draw.bytes_of(page, "JPEG"), draw.bytes_of(page, "PNG"), draw.tiff([page.convert("1")] * 3),
        draw.pdf_of([(draw.bytes_of(page, "JPEG"), draw.jpeg_fields(page))] * 2),
    ]  # fmt: skip
    for data in whole:
        for part in range(0, len(data), max(1, len(data) // 40)):
            path = draw.write(tmp_path, "cut", data[:part])
            assert all(code.startswith("WB-802") for code in answered(path, tmp_path / "out"))
