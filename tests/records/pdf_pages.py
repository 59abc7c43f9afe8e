"""Masters for tests of PDFs: small pictures whose corners have their own colours."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

CORNERS = {"tl": (200, 0, 0), "tr": (0, 150, 0), "bl": (0, 0, 200), "br": (200, 150, 0)}


def master(folder: Path, name: str = "page.png", size: tuple[int, int] = (120, 80)) -> Path:
    """A page with a coloured square of 20 pixels in each corner."""
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    wide, high = size
    places = {"tl": (0, 0), "tr": (wide - 20, 0), "bl": (0, high - 20), "br": (wide - 20, high - 20)}
    for corner, (x, y) in places.items():
        draw.rectangle((x, y, x + 19, y + 19), fill=CORNERS[corner])
    path = folder / name
    image.save(path)
    return path


def page(path: Path, words: list[list[Any]] | None = None, **changes: Any) -> dict[str, Any]:
    """A page as `records.pdf` takes it: 72 dpi, so a pixel is a point."""
    with Image.open(path) as image:
        given = {"path": str(path), "width": image.width, "height": image.height, "dpi": 72, "recipe": {}}
    packed = {"words": zlib.compress(json.dumps(words).encode())} if words else {}
    return given | packed | changes


def drawn(path: Path, number: int = 0) -> Any:
    """The page as pdfium draws it, a pixel a point."""
    import pypdfium2

    document = pypdfium2.PdfDocument(path)
    try:
        return document[number].render().to_pil().convert("RGB").copy()
    finally:
        document.close()


def corner(image: Any, where: str) -> str:
    """Which of the master's corners is drawn at this corner; empty: none."""
    x = 10 if where[1] == "l" else image.width - 10
    y = 10 if where[0] == "t" else image.height - 10
    near = {
        name: sum(abs(a - b) for a, b in zip(image.getpixel((x, y)), CORNERS[name], strict=True)) for name in CORNERS
    }
    best = min(near, key=lambda name: near[name])
    return best if near[best] < 60 else ""
