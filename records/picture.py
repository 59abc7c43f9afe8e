"""A page as its recipe wants it: pictures for the screen, and the whole page for reading and for documents.

`render` and `full` are jobs of the crew `pictures`; the master is only read.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from records import images, recipe

THUMB, VIEW = 240, 1600
"""Longest side."""
QUALITY = {THUMB: 70, VIEW: 80}
_TURNS = {
    90: Image.Transpose.ROTATE_270, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_90,
}  # fmt: skip
_BACKGROUND = 240
"""Longest side of the picture from which the paper's shade is taken."""
_BLACK, _WHITE = 40, 235


def render(master: str, given: Mapping[str, Any], folder: str, name: str = "page") -> dict[str, Any]:
    """Make thumb and view in `folder`: `{thumb, view, width, height}`; the size is that of the whole page."""
    used = recipe.clean(given)
    with images.read(Path(master)) as opened:
        _draft(opened, used)
        width, height = recipe.turned(used, *images.size_of(opened))
        page = images.plain(opened)
    with images.read(Path(master)) as opened:
        width, height = recipe.turned(used, *images.size_of(opened))
    return {**shown(page, used, Path(folder), name), "width": width, "height": height}


def full(master: str, given: Mapping[str, Any], path: str) -> dict[str, Any]:
    """Write the whole page without loss to `path` (PNG, or G4 TIFF where it ends so): `{width, height, dpi}`."""
    with images.read(Path(master)) as opened:
        dpi = images.dpi_of(opened)
        page = applied(images.plain(opened), recipe.clean(given))
    known = {"dpi": (dpi, dpi)} if dpi else {}
    if path.endswith((".tif", ".tiff")):
        page.save(path, "TIFF", compression="group4" if page.mode == "1" else "tiff_adobe_deflate", **known)
    else:
        page.save(path, "PNG", compress_level=3, **known)
    return {"width": page.width, "height": page.height, "dpi": dpi}


def shown(page: Image.Image, given: Mapping[str, Any], folder: Path, name: str) -> dict[str, Any]:
    """Paths of `thumb` and `view` of a page in memory."""
    used = recipe.clean(given)
    _, _, across, down = used.get("crop") or (0.0, 0.0, 1.0, 1.0)
    view = applied(_smaller(page, round(VIEW / max(across, down))), used)
    paths = {}
    for word, longest in (("view", VIEW), ("thumb", THUMB)):
        view = _smaller(view if view.mode == "RGB" else view.convert("L"), longest)
        target = folder / f"{name}.{word}.jpg"
        view.save(target, "JPEG", quality=QUALITY[longest])
        paths[word] = str(target)
    return paths


def applied(page: Image.Image, used: Mapping[str, Any]) -> Image.Image:
    """A page of mode `1`, `L` or `RGB` after a clean recipe."""
    if turn := used.get("rotate"):
        page = page.transpose(_TURNS[turn])
    if angle := used.get("deskew"):
        page = _straightened(page, angle)
    if box := used.get("crop"):
        page = page.crop(_corners(box, page.width, page.height))
    if amount := used.get("contrast"):
        page = _clearer(page, amount / 100)
    return page


def _draft(opened: Image.Image, used: Mapping[str, Any]) -> None:
    """Let the decoder of JPEG give a smaller picture, still twice as large as is shown."""
    if opened.format == "JPEG" and not used.get("crop"):
        opened.draft(None, (2 * VIEW, 2 * VIEW))


def _smaller(page: Image.Image, longest: int) -> Image.Image:
    scale = longest / max(page.size)
    if scale >= 1:
        return page
    size = (max(1, round(page.width * scale)), max(1, round(page.height * scale)))
    plain = page.convert("L") if page.mode == "1" else page
    # Whole steps first: twice as fast as in one go, and as sharp.
    return plain.resize(size, Image.Resampling.HAMMING, reducing_gap=1.0)


def _straightened(page: Image.Image, angle: float) -> Image.Image:
    """Turned back by `angle`; white comes in at the corners."""
    if page.mode == "1":
        turned = page.convert("L").rotate(angle, Image.Resampling.BILINEAR, fillcolor=255)
        return turned.point(lambda value: 255 if value > 127 else 0).convert("1", dither=Image.Dither.NONE)
    white = 255 if page.mode == "L" else (255, 255, 255)
    return page.rotate(angle, Image.Resampling.BICUBIC, fillcolor=white)


def _corners(box: list[float], width: int, height: int) -> tuple[int, int, int, int]:
    left, top = min(round(box[0] * width), width - 1), min(round(box[1] * height), height - 1)
    right, bottom = round((box[0] + box[2]) * width), round((box[1] + box[3]) * height)
    return left, top, max(right, left + 1), max(bottom, top + 1)


def _clearer(page: Image.Image, amount: float) -> Image.Image:
    """Divided by the paper's shade and stretched, mixed with the page as it was."""
    if page.mode == "1":
        return page
    bands = [Image.fromarray(_stretched(np.asarray(band), amount, _shade(band))) for band in page.split()]
    return bands[0] if len(bands) == 1 else Image.merge("RGB", bands)


def _shade(band: Image.Image) -> NDArray[np.float32]:
    scale = max(1, max(band.size) // _BACKGROUND)
    small = band.reduce(scale).filter(ImageFilter.MaxFilter(7)).filter(ImageFilter.GaussianBlur(4))
    return np.asarray(small.resize(band.size, Image.Resampling.BILINEAR)).astype(np.float32)


def _stretched(band: NDArray[np.uint8], amount: float, shade: NDArray[np.float32]) -> NDArray[np.uint8]:
    flat = band.astype(np.float32)
    clear = flat * (255.0 / np.maximum(shade, 32.0))
    clear = (clear - _BLACK) * (255.0 / (_WHITE - _BLACK))
    return np.clip(flat + (clear - flat) * amount, 0, 255).astype(np.uint8)
