"""Looks into PDFs, in a worker process: complete or not, pages, text, where a keyword stands, a page as a picture.

Heavy imports are inside the functions, so that a worker that never sees a PDF stays small. pdfium is not safe in
threads: one lock.
"""

from __future__ import annotations

import re
import struct
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from engine.message import Refused

UNREADABLE = "WB-5004"
"""A PDF, or one of its pages, cannot be read or drawn."""
TAIL = 2048
"""Bytes at the end in which `startxref` and `%%EOF` must stand."""
MAX_PIXELS = 40_000_000
BROKEN = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NotImplementedError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""What a PDF library may raise on a broken file besides its own errors."""

_pdfium = threading.RLock()


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on a page: page from 1, points from the lower left corner of the page's own coordinates."""

    page: int
    left: float
    bottom: float
    right: float
    top: float


def complete(path: str) -> str:
    """Empty when the file is a complete PDF by its content, else a reason in one line.

    A file that is still being written has no end: `%%EOF` and a `startxref` that points at a cross-reference, whose
    trailer leads to the catalog and its pages.
    """
    with Path(path).open("rb") as file:
        head = file.read(1024)
        size = file.seek(0, 2)
        file.seek(max(0, size - TAIL))
        tail = file.read()
        start = head.find(b"%PDF-")
        if start < 0:
            return "it does not begin as a PDF"
        if b"%%EOF" not in tail:
            return "it has no end mark yet"
        found = re.findall(rb"startxref\s+(\d{1,15})\s+%%EOF", tail)
        if not found:
            return "its end names no cross-reference"
        if not any(_is_xref(file, int(found[-1]) + shift) for shift in {0, start}):
            return "its cross-reference is not where the end says"
    return _pages_resolve(path)


def _is_xref(file: Any, offset: int) -> bool:
    file.seek(offset)
    here = file.read(2048).lstrip()
    return here.startswith(b"xref") or bool(re.match(rb"\d+\s+\d+\s+obj\b.*?/XRef\b", here, re.DOTALL))


def _pages_resolve(path: str) -> str:
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        with PdfReader(path) as reader:
            if reader.is_encrypted:
                return ""  # complete; that it is encrypted is for the inspection to say
            if len(reader.pages) < 1 or not reader.pages[-1].mediabox:
                return "it has no pages"
    except (PyPdfError, *BROKEN):
        return "its catalog or its pages cannot be read"
    return ""


def pages(path: str) -> int:
    """How many pages."""
    with opened(path) as document:
        return len(document)


def page_box(path: str, page: int) -> Box:
    """The shown part of a page (from 1) in the page's own coordinates: not turned, not moved to the corner."""
    with _page(path, page) as shown:
        return Box(page, *map(float, shown.get_cropbox()))


def text(path: str, page: int) -> str:
    """The text of one page (from 1)."""
    with _page(path, page) as shown:
        return str(shown.get_textpage().get_text_bounded())


def keyword_box(path: str, keyword: str) -> Box | None:
    """Where the keyword stands last in the document; None when it does not."""
    if not keyword:
        return None
    with opened(path) as document:
        for index in range(len(document) - 1, -1, -1):
            found = _last_on(document[index], keyword)
            if found is not None:
                return Box(index + 1, *found)
    return None


def _last_on(page: Any, keyword: str) -> tuple[float, float, float, float] | None:
    words = page.get_textpage()
    search = words.search(keyword, match_case=True)
    last = None
    while (hit := search.get_next()) is not None:
        last = hit
    if last is None:
        return None
    boxes = [words.get_charbox(index) for index in range(last[0], last[0] + last[1])]
    lefts, bottoms, rights, tops = zip(*boxes, strict=True)
    return min(lefts), min(bottoms), max(rights), max(tops)


def render_png(path: str, page: int, width: int) -> bytes:
    """One page (from 1) as a PNG of `width` pixels, with annotations and form fields as a reader shows them."""
    with _page(path, page) as shown:
        points, height = shown.get_size()
        scale = max(16, min(width, 4000)) / points
        if points * height * scale * scale > MAX_PIXELS:
            raise Refused(UNREADABLE, "the page is too large to be drawn")
        out = BytesIO()
        shown.render(scale=scale).to_pil().save(out, "PNG")
        return out.getvalue()


@contextmanager
def opened(path: str | bytes) -> Iterator[Any]:
    """A pdfium document (of a path or of bytes) with its form fields, closed at the end."""
    import pypdfium2

    with _pdfium:
        try:
            document = pypdfium2.PdfDocument(path)
        except pypdfium2.PdfiumError:
            raise Refused(UNREADABLE, "the PDF cannot be read") from None
        try:
            document.init_forms()
            yield document
        except pypdfium2.PdfiumError:
            raise Refused(UNREADABLE, "a page of the PDF cannot be read") from None
        finally:
            document.close()


@contextmanager
def _page(path: str, page: int) -> Iterator[Any]:
    with opened(path) as document:
        if not 1 <= page <= len(document):
            raise Refused(UNREADABLE, f"the PDF has {len(document)} pages")
        yield document[page - 1]
