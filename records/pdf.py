"""A document's PDF out of page masters and recipes; in a worker process.

A master goes in as it is (`pdf_image`): rotation, straightening and crop are the matrix that draws it, so nothing is
coded anew and nothing is lost. Only straightened contrast needs new pixels; they are kept lossless. Every page has the
size of its paper. The file is a PDF/A-2b; with words it can be searched.
"""

from __future__ import annotations

import json
import math
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.message import Refused
from records import notes, pdf_image, pdfa, recipe
from records.pdf_text import TextLayer, Word
from records.pdf_writer import Writer, matrix, number, text_string
from records.whole import MOST_PAGES, REFUSED

A4_LONG = 11.69
"""Inches: the long side of a page whose file says no resolution."""
SMALLEST, LARGEST = 3.0, 14_400.0
"""Points: what PDF/A-2 allows as a page's side."""
MOST_WORDS = 20_000
MOST_JSON = 16 * 1024 * 1024

Matrix = tuple[float, float, float, float, float, float]


def make(pages: Sequence[Mapping[str, Any]], out: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Write the PDF to `out` and answer `{pages, size}`.

    pages: `{path, width, height, dpi, recipe}`, and if wanted `words` (zlib of JSON, as `page_text` keeps them) and
    `bookmark`. options: `title`, `created` (milliseconds since 1970). The same input gives the same bytes.
    """
    _bounded(pages)
    target = Path(out)
    with target.open("wb") as file:
        writer = Writer(file)
        layer = TextLayer(writer) if any(page.get("words") for page in pages) else None
        tree = writer.reserve()
        kids = [draw(writer, tree, page, layer) for page in pages]
        if layer is not None:
            layer.close()
        entries = finish(writer, tree, kids, [page.get("bookmark") or "" for page in pages])
        info, archive = pdfa.describe(writer, str(options.get("title") or "Document"), int(options.get("created") or 0))
        writer.close(writer.add(f"<< {entries} {archive} >>"), info)
    return {"pages": len(kids), "size": target.stat().st_size}


def _bounded(pages: Sequence[Mapping[str, Any]]) -> None:
    if not 0 < len(pages) <= MOST_PAGES:
        raise Refused(REFUSED, f"a PDF has from 1 to {MOST_PAGES} pages")


def draw(writer: Writer, tree: int, page: Mapping[str, Any], layer: TextLayer | None, above: bytes = b"") -> int:
    """Write one page; its object's number. `above`: drawn above the picture, with the fonts of `notes`."""
    used = recipe.clean(page.get("recipe") or {})
    width, height = size_of(page, used)
    if used.get("contrast"):
        placed, drawn = _contrasted(writer, Path(page["path"]), used), (width, 0.0, 0.0, height, 0.0, 0.0)
    else:
        placed = pdf_image.place(writer, Path(page["path"]))
        drawn = placement(placed, used, width, height)
    content = f"q {matrix(drawn)} cm /I Do Q\n".encode()
    fonts = ""
    if layer is not None and page.get("words"):
        content += layer.content(words_of(page["words"]), width, height)
        fonts = f" /Font << /F {layer.font} 0 R >>"
    if above:
        content, fonts = content + above, f" /Font << {notes.FONTS} >>"
    stream = writer.stream("", content)
    box = f"/MediaBox [0 0 {number(width)} {number(height)}]"
    uses = f"/Resources << /XObject << /I {placed.number} 0 R >>{fonts} >>"
    return writer.add(f"<< /Type /Page /Parent {tree} 0 R {box} {uses} /Contents {stream} 0 R >>")


def finish(writer: Writer, tree: int, kids: Sequence[int], bookmarks: Sequence[str]) -> str:
    """Write the tree of pages and the bookmarks (one text a page, empty: none); entries of the catalog."""
    listed = " ".join(f"{kid} 0 R" for kid in kids)
    writer.add(f"<< /Type /Pages /Count {len(kids)} /Kids [{listed}] >>", tree)
    entries = f"/Type /Catalog /Pages {tree} 0 R"
    marks = [(kid, text) for kid, text in zip(kids, bookmarks, strict=True) if text]
    return f"{entries} /Outlines {_outlines(writer, marks)} 0 R /PageMode /UseOutlines" if marks else entries


def _outlines(writer: Writer, marks: Sequence[tuple[int, str]]) -> int:
    root = writer.reserve()
    numbers = [writer.reserve() for _ in marks]
    for place, (page, text) in enumerate(marks):
        links = f"/Prev {numbers[place - 1]} 0 R" if place else ""
        links += f" /Next {numbers[place + 1]} 0 R" if place + 1 < len(marks) else ""
        writer.add(
            f"<< /Title {text_string(text)} /Parent {root} 0 R {links} /Dest [{page} 0 R /Fit] >>", numbers[place]
        )
    ends = f"/First {numbers[0]} 0 R /Last {numbers[-1]} 0 R /Count {len(numbers)}"
    return writer.add(f"<< /Type /Outlines {ends} >>", root)


def size_of(page: Mapping[str, Any], used: Mapping[str, Any]) -> tuple[float, float]:
    """Width and height of the page in points, after the recipe."""
    across, down = float(page["width"]), float(page["height"])
    dpi = float(page.get("dpi") or 0) or max(across, down) / A4_LONG
    if used.get("rotate", 0) % 180:
        across, down = down, across
    _, _, wide, high = used.get("crop") or (0.0, 0.0, 1.0, 1.0)
    sides = (72 * across * wide / dpi, 72 * down * high / dpi)
    scale = min(1.0, LARGEST / max(sides))
    return max(SMALLEST, sides[0] * scale), max(SMALLEST, sides[1] * scale)


def placement(image: pdf_image.Placed, used: Mapping[str, Any], width: float, height: float) -> Matrix:
    """The matrix from PDF's unit square onto the page: the master turned, straightened and cropped."""
    across, down = (image.height, image.width) if image.turned > 4 else (image.width, image.height)
    rotate, turn = used.get("rotate", 0), math.radians(used.get("deskew", 0.0))
    wide, high = (down, across) if rotate % 180 else (across, down)
    left, top, parts_x, parts_y = used.get("crop") or (0.0, 0.0, 1.0, 1.0)

    def onto(u: float, v: float) -> tuple[float, float]:
        u, v = _UPRIGHT[image.turned](u, 1 - v)
        x, y = _rotated(rotate, u * across, v * down, across, down)
        x, y = x - wide / 2, y - high / 2
        x, y = x * math.cos(turn) + y * math.sin(turn), y * math.cos(turn) - x * math.sin(turn)
        x, y = (x + wide / 2) / wide, (y + high / 2) / high
        return (x - left) / parts_x * width, height - (y - top) / parts_y * height

    (e, f), (a, b), (c, d) = onto(0, 0), onto(1, 0), onto(0, 1)
    return a - e, b - f, c - e, d - f, e, f


_UPRIGHT: dict[int, Callable[[float, float], tuple[float, float]]] = {
    1: lambda x, y: (x, y),
    2: lambda x, y: (1 - x, y),
    3: lambda x, y: (1 - x, 1 - y),
    4: lambda x, y: (x, 1 - y),
    5: lambda x, y: (y, x),
    6: lambda x, y: (1 - y, x),
    7: lambda x, y: (1 - y, 1 - x),
    8: lambda x, y: (y, 1 - x),
}
"""A point in parts of the picture, from its upper left corner, as EXIF's orientation wants it shown."""


def _rotated(rotate: int, x: float, y: float, across: float, down: float) -> tuple[float, float]:
    """A point of the upright master, in pixels from its upper left corner, after quarter turns clockwise."""
    if rotate == 90:
        return down - y, x
    if rotate == 180:
        return across - x, down - y
    if rotate == 270:
        return y, across - x
    return x, y


def words_of(packed: bytes) -> Iterator[Word]:
    """The words of `page_text.words`; `Refused` when they unpack to more than any page has."""
    inflate = zlib.decompressobj()
    data = inflate.decompress(packed, MOST_JSON)
    if inflate.unconsumed_tail:
        raise Refused(REFUSED, "a page has too much text")
    yield from json.loads(data)[:MOST_WORDS]


def _contrasted(writer: Writer, path: Path, used: Mapping[str, Any]) -> pdf_image.Placed:
    """New pixels, of the whole recipe; lossless."""
    from records import picture

    with tempfile.TemporaryDirectory(prefix="waybill-") as folder:
        out = Path(folder) / "page.png"
        picture.full(str(path), used, str(out))
        return pdf_image.place(writer, out)
