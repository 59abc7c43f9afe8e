"""Where ink is on a page: its shade against the paper around it, at about 75 dots per inch. For worker processes.

A mean or a deviation cannot tell a blank page from a faint one: ink is counted after the paper's own shade is taken
out, as pieces that hang together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

Grey = NDArray[np.uint8]
Mask = NDArray[np.bool_]

SCALE = 75
"""Dots per inch at which ink is looked at."""
A4_INCHES = 8.27
STEP = 4
DARKER = 0.2
"""Part of the paper's shade by which ink is darker than the paper around it."""
FLOOR = 0.7
DIRT = 4
"""Dots: smaller pieces are dirt."""
FEW, LITTLE = 6, 0.0003
MARGIN = 0.025
HOLE = (10, 28)
HOLE_EDGE = 60
STREAK = 0.5
DARK_PAPER, BLACK, MOST_BLACK = 130, 80, 0.4
STRIP, RUN, RUNS, FULL = 2, 40, 5, 0.6

EIGHT = np.ones((3, 3), dtype=np.int8)


@dataclass(frozen=True, slots=True)
class Piece:
    """Ink that hangs together, in dots of the small picture."""

    top: int
    left: int
    bottom: int
    right: int
    area: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top


@dataclass(frozen=True, slots=True)
class Ink:
    """A page's ink. grey: the small picture; depth: 0 (paper) to 1; mask: where it counts; labels: whose it is."""

    grey: Grey
    depth: NDArray[np.float32]
    mask: Mask
    labels: NDArray[np.int32]
    pieces: list[Piece]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in dots."""
        return self.grey.shape[1], self.grey.shape[0]


def of(grey: Image.Image, dpi: int) -> Ink:
    """The ink of a grey page of this resolution (0: that of A4)."""
    small = np.asarray(reduced(grey, dpi))
    shade = paper(small)
    depth = np.clip((shade - small) / np.maximum(shade, 1.0), 0.0, 1.0).astype(np.float32)
    mask = depth > DARKER
    labels, _ = ndimage.label(mask, structure=EIGHT)
    areas = np.bincount(labels.ravel())
    pieces = [
        Piece(rows.start, columns.start, rows.stop, columns.stop, int(areas[number]))
        for number, (rows, columns) in enumerate(ndimage.find_objects(labels), 1)
    ]
    return Ink(small, depth, mask, labels, pieces)


def resolution(width: int, height: int, dpi: int) -> int:
    """Dots per inch, guessed from A4 where a file does not say."""
    return dpi or max(1, round(min(width, height) / A4_INCHES))


def reduced(grey: Image.Image, dpi: int) -> Image.Image:
    """The page at about `SCALE` dots per inch."""
    factor = max(1, round(resolution(*grey.size, dpi) / SCALE))
    return grey.reduce(factor) if factor > 1 else grey


def paper(small: Grey) -> NDArray[np.float32]:
    """The shade of the paper at each dot: the lightest that is near, smoothed."""
    height, width = small.shape
    down, across = -(-height // STEP), -(-width // STEP)
    padded = np.pad(small, ((0, down * STEP - height), (0, across * STEP - width)), mode="edge")
    # One after the other: both at once take three times as long.
    lightest = padded.reshape(down, STEP, across * STEP).max(axis=1).reshape(down, across, STEP).max(axis=2)
    lightest = ndimage.maximum_filter(lightest, size=5, mode="nearest")
    smooth = ndimage.uniform_filter(lightest.astype(np.float32), size=5, mode="nearest")
    smooth = np.maximum(smooth, FLOOR * shade_at(small, 0.9))
    grown = Image.fromarray(smooth).resize((across * STEP, down * STEP), Image.Resampling.BILINEAR)
    return np.asarray(grown)[:height, :width]


def shade_at(grey: Grey, part: float) -> int:
    """The shade that this part of the dots does not exceed. By counting: a page need not be sorted for it."""
    counts = np.cumsum(np.bincount(grey.ravel(), minlength=256))
    return int(np.searchsorted(counts, part * counts[-1]))


def is_blank(ink: Ink) -> bool:
    """Whether nothing is on the page but dirt, holes, shadows at the edge and streaks of the scanner's glass."""
    width, height = ink.size
    letters = [piece for piece in ink.pieces if piece.area >= DIRT and not _is_none(piece, width, height)]
    return len(letters) < FEW and sum(piece.area for piece in letters) < LITTLE * width * height


def is_dark(ink: Ink) -> bool:
    """Whether the paper came out dark, or much of the page black."""
    return bool(shade_at(ink.grey, 0.8) < DARK_PAPER or (ink.grey < BLACK).mean() > MOST_BLACK)


def is_cut(ink: Ink) -> bool:
    """Whether lines run over an edge: several short pieces of ink on the outermost millimetre."""
    mask = ink.mask
    return any(_crosses(strip) for strip in (mask[:STRIP], mask[-STRIP:], mask[:, :STRIP].T, mask[:, -STRIP:].T))


def _is_none(piece: Piece, width: int, height: int) -> bool:
    middle_x, middle_y = (piece.left + piece.right) / 2 / width, (piece.top + piece.bottom) / 2 / height
    if min(middle_x, middle_y, 1 - middle_x, 1 - middle_y) < MARGIN:
        return True
    if min(piece.width, piece.height) <= 3 and (piece.height > STREAK * height or piece.width > STREAK * width):
        return True
    round_ = HOLE[0] <= piece.width <= HOLE[1] and 0.7 < piece.width / piece.height < 1.4
    near = min(piece.left, piece.top, width - piece.right, height - piece.bottom) < HOLE_EDGE
    return round_ and near and piece.area > 0.6 * piece.width * piece.height


def _crosses(strip: Mask) -> bool:
    line = strip.any(axis=0)
    if line.mean() > FULL:
        return False
    edges = np.flatnonzero(np.diff(np.concatenate(([0], line.astype(np.int8), [0]))))
    lengths = edges[1::2] - edges[::2]
    return int(((lengths >= 2) & (lengths <= RUN)).sum()) >= RUNS
