"""Pictures before they are read, and the way back of boxes."""

from __future__ import annotations

import pytest
from PIL import Image, ImageDraw, ImageStat

from records.preprocess import MOST_PIXELS, Turn, prepared


def darkest(image: Image.Image) -> tuple[float, float]:
    """The middle of what is dark, in parts."""
    box = image.convert("L").point(lambda value: 255 if value < 90 else 0).getbbox()
    assert box is not None
    return (box[0] + box[2]) / 2 / image.width, (box[1] + box[3]) / 2 / image.height


def sheet(mark: tuple[int, int], size: tuple[int, int] = (400, 600)) -> Image.Image:
    made = Image.new("L", size, 250)
    x, y = mark
    ImageDraw.Draw(made).rectangle((x - 6, y - 6, x + 6, y + 6), fill=0)
    return made


@pytest.mark.parametrize("mark", [(60, 80), (340, 90), (200, 520), (40, 300)])
@pytest.mark.parametrize("skew", [-4.0, 3.0])
def test_a_box_goes_back_to_where_it_lies(mark: tuple[int, int], skew: float) -> None:
    page = sheet(mark)
    read, turn = prepared(page, {}, skew, 300)
    assert turn.degrees == skew
    x, y = darkest(read)
    box = turn.back((x * read.width - 6, y * read.height - 6, 12, 12))
    assert box[0] + box[2] / 2 == pytest.approx(mark[0] / 400, abs=0.012)
    assert box[1] + box[3] / 2 == pytest.approx(mark[1] / 600, abs=0.012)


def test_what_is_level_or_upside_down_is_not_turned() -> None:
    cases: list[tuple[float, dict[str, list[str]]]] = [(0.2, {}), (45.0, {}), (3.0, {"preprocessing": []})]
    for skew, options in cases:
        assert prepared(sheet((50, 50)), options, skew, 300)[1].degrees == 0.0


def test_shade_is_divided_out() -> None:
    shaded = Image.linear_gradient("L").resize((300, 300)).point(lambda value: 120 + value // 3)
    flat, _ = prepared(shaded, {"preprocessing": ["background"]}, 0, 300)
    assert ImageStat.Stat(flat).stddev[0] < ImageStat.Stat(shaded).stddev[0] / 2
    assert ImageStat.Stat(flat).mean[0] > 240


def test_specks_are_removed() -> None:
    page = Image.new("L", (50, 50), 255)
    page.putpixel((20, 20), 0)
    clean, _ = prepared(page, {"preprocessing": ["median"]}, 0, 300)
    assert ImageStat.Stat(clean).extrema[0][0] == 255


def test_too_many_dots_are_made_fewer() -> None:
    assert prepared(Image.new("L", (1200, 1200), 255), {}, 0, 600)[1].size == (600, 600)
    assert prepared(Image.new("L", (1200, 1200), 255), {}, 0, 400)[1].size == (1200, 1200)
    wide = prepared(Image.new("1", (12_000, 8_000), 1), {}, 0, 0)[1].size
    assert wide[0] * wide[1] <= MOST_PIXELS + 20_000


def test_a_box_stays_in_the_page() -> None:
    x, y, width, height = Turn(0.0, (100, 100)).back((-5, 95, 30, 20))
    assert (x, y) == (0.0, 0.95)
    assert x + width <= 1
    assert y + height <= 1
