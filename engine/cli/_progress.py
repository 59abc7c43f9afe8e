"""A progress bar on a terminal, and nothing elsewhere: standard error, so that results can be piped."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self, TextIO

WIDTH = 30
EVERY = 0.1
"""Seconds between two drawings."""


class Progress:
    """`with Progress("pruning") as bar: bar(done, all)`; an unknown `all` shows the count alone."""

    def __init__(self, what: str, stream: TextIO | None = None) -> None:
        self._what = what
        self._stream = stream if stream is not None else sys.stderr
        self._shown = self._stream.isatty()
        self._drawn = 0.0
        self._length = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._length:
            self._stream.write("\r" + " " * self._length + "\r")
            self._stream.flush()

    def __call__(self, done: int, total: int | None = None, what: str = "") -> None:
        """Show how far it is; drawn at most ten times a second."""
        now = time.monotonic()
        if not self._shown or (now - self._drawn < EVERY and done != total):
            return
        self._drawn = now
        text = line(what or self._what, done, total)
        self._stream.write("\r" + text.ljust(self._length))
        self._stream.flush()
        self._length = len(text)


def line(what: str, done: int, total: int | None) -> str:
    """`pruning [#####.....]  50%  500 of 1,000`."""
    if not total:
        return f"{what}  {done:,}"
    share = min(1.0, done / total)
    full = round(share * WIDTH)
    return f"{what} [{'#' * full}{'.' * (WIDTH - full)}] {share:4.0%}  {done:,} of {total:,}"
