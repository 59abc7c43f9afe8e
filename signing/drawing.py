"""A second look at rule 7, by another PDF library: every page drawn from both files, equal outside the seal."""

from __future__ import annotations

import ctypes
from typing import Any

from engine.message import Finding, Refused
from engine.transform.pdf import MAX_PIXELS, Box, opened
from signing.gate import CONTENT, LIMIT, UNREADABLE

SCALE = 1.0
"""Pixels a point: a changed letter of body text changes several."""
MARGIN = 3
"""Pixels around the seal in which its edge may be smoothed."""


def check_drawing(sent: bytes, returned: bytes, seal: Box | None) -> list[Finding]:
    """Draw each page of both files and compare; seal: the rectangle in which they may differ."""
    try:
        with opened(sent) as before, opened(returned) as after:
            if len(before) != len(after):
                return [Finding(CONTENT, "/Pages", "another number of pages is shown")]
            for index in range(len(before)):
                finding = _compare(before[index], after[index], seal if seal and seal.page == index + 1 else None)
                if finding:
                    return [Finding(finding.code, f"page {index + 1}", finding.rule)]
    except Refused as refused:
        return [Finding(UNREADABLE, "", refused.reason)]
    return []


def _compare(before: Any, after: Any, seal: Box | None) -> Finding | None:
    from PIL import ImageChops

    if before.get_size() != after.get_size() or before.get_rotation() != after.get_rotation():
        return Finding(CONTENT, "", "the page has another size")
    width, height = before.get_size()
    if width * height * SCALE * SCALE > MAX_PIXELS:
        return Finding(LIMIT, "", "the page is too large to be drawn")
    one, two = (page.render(scale=SCALE, grayscale=True).to_pil() for page in (before, after))
    difference = ImageChops.difference(one, two)
    if seal is not None:
        difference.paste(0, _pixels(after, seal, difference.size))
    return Finding(CONTENT, "", "it shows something else outside the seal") if difference.getbbox() else None


def _pixels(page: Any, seal: Box, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """The seal's rectangle in pixels of the drawn page, with its margin: rotation and crop box are the page's."""
    from pypdfium2 import raw

    corners = []
    for x, y in ((seal.left, seal.bottom), (seal.right, seal.top)):
        px, py = ctypes.c_int(), ctypes.c_int()
        raw.FPDF_PageToDevice(page.raw, 0, 0, *size, 0, x, y, ctypes.byref(px), ctypes.byref(py))
        corners.append((px.value, py.value))
    (x1, y1), (x2, y2) = corners
    left, top, right, bottom = min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)
    return max(0, left - MARGIN), max(0, top - MARGIN), min(size[0], right + MARGIN), min(size[1], bottom + MARGIN)
