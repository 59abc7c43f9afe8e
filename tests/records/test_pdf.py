"""A document's PDF: pages drawn as their recipes say, of the right size, and text where it stands."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from PIL import Image

from engine.message import Refused
from records import images, pdf
from tests.records.pdf_pages import corner, drawn, master, page

OPTIONS = {"title": "consent", "created": 1_790_000_000_000}


def made(tmp_path: Path, *pages: dict[str, Any]) -> Path:
    target = tmp_path / "out.pdf"
    answer = pdf.make(pages, str(target), OPTIONS)
    assert answer == {"pages": len(pages), "size": target.stat().st_size}
    return target


@pytest.mark.parametrize(
    ("rotate", "size", "corners"),
    [
        (0, (120, 80), ["tl", "tr", "bl", "br"]),
        (90, (80, 120), ["bl", "tl", "br", "tr"]),
        (180, (120, 80), ["br", "bl", "tr", "tl"]),
        (270, (80, 120), ["tr", "br", "tl", "bl"]),
    ],
)
def test_a_page_is_turned_clockwise(tmp_path: Path, rotate: int, size: tuple[int, int], corners: list[str]) -> None:
    image = drawn(made(tmp_path, page(master(tmp_path), recipe={"rotate": rotate})))
    assert image.size == size
    assert [corner(image, where) for where in ("tl", "tr", "bl", "br")] == corners


def test_a_crop_is_of_the_rotated_page(tmp_path: Path) -> None:
    image = drawn(made(tmp_path, page(master(tmp_path), recipe={"rotate": 90, "crop": [0, 0, 0.5, 0.5]})))
    assert image.size == (40, 60)
    assert [corner(image, where) for where in ("tl", "tr", "bl", "br")] == ["bl", "", "", ""]


def test_a_page_that_lies_turned_is_straightened(tmp_path: Path) -> None:
    straight = Image.new("RGB", (200, 200), "white")
    straight.paste((0, 0, 0), (20, 95, 180, 105))
    lying = straight.rotate(-10, fillcolor="white", resample=Image.Resampling.BICUBIC)  # clockwise
    lying.save(tmp_path / "a.png")
    image = drawn(made(tmp_path, page(tmp_path / "a.png", recipe={"deskew": 10})))
    assert image.getpixel((30, 100))[0] < 100
    assert image.getpixel((170, 100))[0] < 100
    assert image.getpixel((30, 120))[0] > 200


def test_contrast_is_of_the_turned_page(tmp_path: Path) -> None:
    recipe = {"rotate": 90, "contrast": 60, "crop": [0, 0, 1, 0.5]}
    image = drawn(made(tmp_path, page(master(tmp_path, size=(240, 160)), recipe=recipe)))
    assert image.size == (160, 120)
    assert image.getpixel((80, 110)) == (255, 255, 255)
    assert image.getpixel((10, 10))[2] > 2 * image.getpixel((10, 10))[0]  # the master's lower left corner is blue


def test_a_page_has_the_size_of_its_paper(tmp_path: Path) -> None:
    path = master(tmp_path, size=(248, 351))
    target = made(tmp_path, page(path, dpi=30), page(path, dpi=0))
    with pikepdf.open(target) as document:
        boxes = [[float(side) for side in one.MediaBox] for one in document.pages]
    assert [[round(side) for side in box[2:]] for box in boxes] == [[595, 842], [595, 842]]


@pytest.mark.parametrize("turned", range(1, 9))
@pytest.mark.parametrize("name", ["page.jpg", "page.png", "page.tif"])
def test_a_picture_is_upright_as_its_camera_says(tmp_path: Path, turned: int, name: str) -> None:
    with Image.open(master(tmp_path)) as image:
        exif = image.getexif()
        exif[0x0112] = turned
        image.save(tmp_path / name, exif=exif)
    with images.read(tmp_path / name) as image:
        wanted = images.upright(image).convert("RGB")
    one = page(tmp_path / name, width=wanted.width, height=wanted.height)
    shown = drawn(made(tmp_path, one))
    assert shown.size == wanted.size
    for where in ("tl", "tr", "bl", "br"):
        assert corner(shown, where) == corner(wanted, where) != ""


def test_a_jpeg_is_inside_as_it_came(tmp_path: Path) -> None:
    path = master(tmp_path, "page.jpg")
    target = made(tmp_path, page(path, recipe={"rotate": 270, "deskew": 1.5}))
    assert path.read_bytes() in target.read_bytes()


WORDS: list[list[Any]] = [
    [0.1, 0.1, 0.3, 0.05, 90, "Consentimiento"],
    [0.45, 0.1, 0.2, 0.05, 90, "señora"],
    [0.1, 0.5, 0.3, 0.1, 80, "知情同意书"],
]


def test_the_text_stands_where_it_is_read(tmp_path: Path) -> None:
    target = made(tmp_path, page(master(tmp_path, size=(600, 800)), WORDS, bookmark="一 & two"))
    told = subprocess.run(["pdftotext", "-bbox", target, "-"], capture_output=True, check=True, text=True).stdout
    found = re.findall(r'<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">([^<]+)<', told)
    assert [word[4] for word in found] == ["Consentimiento", "señora", "知情同意书"]
    for (*box, _), word in zip(found, WORDS, strict=True):
        x, y, wide, high = word[:4]
        wanted = (x * 600, y * 800, (x + wide) * 600, (y + high) * 800)
        assert [float(side) for side in box] == pytest.approx(wanted, abs=1.5)
    checked = subprocess.run(["qpdf", "--check", target], capture_output=True, check=False, text=True)
    assert checked.returncode == 0, checked.stderr + checked.stdout
    with pikepdf.open(target) as document, document.open_outline() as outline:
        assert [item.title for item in outline.root] == ["一 & two"]


def test_the_text_is_not_seen(tmp_path: Path) -> None:
    path = master(tmp_path, size=(600, 800))
    with_words, without = drawn(made(tmp_path, page(path, WORDS))), drawn(made(tmp_path, page(path)))
    assert with_words.tobytes() == without.tobytes()


def test_the_same_pages_are_the_same_bytes(tmp_path: Path) -> None:
    one = page(master(tmp_path), WORDS)
    assert made(tmp_path, one).read_bytes() == made(tmp_path, one).read_bytes()


def test_a_pdf_has_pages_but_not_too_many(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="WB-8302"):
        made(tmp_path)
    with pytest.raises(Refused, match="WB-8302"):
        made(tmp_path, *[page(master(tmp_path))] * 5001)


MANY = """
import resource, sys
from records import images, pdf
one = {"path": sys.argv[1], "width": 1240, "height": 1754, "dpi": 150, "recipe": {}}
pdf.make([one], sys.argv[2], {})
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
pdf.make([one] * 300, sys.argv[2], {})
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_many_pages_need_the_memory_of_one(tmp_path: Path) -> None:
    Image.effect_noise((1240, 1754), 60).save(tmp_path / "a.jpg")
    assert (tmp_path / "a.jpg").stat().st_size > 300_000
    script = [sys.executable, "-c", MANY, str(tmp_path / "a.jpg"), str(tmp_path / "out.pdf")]
    grown = subprocess.run(script, capture_output=True, check=True, text=True).stdout
    assert int(grown) < 30_000  # KiB
    assert (tmp_path / "out.pdf").stat().st_size > 90_000_000
