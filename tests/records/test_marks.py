"""Our sheets are known by their marks, and nothing else is."""

from __future__ import annotations

import numpy as np
import pytest
import zxingcpp
from PIL import Image, ImageDraw, ImageFilter

from records import ink, marks
from tests.records import pictures as draw
from tests.records import printed

(SHEET,) = printed.scans("header", {"batch": "ABCDEFGH"})


def found(page: Image.Image, dpi: int = printed.DPI) -> bool:
    return marks.found(ink.of(page.convert("L"), dpi))


def noisy(page: Image.Image) -> Image.Image:
    noise = np.random.default_rng(1).normal(0, 25, page.size[::-1])
    return Image.fromarray(np.clip(np.asarray(page) * 0.85 + noise, 0, 255).astype(np.uint8))


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
@pytest.mark.parametrize("angle", [-8, -2, 0, 3, 8])
def test_a_sheet_is_known_in_any_place(turn: int, angle: int) -> None:
    page = SHEET.rotate(turn, expand=True).rotate(angle, Image.Resampling.BICUBIC, fillcolor=255)
    assert found(page)


def test_a_spoilt_sheet_is_still_known() -> None:
    assert found(printed.spoilt(SHEET))
    assert found(noisy(printed.spoilt(SHEET)))
    assert found(SHEET.filter(ImageFilter.GaussianBlur(2)))
    assert found(SHEET.convert("1"))
    half = Image.new("L", SHEET.size, 255)
    half.paste(SHEET.crop((0, 0, SHEET.width, SHEET.height // 2)))
    assert found(half)


@pytest.mark.parametrize("dpi", [75, 200, 300])
def test_a_sheet_is_known_at_any_resolution(dpi: int) -> None:
    (page,) = printed.scans("header", {"batch": "ABCDEFGH"}, dpi=dpi)
    assert found(page, dpi)
    assert found(page, 0)


def test_pages_are_none() -> None:
    assert not found(draw.text_page(900, size=(1240, 1754)))
    assert not found(Image.new("L", (1240, 1754), 255))
    page = draw.text_page(100, size=(1240, 1754))
    code = zxingcpp.create_barcode("https://hospital.example/" + "x" * 60, zxingcpp.BarcodeFormat.QRCode)
    picture = Image.fromarray(zxingcpp.write_barcode_to_image(code, scale=12))
    page.paste(picture, (300, 600))
    assert not found(page)
    form = Image.new("L", (1240, 1754), 255)
    for y in range(100, 1600, 150):
        for x in range(100, 1100, 150):
            ImageDraw.Draw(form).rectangle((x, y, x + 107, y + 107), outline=0, width=3)
            ImageDraw.Draw(form).rectangle((x + 45, y + 45, x + 60, y + 60), fill=0)
    assert not found(form)
