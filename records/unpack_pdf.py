"""PDF: a page that is exactly one picture gives that picture's own bytes; others are drawn.

A page is one picture when its content does nothing but place it upright over (nearly) the whole page; text that is not
shown (the layer of a scanner's own text recognition) does not count.
"""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2

from engine.message import Refused
from records import images
from records.unpack_page import Made, Unreadable, count

LOCKED = "WB-8024"  # a PDF asks for a password
PORTFOLIO = "WB-8025"  # a PDF is only the cover of files inside it

DPI = 300
POINTS = 72
COVERS = 0.97
"""Part of the page's width and height that its picture has at least."""
LONGEST_CONTENT = 256 * 1024
_MOST_RAW = 512 * 1024 * 1024
_INVISIBLE = 3

_QUIET = frozenset(
    (
        "q", "Q", "cm", "Do", "re", "W", "W*", "n", "BMC", "BDC", "EMC", "MP", "DP", "i", "ri", "BT", "ET", "Tf", "Td",
        "TD", "Tm", "T*", "Tc", "Tw", "Tz", "TL", "Ts", "Tr", "Tj", "TJ", "'", '"',
    )
)  # fmt: skip
_SHOWING = frozenset(("Tj", "TJ", "'", '"'))


@dataclass(frozen=True, slots=True)
class Placed:
    """The one picture of a page, and the size in inches at which it lies there."""

    image: pikepdf.Stream
    across: float
    down: float

    @property
    def dpi(self) -> int:
        return round(int(self.image.Width) / self.across) if self.across else 0


def take(source: Path, folder: Path, first: int, most: int, limit: int) -> tuple[int, list[Made | Unreadable]]:
    """How many pages there are, and the masters of some."""
    with _opened(source) as pdf:
        if "/Collection" in pdf.Root:
            raise Refused(PORTFOLIO, "the PDF is only the cover of files inside it; scan or upload these")
        total = count(len(pdf.pages), limit)
        results = [_one(pdf, source, folder, number) for number in range(first, min(first + most, total + 1))]
    return total, results


