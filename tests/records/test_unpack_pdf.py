"""PDF: pictures come out as their own bytes; other pages are drawn; hostile files end in time."""

from __future__ import annotations

import io
import time
import zlib
from pathlib import Path

import pikepdf
import pytest
from PIL import Image, ImageChops

from engine.message import Refused
from records import unpack_pdf
from records.unpack_page import Made, Unreadable
from tests.records import pictures as draw


def taken(data: bytes, folder: Path, first: int = 1, most: int = 100, limit: int = 5000):
    path = draw.write(folder, "source.pdf", data)
    out = folder / "out"
    out.mkdir(exist_ok=True)
    return unpack_pdf.take(path, out, first, most, limit)


def only(data: bytes, folder: Path) -> Made:
    total, (made,) = taken(data, folder)
    assert total == 1
    assert isinstance(made, Made), made
    return made


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_jpeg_comes_out_unchanged(tmp_path: Path, mode: str) -> None:
    page = draw.text_page(mode=mode)
    data = draw.bytes_of(page, "JPEG")
    made = only(draw.pdf_of([(data, draw.jpeg_fields(page))]), tmp_path)
    assert Path(made.file).read_bytes() == data
    assert (made.media_type, made.lossless, made.dpi, made.rotate) == ("image/jpeg", True, 75, 0)


def test_group_4_stays_group_4(tmp_path: Path) -> None:
    page = draw.text_page(mode="1")
    made = only(draw.pdf_of([draw.group4(page)]), tmp_path)
    assert made.lossless
    with Image.open(made.file) as copy:
        assert copy.info["compression"] == "group4"
        assert ImageChops.difference(copy.convert("L"), page.convert("L")).getbbox() is None


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_packed_pixels_become_png(tmp_path: Path, mode: str) -> None:
    page = draw.text_page(mode=mode)
    made = only(draw.pdf_of([draw.flate(page)]), tmp_path)
    assert (made.media_type, made.lossless, made.dpi) == ("image/png", True, 75)
    with Image.open(made.file) as copy:
        assert copy.mode == mode
        assert copy.tobytes() == page.tobytes()


def test_text_that_is_not_shown_does_not_count(tmp_path: Path) -> None:
    page = draw.text_page()
    one = [(draw.bytes_of(page, "JPEG"), draw.jpeg_fields(page))]
    assert only(draw.pdf_of(one, content=b"BT 3 Tr /F1 9 Tf (hidden) Tj ET"), tmp_path).lossless
    assert not only(draw.pdf_of(one, content=b"BT /F1 9 Tf (shown) Tj ET"), tmp_path).lossless


@pytest.mark.parametrize("content", [b"0 0 m 9 9 l S", b"q 9 0 0 9 0 0 cm /Im0 Do Q", b"BI /W 1 /H 1 ID x EI"])
def test_a_page_with_more_than_its_picture_is_drawn(tmp_path: Path, content: bytes) -> None:
    page = draw.text_page()
    made = only(draw.pdf_of([(draw.bytes_of(page, "JPEG"), draw.jpeg_fields(page))], content=content), tmp_path)
    assert (made.media_type, made.lossless, made.dpi) == ("image/png", False, 300)
    assert (made.width, made.height) == (2480, 3509)


def test_a_picture_with_a_mask_or_inks_is_drawn(tmp_path: Path) -> None:
    page = draw.text_page()
    data = draw.bytes_of(page, "JPEG")
    turned = draw.jpeg_fields(page) | {"Decode": pikepdf.Array([1, 0])}
    inks = draw.bytes_of(page.convert("CMYK"), "JPEG")
    fields = draw.jpeg_fields(page) | {"ColorSpace": pikepdf.Name.DeviceCMYK}
    for one in ((data, turned), (inks, fields)):
        assert not only(draw.pdf_of([one]), tmp_path).lossless


def test_a_turned_page_says_so(tmp_path: Path) -> None:
    page = draw.text_page()
    with pikepdf.open(io.BytesIO(draw.pdf_of([(draw.bytes_of(page, "JPEG"), draw.jpeg_fields(page))]))) as pdf:
        pdf.pages[0].obj.Rotate = 90
        made = only(draw.saved(pdf), tmp_path)
    assert (made.rotate, made.lossless, made.width) == (90, True, 620)


