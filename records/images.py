"""Opening pictures that strangers made: only JPEG, PNG and TIFF, only so many pixels. For worker processes."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageOps

from engine.message import Refused

UNKNOWN = "WB-8020"  # the bytes are neither JPEG, PNG, TIFF nor PDF, or the file is empty
BROKEN = "WB-8021"  # a file or page is cut off or damaged, so that it cannot be read
HUGE = "WB-8022"  # a page has more pixels, or unpacks to more bytes, than is read

MOST_PIXELS = 120_000_000
"""A3 at 600 dpi has 70 million."""
LONGEST = 30_000
FORMATS = ("JPEG", "PNG", "TIFF")
MEDIA = {"JPEG": "image/jpeg", "MPO": "image/jpeg", "PNG": "image/png", "TIFF": "image/tiff"}
_LEAST_DPI, _MOST_DPI = 50, 2400
_HEAD = 1024

Image.MAX_IMAGE_PIXELS = MOST_PIXELS


def kind(path: Path) -> str:
    """What a file is by its first bytes, whatever it is called."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):
        return "image/tiff"
    if b"%PDF-" in head:
        return "application/pdf"
    raise Refused(UNKNOWN, "the file is empty" if not head else "the file is no JPEG, PNG, TIFF or PDF")


@contextlib.contextmanager
def read(path: Path) -> Iterator[Image.Image]:
    """The picture, its bytes not read yet but its size checked. What its decoder raises becomes `Refused`."""
    with failing(), warnings.catch_warnings():
        # Pillow warns above its limit and refuses at twice that; and it warns of odd tags that do no harm.
        warnings.simplefilter("ignore")
        with Image.open(path, formats=[*FORMATS, "MPO"]) as picture:
            check(*picture.size)
            yield picture


@contextlib.contextmanager
def failing() -> Iterator[None]:
    """A damaged file is `Refused`, whatever the decoder calls it."""
    try:
        yield
    except Image.DecompressionBombError:
        raise Refused(HUGE, "the page has too many pixels") from None
    except (OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError, OverflowError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # of the disk, not of the picture
        raise Refused(BROKEN, f"the picture is damaged ({type(error).__name__})") from None


def check(width: int, height: int) -> None:
    """Refuse a page that would not fit into a worker."""
    if width < 1 or height < 1:
        raise Refused(BROKEN, "the page has no width or no height")
    if width * height > MOST_PIXELS or max(width, height) > LONGEST:
        raise Refused(HUGE, f"the page has too many pixels ({width} x {height})")


def upright(picture: Image.Image) -> Image.Image:
    """As its orientation tag wants it shown."""
    return ImageOps.exif_transpose(picture)


def size_of(picture: Image.Image) -> tuple[int, int]:
    """Width and height as it is shown, without reading its pixels."""
    width, height = picture.size
    return (height, width) if picture.getexif().get(0x0112, 1) in (5, 6, 7, 8) else (width, height)


def dpi_of(picture: Image.Image) -> int:
    """Dots per inch as the file says; 0: it does not, or nothing that can be."""
    given = picture.info.get("dpi")
    try:
        dpi = round(float(min(given))) if given else 0
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return 0
    return dpi if _LEAST_DPI <= dpi <= _MOST_DPI else 0


def plain(picture: Image.Image) -> Image.Image:
    """Upright, and of the modes `1`, `L` or `RGB`; reads the pixels. What can be seen through lies on white."""
    with failing():
        picture = upright(picture)
        if picture.mode in ("1", "L", "RGB"):
            picture.load()
            return picture
        if picture.mode.startswith("I") or picture.mode == "F":
            _, high = picture.getextrema()
            scale = 255 / 65535 if float(high) > 255 else 1.0  # type: ignore[arg-type] # of one band
            return picture.convert("F").point(lambda value: value * scale).convert("L")
        if picture.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in picture.info:
            seen = picture.convert("RGBA")
            paper = Image.new("RGBA", seen.size, "white")
            return Image.alpha_composite(paper, seen).convert("RGB")
        return picture.convert("RGB")
