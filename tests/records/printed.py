"""Our sheets as a scanner sees them."""

from __future__ import annotations

from typing import Any

import pypdfium2
from PIL import Image, ImageDraw

from records import sheets

DPI = 150


def scans(kind: str, given: dict[str, Any], language: str = "en", dpi: int = DPI) -> list[Image.Image]:
    """The sheets of a kind, printed and scanned."""
    document = pypdfium2.PdfDocument(sheets.make(kind, given, language))
    return [page.render(scale=dpi / 72).to_pil().convert("L") for page in document]


def spoilt(scan: Image.Image) -> Image.Image:
    """With ink over both codes; the marks are left."""
    page = scan.copy()
    width, height = page.size
    ImageDraw.Draw(page).rectangle((width * 0.1, height * 0.28, width * 0.9, height * 0.66), fill=30)
    return page