@contextlib.contextmanager
def _opened(source: Path) -> Iterator[pikepdf.Pdf]:
    try:
        with pikepdf.open(source) as pdf:
            yield pdf
    except pikepdf.PasswordError:
        raise Refused(LOCKED, "the PDF asks for a password") from None
    except (pikepdf.PdfError, RuntimeError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise Refused(images.BROKEN, f"the PDF is damaged ({type(error).__name__})") from None


def _one(pdf: pikepdf.Pdf, source: Path, folder: Path, number: int) -> Made | Unreadable:
    try:
        page = pdf.pages[number - 1]
        placed = _placed(page)
        made = _extracted(placed, _rotate(page), folder, number) if placed is not None else None
        return made or _drawn(source, folder, number)
    except Refused as refused:
        return Unreadable(number, refused.code, refused.reason)
    except (pikepdf.PdfError, pypdfium2.PdfiumError, RuntimeError, ValueError, TypeError, KeyError) as error:
        return Unreadable(number, images.BROKEN, f"the page is damaged ({type(error).__name__})")


def _placed(page: pikepdf.Page) -> Placed | None:
    """The picture that is the page; None: it is more, or less, or lies otherwise."""
    if "/Annots" in page.obj and len(page.obj.Annots):
        return None
    found = _content(page)
    if found is None:
        return None
    name, matrix = found
    resources = page.obj.get("/Resources") or page.resources
    image = resources.get("/XObject", pikepdf.Dictionary()).get(name)
    if not isinstance(image, pikepdf.Stream) or image.get("/Subtype") != "/Image":
        return None
    left, bottom, right, top = (float(side) for side in page.cropbox)
    unit = float(page.obj.get("/UserUnit", 1))
    across, down, wide, high = matrix[0], matrix[3], right - left, top - bottom
    if across < COVERS * wide or down < COVERS * high or matrix[1] or matrix[2]:
        return None
    if abs(matrix[4] - left) > (1 - COVERS) * wide or abs(matrix[5] - bottom) > (1 - COVERS) * high:
        return None
    return Placed(image, across * unit / POINTS, down * unit / POINTS)


def _content(page: pikepdf.Page) -> tuple[str, tuple[float, ...]] | None:
    """Name and place of the one picture that the content draws."""
    if _length(page.obj.get("/Contents")) > LONGEST_CONTENT:
        return None
    matrix: tuple[float, ...] = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
    kept: list[tuple[float, ...]] = []
    found, mode = None, 0
    for step in pikepdf.parse_content_stream(page):
        word, operands = str(step.operator), list(step.operands)
        if word not in _QUIET or (word in _SHOWING and mode != _INVISIBLE):
            return None
        if word == "q":
            kept.append(matrix)
        elif word == "Q" and kept:
            matrix = kept.pop()
        elif word == "cm":
            matrix = _times(tuple(float(value) for value in operands), matrix)
        elif word == "Tr":
            mode = int(operands[0])
        elif word == "Do":
            if found is not None:
                return None
            found = (str(operands[0]), matrix)
    return found


def _length(contents: Any) -> int:
    """Bytes of a page's content, unpacked, but never more than a little above the limit."""
    streams = list(contents) if isinstance(contents, pikepdf.Array) else [contents]
    total = 0
    for stream in streams:
        if isinstance(stream, pikepdf.Stream):
            total += _unpacked(stream, LONGEST_CONTENT)
            if total > LONGEST_CONTENT:
                break
    return total


def _unpacked(stream: pikepdf.Object, limit: int) -> int:
    """Bytes that a stream unpacks to, counted up to a little above the limit; other filters than Flate: the limit."""
    raw = stream.read_raw_bytes()
    filters = _filters(stream)
    if not filters:
        return len(raw)
    if filters != ["/FlateDecode"]:
        return limit + 1
    total, unpacker, rest = 0, zlib.decompressobj(), raw
    while rest and total <= limit:
        try:
            total += len(unpacker.decompress(rest, 1 << 20))
        except zlib.error:
            return total
        rest = unpacker.unconsumed_tail
    return total


def _filters(stream: pikepdf.Object) -> list[str]:
    given = stream.get("/Filter")
    if given is None:
        return []
    return [str(one) for one in given] if isinstance(given, pikepdf.Array) else [str(given)]


def _times(a: tuple[float, ...], b: tuple[float, ...]) -> tuple[float, ...]:
    return (
        a[0] * b[0] + a[1] * b[2], a[0] * b[1] + a[1] * b[3],
        a[2] * b[0] + a[3] * b[2], a[2] * b[1] + a[3] * b[3],
        a[4] * b[0] + a[5] * b[2] + b[4], a[4] * b[1] + a[5] * b[3] + b[5],
    )  # fmt: skip


def _rotate(page: pikepdf.Page) -> int:
    given = int(page.obj.get("/Rotate", 0) or 0)
    return given % 360 if given % 90 == 0 else 0


def _extracted(placed: Placed, rotate: int, folder: Path, number: int) -> Made | None:
    """The picture's own bytes as a file; None: they have no form that stands alone."""
    image = placed.image
    width, height = int(image.get("/Width", 0)), int(image.get("/Height", 0))
    images.check(width, height)
    if any(name in image for name in ("/SMask", "/Mask", "/Decode", "/Matte")) or image.get("/ImageMask"):
        return None
    filters = _filters(image)
    if filters == ["/DCTDecode"]:
        return _jpeg(placed, rotate, folder, number)
    if filters not in (["/CCITTFaxDecode"], ["/FlateDecode"]):
        return None
    if filters == ["/FlateDecode"] and _unpacked(image, 4 * width * height + 2 * height) > 4 * width * height + height:
        raise Refused(images.HUGE, "a page's picture unpacks to more than its size says")
    return _lossless(placed, rotate, folder, number)


def _jpeg(placed: Placed, rotate: int, folder: Path, number: int) -> Made | None:
    target = folder / f"{number}.jpg"
    target.write_bytes(placed.image.read_raw_bytes())
    with images.read(target) as picture:
        if picture.mode not in ("L", "RGB") or picture.format not in ("JPEG", "MPO"):
            return None  # inks: the PDF says how they are meant, the bytes alone do not
        if picture.getexif().get(0x0112, 1) != 1:
            return None  # a PDF shows it unturned
        return Made(number, str(target), "image/jpeg", *picture.size, placed.dpi, rotate=rotate)


def _lossless(placed: Placed, rotate: int, folder: Path, number: int) -> Made | None:
    target = folder / f"{number}.tif"
    try:
        picture = pikepdf.PdfImage(placed.image)
        if picture.filters == ["/CCITTFaxDecode"]:
            with target.open("wb") as out:
                picture.extract_to(stream=out)
        else:
            drawn = picture.as_pil_image()
            if drawn.mode not in ("1", "L", "P", "RGB"):
                return None
            target = target.with_suffix(".png")
            drawn.save(target, "PNG", dpi=(placed.dpi, placed.dpi), compress_level=4)
    except (NotImplementedError, pikepdf.PdfError, pikepdf.models.image.ImageDecompressionError, ValueError):
        return None
    with images.read(target) as saved:
        return Made(number, str(target), images.MEDIA[saved.format or ""], *saved.size, placed.dpi, rotate=rotate)


def _drawn(source: Path, folder: Path, number: int) -> Made:
    """The page as pdfium draws it."""
    target = folder / f"{number}.png"
    with contextlib.closing(pypdfium2.PdfDocument(source)) as document:
        page = document[number - 1]
        width, height = page.get_size()
        dpi = DPI
        while dpi > POINTS and width * height * (dpi / POINTS) ** 2 > images.MOST_PIXELS / 2:
            dpi //= 2
        images.check(round(width * dpi / POINTS), round(height * dpi / POINTS))
        drawn = page.render(scale=dpi / POINTS).to_pil()
        drawn.save(target, "PNG", dpi=(dpi, dpi), compress_level=4)
        return Made(number, str(target), "image/png", drawn.width, drawn.height, dpi, lossless=False)
