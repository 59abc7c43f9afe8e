"""The wall clock as the store keeps it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


def _wall() -> int:
    return time.time_ns() // 1_000_000


_source: Callable[[], int] = _wall


def now_ms() -> int:
    """UTC milliseconds since 1970."""
    return _source()


@contextmanager
def told_by(source: Callable[[], int]) -> Iterator[None]:
    """Tests of routes let days pass in milliseconds: meanwhile the whole process has the time of `source`."""
    global _source
    before, _source = _source, source
    try:
        yield
    finally:
        _source = before
