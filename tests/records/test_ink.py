"""Ink is told from paper, shade and dirt."""

from __future__ import annotations

import random

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageDraw

from records import ink
from tests.records import pictures as draw

DPI = 75


def of(picture: Image.Image) -> ink.Ink:
    return ink.of(picture.convert("L"), DPI)


def paper(shade: int = 245) -> Image.Image:
    """Empty paper with the noise of a scanner and a shade that grows to one side."""
    noise = np.random.default_rng(1).normal(0, 5, draw.SIZE[::-1])
    fall = np.linspace(0, 30, draw.SIZE[0])[None, :]
    return Image.fromarray(np.clip(shade - fall + noise, 0, 255).astype(np.uint8))


def drawn(*boxes: tuple[int, int, int, int], shape: str = "rectangle", fill: int = 20) -> Image.Image:
    page = paper()
    for box in boxes:
        getattr(ImageDraw.Draw(page), shape)(box, fill=fill)
    return page


def dirt() -> Image.Image:
    rng = random.Random(1)
    places = [(rng.randint(20, 590), rng.randint(20, 850)) for _ in range(40)]
    return drawn(*[(x, y, x + 1, y) for x, y in places])


def behind() -> Image.Image:
    """Text of the other side, shining through."""
    through = draw.text_page().point(lambda value: 255 - (255 - value) // 8)
    return ImageChops.multiply(paper(), through)


@pytest.mark.parametrize(
    "page",
    [
        paper(), paper(170), dirt(), behind(),
        drawn((300, 0, 301, 876)),  # a streak of the glass
        drawn((20, 250, 38, 268), (20, 550, 38, 568), shape="ellipse"),  # two holes
        drawn((0, 0, 8, 876)),  # the shadow of the edge
        drawn((300, 840, 306, 850), (312, 840, 318, 850)),  # a page's number
    ],
)  # fmt: skip
def test_blank_pages(page: Image.Image) -> None:
    assert ink.is_blank(of(page))


@pytest.mark.parametrize(
    "page",
    [
        draw.text_page(), draw.text_page(8), ImageChops.multiply(paper(170), draw.text_page(12)),
        draw.text_page(20).point(lambda value: 190 + (value - 190) // 6 if value < 190 else value),  # pencil
        drawn((100, 400, 260, 410)),  # a stroke of a pen
        drawn((200, 300, 320, 420)),  # a stamp
    ],
)  # fmt: skip
def test_pages_with_something_on_them(page: Image.Image) -> None:
    assert not ink.is_blank(of(page))


def test_dark_pages() -> None:
    assert ink.is_dark(of(paper(110)))
    assert ink.is_dark(of(drawn((50, 50, 600, 600))))
    assert not ink.is_dark(of(draw.text_page()))
    assert not ink.is_dark(of(paper(200)))


def test_lines_that_run_over_the_edge() -> None:
    page = draw.text_page()
    for box in ((90, 0, 620, 877), (0, 0, 400, 877)):
        cut = Image.new("L", draw.SIZE, 250)
        cut.paste(page.crop(box), (0 if box[0] else draw.SIZE[0] - box[2], 0))
        assert ink.is_cut(of(cut))
    assert not ink.is_cut(of(page))
    assert not ink.is_cut(of(drawn((0, 0, 3, 876))))
    assert not ink.is_cut(of(paper()))


def test_resolution_is_guessed_from_a4() -> None:
    assert ink.resolution(2480, 3508, 0) == 300
    assert ink.resolution(3508, 2480, 0) == 300
    assert ink.resolution(1, 1, 0) == 1
    assert ink.resolution(1, 1, 150) == 150
    assert ink.reduced(Image.new("L", (2480, 3508)), 300).size == (620, 877)


@pytest.mark.parametrize("size", [(1, 1), (3, 900), (900, 2), (17, 33)])
def test_any_size_is_looked_at(size: tuple[int, int]) -> None:
    found = ink.of(Image.new("L", size, 255), 300)
    assert ink.is_blank(found)
    assert not ink.is_cut(found)


@pytest.mark.parametrize("part", [0.1, 0.5, 0.8, 0.9, 1.0])
def test_the_shade_at_a_part_is_that_of_sorted_dots(part: float) -> None:
    dots = np.random.default_rng(3).integers(0, 256, (40, 50)).astype(np.uint8)
    assert ink.shade_at(dots, part) == np.percentile(dots, 100 * part, method="inverted_cdf")
