"""How far a page lies turned: the angle at which its lines of text are sharpest. For worker processes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from records.ink import DIRT, Ink

STEEPEST = 10.0
COARSE, FINE = 0.5, 0.1
MOST_DOTS = 15_000
LEAST_DOTS = 400
LARGE = 0.35
CLEAR = 1.15
"""How much sharper the best angle must be than the middle of all."""


def measure(ink: Ink) -> float:
    """Degrees, clockwise is positive; 0.0 when there are no lines to measure."""
    x, y = _dots(ink)
    if x.size < LEAST_DOTS:
        return 0.0
    coarse = np.arange(-STEEPEST, STEEPEST + COARSE / 2, COARSE)
    scores = np.array([_sharpness(x, y, angle) for angle in coarse])
    best = float(coarse[int(scores.argmax())])
    if scores.max() < CLEAR * float(np.median(scores)):
        return 0.0
    fine = np.arange(best - COARSE, best + COARSE + FINE / 2, FINE)
    sharp = [_sharpness(x, y, angle) for angle in fine]
    return round(float(fine[int(np.argmax(sharp))]), 1) + 0.0


def _dots(ink: Ink) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Places of ink that may be text: neither dirt nor frames and pictures."""
    width, height = ink.size
    fits = np.zeros(len(ink.pieces) + 1, dtype=bool)
    for number, piece in enumerate(ink.pieces, 1):
        fits[number] = piece.area >= DIRT and piece.width < LARGE * width and piece.height < LARGE * height
    y, x = np.nonzero(fits[ink.labels])
    if x.size > MOST_DOTS:
        chosen = np.random.default_rng(0).choice(x.size, MOST_DOTS, replace=False)
        x, y = x[chosen], y[chosen]
    return x.astype(np.float32), y.astype(np.float32)


def _sharpness(x: NDArray[np.float32], y: NDArray[np.float32], angle: float) -> float:
    """Of the rows, or of the columns where text stands upright, after turning the dots back by `angle`."""
    turn = np.deg2rad(angle)
    rows = y * np.cos(turn) - x * np.sin(turn)
    columns = x * np.cos(turn) + y * np.sin(turn)
    return max(_steps(rows), _steps(columns))


def _steps(places: NDArray[np.float32]) -> float:
    counts = np.bincount((places - places.min()).astype(np.int32)).astype(np.float64)
    return float((np.diff(counts) ** 2).sum())
