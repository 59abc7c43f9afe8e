"""Pictures are opened within limits, and what breaks is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from engine.message import Refused
from records import images
from tests.records import pictures as draw


def test_kinds_are_known_by_their_bytes(tmp_path: Path) -> None:
    for form, media in (("JPEG", "image/jpeg"), ("PNG", "image/png"), ("TIFF", "image/tiff")):
        assert images.kind(draw.write(tmp_path, "a.pdf", draw.bytes_of(draw.text_page(1), form))) == media
    assert images.kind(draw.write(tmp_path, "a.jpg", b"junk before\n%PDF-1.7")) == "application/pdf"
    for other in (b"GIF89a", b"", b"BM"):
        with pytest.raises(Refused, match="WB-8020"):
            images.kind(draw.write(tmp_path, "a.jpg", other))


@pytest.mark.parametrize("form", ["GIF", "BMP", "WEBP", "PPM"])
def test_other_decoders_are_never_asked(tmp_path: Path, form: str) -> None:
    path = draw.write(tmp_path, "a.png", draw.bytes_of(draw.text_page(1), form))
    with pytest.raises(Refused, match="WB-8021"), images.read(path):
        raise AssertionError


def test_a_page_has_a_size_that_fits() -> None:
    images.check(7016, 9921)
    for size in ((0, 9), (9, -1)):
        with pytest.raises(Refused, match="WB-8021"):
            images.check(*size)
    for size in ((20_000, 20_000), (40_000, 1)):
        with pytest.raises(Refused, match="WB-8022"):
            images.check(*size)


def test_an_error_of_the_disk_is_not_the_pictures(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), images.read(tmp_path / "gone.png"):
        raise AssertionError


def test_a_cut_picture_is_refused_when_its_pixels_are_read(tmp_path: Path) -> None:
    data = draw.bytes_of(draw.text_page(), "JPEG")
    with pytest.raises(Refused, match="WB-8021"), images.read(draw.write(tmp_path, "a", data[: len(data) // 2])) as cut:
        cut.load()


def test_dots_per_inch_that_cannot_be_are_none(tmp_path: Path) -> None:
    for dpi, read in ((300, 300), (1, 0), (9600, 0)):
        path = draw.write(tmp_path, "a", draw.bytes_of(draw.text_page(1), "JPEG", dpi=(dpi, dpi)))
        with images.read(path) as picture:
            assert images.dpi_of(picture) == read
    with images.read(draw.write(tmp_path, "b", draw.bytes_of(draw.text_page(1), "PNG"))) as picture:
        assert images.dpi_of(picture) == 0


def test_a_picture_is_shown_upright(tmp_path: Path) -> None:
    tags = Image.Exif()
    tags[0x0112] = 8
    path = draw.write(tmp_path, "a", draw.bytes_of(draw.text_page(1), "JPEG", exif=tags))
    with images.read(path) as picture:
        assert images.size_of(picture) == images.upright(picture).size == (877, 620)


@pytest.mark.parametrize(
    ("mode", "plain"),
    [("1", "1"), ("L", "L"), ("RGB", "RGB"), ("P", "RGB"), ("LA", "RGB"), ("RGBA", "RGB"), ("I;16", "L")],
)
def test_pages_of_any_mode_become_plain(tmp_path: Path, mode: str, plain: str) -> None:
    source = Image.new("I;16", (50, 60), 60_000) if mode == "I;16" else Image.new("L", (50, 60), 240).convert(mode)
    with images.read(draw.write(tmp_path, "a", draw.bytes_of(source, "PNG"))) as picture:
        page = images.plain(picture)
    assert page.mode == plain
    assert page.size == (50, 60)
    assert page.convert("L").getpixel((5, 5)) in range(230, 256)


def test_what_can_be_seen_through_lies_on_white(tmp_path: Path) -> None:
    path = draw.write(tmp_path, "a", draw.bytes_of(Image.new("RGBA", (9, 9), (0, 0, 0, 0)), "PNG"))
    with images.read(path) as picture:
        assert images.plain(picture).getpixel((4, 4)) == (255, 255, 255)


def test_inks_are_shown_as_colours(tmp_path: Path) -> None:
    path = draw.write(tmp_path, "a", draw.bytes_of(Image.new("CMYK", (9, 9)), "JPEG"))
    with images.read(path) as picture:
        assert images.plain(picture).mode == "RGB"
