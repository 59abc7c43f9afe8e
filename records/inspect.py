"""A page as a scanner left it: its size, what is wrong with it, its barcodes, its look, and pictures for the screen.

`look` is a job of the crew `pictures`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import zxingcpp
from numpy.typing import NDArray
from PIL import Image

from records import codes, images, ink, looks, marks, skew
from records.picture import shown

SKEWED = 0.7
"""Degrees from which a page is flagged."""
LEAST_DPI, GOOD_DPI = 200, 300
LONGEST_TEXT = 200
MOST_CODES = 20
STRIP = 64
"""Rows of a page that are worked on at once."""

_FORMATS = {"QRCode": "qr", "Code128": "code128"}
_WANTED = zxingcpp.barcode_formats_from_str(",".join(_FORMATS))


def look(path: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """What a page is.

    options: `folder` for the pictures, `name` of their files, `dpi` as unpacking found it (0: the file's own word),
    `rotate` as the file wants it shown. Answers `{width, height, dpi, flags, codes, sheet, skew, look, thumb, view}`;
    `sheet`: our marks are on it; `skew` in degrees, clockwise positive; `thumb` and `view`: paths of JPEG files.
    """
    with images.read(Path(path)) as opened:
        dpi = int(options.get("dpi") or 0) or images.dpi_of(opened)
        page = images.plain(opened)
    grey = page if page.mode == "L" else page.convert("L")
    found = ink.of(grey, dpi)
    read = barcodes(grey)
    blank = not read and ink.is_blank(found)  # a separator too pale for us is read all the same
    angle = 0.0 if blank else skew.measure(found)
    return {
        "width": page.width, "height": page.height, "dpi": dpi,
        "flags": flags(found, ink.resolution(*page.size, dpi), angle, blank),
        "codes": read,
        "sheet": not blank and marks.found(found),
        "skew": angle,
        "look": "" if blank else looks.look(found, angle),
        **shown(page, {"rotate": int(options.get("rotate") or 0)}, Path(options["folder"]), str(options["name"])),
    }  # fmt: skip


def flags(found: ink.Ink, dpi: int, angle: float, blank: bool) -> list[str]:
    """What an operator should look at."""
    said = {
        "blank": blank,
        "dark": ink.is_dark(found),
        "skewed": abs(angle) > SKEWED,
        "cut": not blank and ink.is_cut(found),
        "low": dpi < LEAST_DPI,
        "lowdpi": LEAST_DPI <= dpi < GOOD_DPI,
    }
    return [name for name, is_so in said.items() if is_so]


def barcodes(grey: Image.Image) -> list[dict[str, Any]]:
    """QR and Code 128 of a page: `{format, kind, text, box}`, the box in parts of the page, topmost first.

    Read twice: as it is (small codes), and after a median and half size, and smaller (noise).
    """
    pixels = np.asarray(grey)
    seen: dict[tuple[str, str], dict[str, Any]] = {}
    for view, smaller in ((pixels, False), (halved(pixels), True)):
        for code in zxingcpp.read_barcodes(view, formats=_WANTED, try_invert=False, try_downscale=smaller):
            one = _code(code, view.shape[1], view.shape[0])
            seen.setdefault((one["format"], one["text"]), one)
    return sorted(seen.values(), key=lambda one: (one["box"][1], one["box"][0]))[:MOST_CODES]


def halved(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Half as large, after a median of three by three (of the rows, then of the columns: near enough, and fast)."""
    height, width = pixels.shape[0] - 2, pixels.shape[1] - 2
    if min(height, width) < 2:
        return pixels
    middle = np.empty((height, width), np.uint8)
    for top in range(0, height, STRIP):  # strips stay in the processor's cache
        strip = pixels[top : top + STRIP + 2]
        rows = _middle(strip[:-2], strip[1:-1], strip[2:])
        middle[top : top + STRIP] = _middle(rows[:, :-2], rows[:, 1:-1], rows[:, 2:])
    return np.asarray(Image.fromarray(middle).reduce(2))


def _middle(a: NDArray[np.uint8], b: NDArray[np.uint8], c: NDArray[np.uint8]) -> NDArray[np.uint8]:
    highest = np.maximum(a, b)
    return np.maximum(np.minimum(a, b), np.minimum(highest, c, out=highest), out=highest)


def _code(code: zxingcpp.Barcode, width: int, height: int) -> dict[str, Any]:
    place = code.position
    corners = (place.top_left, place.top_right, place.bottom_right, place.bottom_left)
    left, right = min(one.x for one in corners), max(one.x for one in corners)
    top, bottom = min(one.y for one in corners), max(one.y for one in corners)
    box = [left / width, top / height, (right - left) / width, (bottom - top) / height]
    text = code.text[:LONGEST_TEXT]
    name = "qr" if "QR" in str(code.format).upper() else "code128"
    return {"format": name, "kind": codes.kind_of(text), "text": text, "box": [round(part, 4) for part in box]}
