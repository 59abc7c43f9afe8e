"""What is done to a page's picture before Tesseract reads it. Never kept: only the text is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import cos, radians, sin
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

WAYS = ("median", "background", "deskew")
"""What a station may have done: specks removed, shade divided out, lines made level."""
USUAL = ("deskew",)
LEVEL = 0.4
"""Degrees that Tesseract does not mind."""
STEEPEST = 20.0
MOST_PIXELS = 40_000_000
"""More than A3 at 300 dpi only costs time."""
BEST_DPI = 300
SHADE = 16
"""The paper's shade is taken from a picture so many times smaller."""


@dataclass(frozen=True, slots=True)
class Turn:
    """By how many degrees the page was turned back, and the size in pixels that was read."""

    degrees: float
    size: tuple[int, int]

    def back(self, box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
        """A box in pixels of what was read, in parts of the page as it lies."""
        (width, height), (x, y, w, h) = self.size, box
        right, down = x + w / 2 - width / 2, y + h / 2 - height / 2
        turn = radians(self.degrees)
        middle_x = width / 2 + right * cos(turn) - down * sin(turn)
        middle_y = height / 2 + right * sin(turn) + down * cos(turn)
        left, top = _part(middle_x - w / 2, width), _part(middle_y - h / 2, height)
        return left, top, min(round(w / width, 4), round(1 - left, 4)), min(round(h / height, 4), round(1 - top, 4))


def prepared(page: Image.Image, options: Mapping[str, Any], skew: float, dpi: int) -> tuple[Image.Image, Turn]:
    """A grey picture to be read, and how it was turned. skew: degrees by which the page lies turned clockwise."""
    ways = options.get("preprocessing", USUAL)
    grey = _reduced(page.convert("L"), dpi)
    if "median" in ways:
        grey = grey.filter(ImageFilter.MedianFilter(3))
    if "background" in ways:
        grey = _without_shade(grey)
    turned = "deskew" in ways and LEVEL < abs(skew) <= STEEPEST
    if turned:
        grey = grey.rotate(skew, Image.Resampling.BICUBIC, fillcolor=255)
    return grey, Turn(skew if turned else 0.0, grey.size)


def _reduced(grey: Image.Image, dpi: int) -> Image.Image:
    """Letters of 600 dpi are not read better than of 300, but four times slower."""
    scale = min(1.0, (MOST_PIXELS / (grey.width * grey.height)) ** 0.5, BEST_DPI / dpi if dpi > 1.4 * BEST_DPI else 1.0)
    if scale == 1.0:
        return grey
    size = (max(1, round(grey.width * scale)), max(1, round(grey.height * scale)))
    return grey.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)


def _without_shade(grey: Image.Image) -> Image.Image:
    small = grey.reduce(min(SHADE, *grey.size)).filter(ImageFilter.MaxFilter(5)).filter(ImageFilter.GaussianBlur(4))
    shade = np.asarray(small.resize(grey.size, Image.Resampling.BILINEAR), np.float32)
    flat = np.asarray(grey, np.float32) * (255.0 / np.maximum(shade, 32.0))
    return Image.fromarray(np.clip(flat, 0, 255).astype(np.uint8))


def _part(place: float, whole: int) -> float:
    return min(max(round(place / whole, 4), 0.0), 1.0)
