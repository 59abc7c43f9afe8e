"""What is said of a page: size, flags, barcodes with their places, pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zxingcpp
from PIL import Image

from engine.message import Refused
from records import codes, inspect
from simulators.wear import wear
from tests.records import pictures as draw
from tests.records import printed

A4 = (1240, 1754)


def looked(folder: Path, page: Image.Image, own: int = 300, /, **options: Any) -> dict[str, Any]:
    path = draw.write(folder, "page", draw.bytes_of(page, "PNG", dpi=(own, own)))
    return inspect.look(str(path), {"folder": str(folder), "name": "p1", **options})


def with_code(text: str, box: tuple[int, int], form: str = "Code128", scale: int = 3) -> Image.Image:
    page = draw.text_page(300, size=A4)
    made = zxingcpp.create_barcode(text, zxingcpp.barcode_format_from_str(form))
    page.paste(Image.fromarray(zxingcpp.write_barcode_to_image(made, scale=scale)), box)
    return page


@pytest.mark.parametrize("mode", ["L", "RGB", "1"])
def test_a_good_page(tmp_path: Path, mode: str) -> None:
    page = draw.text_page(500, size=A4, mode=mode)
    found = looked(tmp_path, page, 300)
    assert {name: found[name] for name in ("width", "height", "dpi", "flags", "codes", "sheet", "skew")} == {
        "width": 1240, "height": 1754, "dpi": 300, "flags": [], "codes": [], "sheet": False, "skew": 0.0,
    }  # fmt: skip
    assert len(found["look"]) == 16
    for word, longest in (("thumb", 240), ("view", 1600)):
        with Image.open(found[word]) as picture:
            assert max(picture.size) == longest


@pytest.mark.parametrize(
    ("dpi", "flags"), [(100, ["low"]), (150, ["low"]), (199, ["low"]), (200, ["lowdpi"]), (300, []), (0, ["low"])]
)
def test_too_few_dots_are_flagged(tmp_path: Path, dpi: int, flags: list[str]) -> None:
    found = looked(tmp_path, draw.text_page(500, size=A4), dpi or 1)
    assert (found["dpi"], found["flags"]) == (dpi, flags)


def test_what_unpacking_knows_goes_before_the_files_word(tmp_path: Path) -> None:
    found = looked(tmp_path, draw.text_page(500, size=A4), 72, dpi=300, rotate=90)
    assert (found["dpi"], found["width"], found["flags"]) == (300, 1240, [])
    with Image.open(found["view"]) as view:
        assert view.width > view.height


def test_a_blank_a_skewed_and_a_dark_page(tmp_path: Path) -> None:
    blank = looked(tmp_path, Image.new("L", A4, 240))
    assert (blank["flags"], blank["look"], blank["codes"], blank["sheet"]) == (["blank"], "", [], False)
    text = draw.text_page(500, size=A4)
    skewed = looked(tmp_path, text.rotate(-3, Image.Resampling.BICUBIC, fillcolor=250))
    assert skewed["flags"] == ["skewed"]
    assert skewed["skew"] == pytest.approx(3, abs=0.2)
    assert "dark" in looked(tmp_path, text.point(lambda value: value // 3))["flags"]


@pytest.mark.parametrize("form", ["Code128", "QRCode"])
def test_codes_have_a_kind_and_a_place(tmp_path: Path, form: str) -> None:
    text = codes.label("0009000001")
    (found,) = looked(tmp_path, with_code(text, (300, 1200), form))["codes"]
    assert (found["kind"], found["text"]) == ("label", text)
    assert found["format"] == {"Code128": "code128", "QRCode": "qr"}[form]
    x, y, width, height = found["box"]
    assert 300 / 1240 <= x < 360 / 1240
    assert 1200 / 1754 <= y < 1260 / 1754
    assert width > 0
    assert 0 <= height < 0.2


@pytest.mark.parametrize("form", ["EAN13", "DataMatrix", "PDF417", "Aztec"])
def test_other_kinds_of_barcodes_are_not_looked_for(tmp_path: Path, form: str) -> None:
    text = "4006381333931" if form == "EAN13" else "WBP-1-1"
    assert looked(tmp_path, with_code(text, (300, 1200), form))["codes"] == []


def test_a_code_is_read_through_noise(tmp_path: Path) -> None:
    page = np.asarray(with_code(codes.label("0009000001"), (200, 1200), scale=4)).copy()
    rng = np.random.default_rng(1)
    page[rng.random(page.shape) < 0.08] = 0
    page[rng.random(page.shape) < 0.08] = 255
    assert [one["kind"] for one in inspect.barcodes(Image.fromarray(page))] == ["label"]


def test_our_sheets_are_known_with_and_without_their_codes(tmp_path: Path) -> None:
    scan, *_ = printed.scans("separators", {"batch": "ABCDEFGH", "count": 1})
    good = looked(tmp_path, scan, printed.DPI)
    assert good["sheet"]
    assert {one["kind"] for one in good["codes"]} == {"separator"}
    spoilt = looked(tmp_path, printed.spoilt(scan), printed.DPI)
    assert (spoilt["sheet"], spoilt["codes"]) == (True, [])


def test_a_broken_page_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cut.jpg"
    data = draw.bytes_of(draw.text_page(500, size=A4), "JPEG")
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(Refused, match="WB-8021"):
        inspect.look(str(path), {"folder": str(tmp_path), "name": "x"})


@pytest.mark.parametrize("size", [(1, 1), (2, 5), (40, 3)])
def test_tiny_pages_are_pages(tmp_path: Path, size: tuple[int, int]) -> None:
    assert looked(tmp_path, Image.new("L", size, 255))["width"] == size[0]


def test_a_separator_that_is_almost_too_pale_to_see_is_no_blank_page(tmp_path: Path) -> None:
    (scan,) = printed.scans("separators", {"count": 1})
    found = looked(tmp_path, wear(scan, 1, 1.0, ["pale"]), printed.DPI)
    assert {code["kind"] for code in found["codes"]} == {"separator"}
    assert "blank" not in found["flags"]
