"""Notes drawn onto pages of a PDF that is read once: "not checked", in three languages.

The fonts are those that every reader has; what is filed never has such a note.
"""

from __future__ import annotations

from records.pdf_writer import number

FONTS = (
    "/H << /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >> "
    "/C << /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts [<< "
    "/Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light "
    "/CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >> /FontDescriptor << /Type /FontDescriptor "
    "/FontName /STSong-Light /Flags 6 /FontBBox [-25 -254 1000 880] /ItalicAngle 0 /Ascent 752 /Descent -271 "
    "/CapHeight 737 /StemV 58 >> >>] >>"
)
NOT_CHECKED = {"en": "NOT CHECKED", "es": "SIN REVISAR", "zh": "未核对"}
_RED = "0.75 0.05 0.05 rg"


def banner(width: float, height: float) -> bytes:
    """A red band across the head of a page that nobody has checked."""
    high = min(24.0, height / 10)
    return _lines(width, height, high, 0.55 * high)


def sheet() -> tuple[bytes, float, float]:
    """A page of its own before such pages: its content, width and height in points (A4)."""
    width, height = 595.28, 841.89
    return _lines(width, height, height, 30.0), width, height


def _lines(width: float, height: float, band: float, size: float) -> bytes:
    latin = f"{NOT_CHECKED['en']}  -  {NOT_CHECKED['es']}  -  "
    chinese = NOT_CHECKED["zh"].encode("utf-16-be").hex()
    base = height - band / 2 - size / 3
    # Helvetica-Bold's capitals are about 0.7 of their size wide.
    left = max(4.0, (width - len(latin) * size * 0.6 - 3 * size) / 2)
    return (
        f"q {_RED} 0 {number(height - band)} {number(width)} {number(band)} re f 1 1 1 rg "
        f"BT /H {number(size)} Tf {number(left)} {number(base)} Td ({latin}) Tj "
        f"/C {number(size)} Tf <{chinese}> Tj ET Q\n"
    ).encode()
