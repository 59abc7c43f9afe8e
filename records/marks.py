"""The marks in the corners of our sheets: a square in a ring, like the eyes of a very large QR code.

They are found even where no barcode of the sheet can be read any more, so a spoilt separator is never taken for a page.
`draw` makes them for the printer, `found` looks for them in a scan (in worker processes; any quarter turn, some skew).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from records.ink import Ink, Piece

SIZE = 18.2
"""Millimetres: seven modules, as 1 black, 1 white, 3 black, 1 white, 1 black."""
EDGE = 12.0
APART = (9.2, 14.0, 16.8)
"""How far two marks of a sheet are from each other, in sides of one: across, down, from corner to corner."""
MOST = 200
_SIZES = (0.7, 1.4)
_INNER = (0.32, 0.55)
_SQUARE = 1.3
_FILLED = 0.62
_OFF = 0.14
_NEAR = 0.12


def draw(canvas: Any, width: float, height: float, unit: float) -> None:
    """Draw the four marks on a reportlab canvas; `unit` is a millimetre."""
    for x in (EDGE * unit, width - (EDGE + SIZE) * unit):
        for y in (EDGE * unit, height - (EDGE + SIZE) * unit):
            module = SIZE * unit / 7
            for inset, shade in ((0, 0), (1, 1), (2, 0)):
                side = (7 - 2 * inset) * module
                canvas.setFillGray(shade)
                canvas.rect(x + inset * module, y + inset * module, side, side, stroke=0, fill=1)
    canvas.setFillGray(0)


def found(ink: Ink) -> bool:
    """Whether the page is a sheet of ours: two marks are as far from each other as ours."""
    dots = min(ink.size) / 210 * SIZE  # of a page as wide as A4; the sizes have room for others
    rings = [piece for piece in ink.pieces if _is_square(piece, _SIZES[0] * dots, _SIZES[1] * dots)]
    eyes = [ring for ring in rings[:MOST] if any(_is_eye(ring, inner) for inner in ink.pieces if inner is not ring)]
    return any(_are_ours(a, b) for place, a in enumerate(eyes) for b in eyes[:place])


def _are_ours(a: Piece, b: Piece) -> bool:
    side = (a.width + a.height + b.width + b.height) / 4
    apart = math.hypot(a.left + a.right - b.left - b.right, a.top + a.bottom - b.top - b.bottom) / 2 / side
    return any(abs(apart - wanted) <= _NEAR * wanted for wanted in APART)


def _is_square(piece: Piece, least: float, most: float) -> bool:
    sides = sorted((piece.width, piece.height))
    return least <= sides[0] and sides[1] <= most and sides[1] <= _SQUARE * sides[0]


def _is_eye(ring: Piece, inner: Piece) -> bool:
    side = (ring.width + ring.height) / 2
    if not _is_square(inner, _INNER[0] * side, _INNER[1] * side):
        return False
    if inner.area < _FILLED * inner.width * inner.height:
        return False
    away_x = abs(ring.left + ring.right - inner.left - inner.right) / 2
    away_y = abs(ring.top + ring.bottom - inner.top - inner.bottom) / 2
    return max(away_x, away_y) <= _OFF * side