def test_a_mixed_file_keeps_what_can_be_kept(tmp_path: Path) -> None:
    page = draw.text_page()
    data = draw.pdf_of([(draw.bytes_of(page, "JPEG"), draw.jpeg_fields(page)), draw.group4(page), draw.flate(page)])
    with pikepdf.open(io.BytesIO(data)) as pdf:
        pdf.add_blank_page(page_size=(300, 300))
        total, results = taken(draw.saved(pdf), tmp_path)
    assert total == 4
    assert [one.media_type for one in results] == ["image/jpeg", "image/tiff", "image/png", "image/png"]
    assert [one.number for one in taken(data, tmp_path, first=2, most=1)[1]] == [2]


def test_a_damaged_picture_fails_alone(tmp_path: Path) -> None:
    page = draw.text_page()
    good = (draw.bytes_of(page, "JPEG"), draw.jpeg_fields(page))
    total, results = taken(draw.pdf_of([good, (b"no jpeg", draw.jpeg_fields(page)), good]), tmp_path)
    assert total == 3
    assert [type(one) for one in results] == [Made, Unreadable, Made]


def test_too_many_pages_are_refused_at_once(tmp_path: Path) -> None:
    pdf = pikepdf.new()
    for _ in range(10_000):
        pdf.add_blank_page(page_size=(200, 200))
    data, began = draw.saved(pdf), time.monotonic()
    with pytest.raises(Refused, match="WB-8023"):
        taken(data, tmp_path)
    assert time.monotonic() - began < 20


def test_a_locked_pdf_is_refused(tmp_path: Path) -> None:
    pdf = pikepdf.new()
    pdf.add_blank_page()
    data = draw.saved(pdf, encryption=pikepdf.Encryption(owner="o", user="u"))
    with pytest.raises(Refused, match="WB-8024"):
        taken(data, tmp_path)


def test_a_cover_of_other_files_is_refused(tmp_path: Path) -> None:
    pdf = pikepdf.new()
    pdf.add_blank_page()
    pdf.attachments["inner.pdf"] = draw.saved(pdf)
    assert only(draw.saved(pdf), tmp_path).number == 1
    pdf.Root.Collection = pikepdf.Dictionary(View=pikepdf.Name.D)
    with pytest.raises(Refused, match="WB-8025"):
        taken(draw.saved(pdf), tmp_path)


def test_a_picture_that_unpacks_to_more_than_it_says_is_refused(tmp_path: Path) -> None:
    page = draw.text_page(size=(100, 100))
    bomb = zlib.compress(b"\0" * 60_000_000, 9)
    _, fields = draw.flate(page)
    total, (result,) = taken(draw.pdf_of([(bomb, fields)]), tmp_path)
    assert total == 1
    assert isinstance(result, Unreadable)
    assert result.code == "WB-8022"


def test_a_page_of_enormous_size_is_drawn_small_or_refused(tmp_path: Path) -> None:
    pdf = pikepdf.new()
    pdf.add_blank_page(page_size=(14_400, 14_400))
    _, (result,) = taken(draw.saved(pdf), tmp_path)
    assert isinstance(result, Unreadable) or result.width * result.height <= 120_000_000


def test_forms_within_forms_end(tmp_path: Path) -> None:
    pdf = pikepdf.new()
    inner = pdf.make_stream(b"0 0 9 9 re f", Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Form, BBox=[0, 0, 99, 99])
    for _ in range(6):
        inner = pdf.make_stream(
            b"/X Do " * 3, Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Form, BBox=[0, 0, 99, 99],
            Resources=pikepdf.Dictionary(XObject=pikepdf.Dictionary(X=inner)),
        )  # fmt: skip
    page = pdf.add_blank_page(page_size=(99, 99))
    page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(X=inner))
    page.obj.Contents = pdf.make_stream(b"/X Do")
    assert not only(draw.saved(pdf), tmp_path).lossless
