"""How a page is shown: what a person did to it, as numbers beside the master, which never changes.

The parts are done in this order: `rotate` by quarter turns clockwise; `deskew`, the degrees by which the page lies
turned clockwise and which are taken out; `crop` of `[x, y, width, height]` in parts of the page that this gives;
`contrast`, 0 to 100, which takes out the paper's shade and stretches what is left.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any

from engine.message import Refused

REFUSED = "WB-8011"  # a recipe that no page can be shown by

PARTS = ("rotate", "crop", "deskew", "contrast")
STEEPEST = 20.0
"""Degrees: a page that is turned more lies wrong in the feeder."""
SMALLEST = 0.02
"""Part of a side: a smaller crop is a slip of the hand."""


def clean(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe without what does nothing; `Refused` for parts that mean nothing."""
    if not set(recipe) <= set(PARTS):
        raise Refused(REFUSED, "a recipe has rotate, crop, deskew and contrast")
    rotate = _number(recipe.get("rotate"), "rotate")
    if rotate % 90:
        raise Refused(REFUSED, "a page is rotated by quarter turns")
    deskew = round(_number(recipe.get("deskew"), "deskew"), 2)
    if abs(deskew) > STEEPEST:
        raise Refused(REFUSED, f"a page is straightened by {STEEPEST:g} degrees at most")
    contrast = round(_number(recipe.get("contrast"), "contrast"))
    if not 0 <= contrast <= 100:
        raise Refused(REFUSED, "contrast is from 0 to 100")
    parts = {"rotate": int(rotate) % 360, "crop": _crop(recipe.get("crop")), "deskew": deskew, "contrast": contrast}
    return {name: value for name, value in parts.items() if value}


def key(recipe: Mapping[str, Any]) -> str:
    """16 hex digits by which pictures of this recipe are kept; empty for the master as it is."""
    used = clean(recipe)
    if not used:
        return ""
    return hashlib.sha256(json.dumps(used, sort_keys=True).encode()).hexdigest()[:16]


def turned(recipe: Mapping[str, Any], width: int, height: int) -> tuple[int, int]:
    """Width and height of the page that a master of this size gives."""
    used = clean(recipe)
    if used.get("rotate", 0) % 180:
        width, height = height, width
    _, _, across, down = used.get("crop") or (0.0, 0.0, 1.0, 1.0)
    return max(1, round(width * across)), max(1, round(height * down))


def _crop(given: Any) -> list[float] | None:
    if not given:
        return None
    if not isinstance(given, list | tuple) or len(given) != 4:
        raise Refused(REFUSED, "a crop is left, top, width and height")
    x, y, width, height = (_number(value, "crop") for value in given)
    left, top = min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0)
    right, bottom = min(max(x + width, 0.0), 1.0), min(max(y + height, 0.0), 1.0)
    if right - left < SMALLEST or bottom - top < SMALLEST:
        raise Refused(REFUSED, "a crop leaves too little of the page")
    box = [round(left, 4), round(top, 4), round(right - left, 4), round(bottom - top, 4)]
    return None if box == [0.0, 0.0, 1.0, 1.0] else box


def _number(value: Any, part: str) -> float:
    if value is None:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Refused(REFUSED, f"{part} is no number")
    return float(value)
