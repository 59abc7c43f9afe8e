"""A page's angle is measured, clockwise positive."""

from __future__ import annotations

import pytest
from PIL import Image

from records import ink, skew
from tests.records import pictures as draw


def measured(page: Image.Image, dpi: int = 75) -> float:
    return skew.measure(ink.of(page.convert("L"), dpi))


@pytest.mark.parametrize("angle", [-8.0, -3.2, -0.8, 0.0, 0.5, 1.4, 5.0, 9.5])
@pytest.mark.parametrize("turn", [0, 90])
def test_the_angle_of_text(angle: float, turn: int) -> None:
    page = draw.text_page(900, size=(1240, 1754)).rotate(turn, expand=True)
    turned = page.rotate(-angle, Image.Resampling.BICUBIC, fillcolor=250)  # Pillow turns the other way
    assert measured(turned, 150) == pytest.approx(angle, abs=0.2)


def test_what_has_no_lines_has_no_angle() -> None:
    assert measured(Image.new("L", draw.SIZE, 250)) == 0.0
    assert measured(draw.text_page(2)) == 0.0
    noise = Image.effect_noise(draw.SIZE, 120)
    assert measured(noise) == 0.0
