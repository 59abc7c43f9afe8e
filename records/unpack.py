"""A scanned file becomes page masters, a few at a time: the bytes as they came, or their lossless copy.

`pages` is a job of the crew `pictures`. A page that cannot be read is listed beside those that can: they are kept, and
the batch stops for it. Only what can be said of the file as a whole is `Refused`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from records import images, unpack_pdf, unpack_tiff
from records.unpack_page import Made, Unreadable

MOST_PAGES = 5000


def pages(path: str, content_type: str, folder: str, first: int, most: int, limit: int = MOST_PAGES) -> dict[str, Any]:
    """Make the masters of at most `most` pages from number `first` (1, 2, ...) in `folder`.

    `{pages: total, media_type, made: [{number, file, media_type, width, height, dpi, lossless, rotate}],
    failed: [{number, code, reason}]}`. `file` is `path` itself where the file is one page and stays as it is.
    content_type: what the sender calls it; the bytes decide.
    """
    source, target = Path(path), Path(folder)
    kind = images.kind(source)
    if kind == "application/pdf":
        total, results = unpack_pdf.take(source, target, first, most, limit)
    elif kind == "image/tiff":
        total, results = unpack_tiff.take(source, target, first, most, limit)
    else:
        total, results = 1, [_whole(source)] if first == 1 else []
    made = [one.shown() for one in results if isinstance(one, Made)]
    failed = [one.shown() for one in results if isinstance(one, Unreadable)]
    return {"pages": total, "media_type": kind, "made": made, "failed": failed}


def _whole(source: Path) -> Made:
    with images.read(source) as picture:
        width, height = images.size_of(picture)
        return Made(1, str(source), images.MEDIA[picture.format or ""], width, height, images.dpi_of(picture))
