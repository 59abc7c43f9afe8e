"""Files that no scanner makes: small ones that unpack to very much, loops, locks, lies, and such as never end."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable

import pikepdf

from tests.crash import scan_paper
from tests.records import pictures

ZEROS = 200 << 20
PAGES = 10_000


def png_bomb() -> bytes:
    """A few hundred KB, 625 million pixels."""
    return pictures.png_bomb()


def tiff_bomb() -> bytes:
    """One strip that is said to hold 3,600 million pixels."""
    data = zlib.compress(bytes(1 << 20))
    tags = [(256, 4, 60_000), (257, 4, 60_000), (258, 3, 8), (259, 3, 8), (262, 3, 1), (273, 4, 0), (277, 3, 1),
            (278, 4, 60_000), (279, 4, len(data))]  # fmt: skip
    start = 8 + 2 + 12 * len(tags) + 4
    rows = [struct.pack("<HHII", tag, kind, 1, start if tag == 273 else value) for tag, kind, value in tags]
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + b"".join(rows) + struct.pack("<I", 0) + data


def tiff_loop() -> bytes:
    """The last directory leads to the first."""
    data = scan_paper.tiff([scan_paper.paper("one"), scan_paper.paper("two")])
    return pictures.relink(data, 1, pictures.chain(data)[0])


def many_pages() -> bytes:
    """A PDF of ten thousand pages, all of them one object."""
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=(100, 100)).obj
    pdf.Root.Pages.Kids = pikepdf.Array([page] * PAGES)
    pdf.Root.Pages.Count = PAGES
    out = io.BytesIO()
    pdf.save(out)
    return out.getvalue()


def encrypted() -> bytes:
    pdf = pikepdf.new()
    pdf.add_blank_page(page_size=(100, 100))
    return pictures.saved(pdf, encryption=pikepdf.Encryption(user="secret", owner="secret"))


def nested() -> bytes:
    """A PDF whose page is empty, with PDFs in it that have PDFs in them."""
    inner = b"%PDF-1.4 nothing"
    for depth in range(20):
        pdf = pikepdf.new()
        pdf.add_blank_page(page_size=(100, 100))
        pdf.attachments[f"{depth}.pdf"] = inner
        inner = pictures.saved(pdf)
    return inner


def truncated() -> bytes:
    """A JPEG without its second half."""
    data = pictures.bytes_of(scan_paper.paper("cut"), "JPEG")
    return data[: len(data) // 2]


def zeros() -> bytes:
    return bytes(ZEROS)


def wrong_name() -> bytes:
    """A good PNG that is called otherwise."""
    return scan_paper.png(scan_paper.paper("called otherwise"))


HOSTILE: dict[str, Callable[[], bytes]] = {
    "bomb.png": png_bomb,
    "bomb.tif": tiff_bomb,
    "loop.tif": tiff_loop,
    "many.pdf": many_pages,
    "locked.pdf": encrypted,
    "nested.pdf": nested,
    "cut.jpg": truncated,
    "zeros.jpg": zeros,
    "empty.png": bytes,
    "wrong.jpg": wrong_name,
}
GOOD = {"nested.pdf", "wrong.jpg"}
"""These are pages: what is attached to a PDF is left alone."""
WAITS = {"cut.jpg", "zeros.jpg", "empty.png"}
"""In a folder these may still be written."""
