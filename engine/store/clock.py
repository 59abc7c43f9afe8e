"""The wall clock as the store keeps it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone, tzinfo


def wall_ms() -> int:
    """UTC milliseconds as the machine says, whoever has given the process another time."""
    return time.time_ns() // 1_000_000


_source: Callable[[], int] = wall_ms


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


def follow(source: Callable[[], int]) -> bool:
    """The process has the time of `source`, if it had the machine's; whether it had."""
    global _source
    if _source is not wall_ms:
        return False
    _source = source
    return True


def leave(source: Callable[[], int]) -> None:
    """The process has the machine's time again, if it had that of `source`."""
    global _source
    if _source == source:
        _source = wall_ms


_zones: dict[int, tzinfo] = {}


def local(at: int) -> datetime:
    """A time of ours (UTC ms) in the zone of this machine, which is asked once for each quarter of an hour."""
    quarter = at // 900_000  # no zone changes its offset in between
    zone = _zones.get(quarter)
    if zone is None:
        if len(_zones) > 1000:
            _zones.clear()
        offset = datetime.fromtimestamp(at / 1000).astimezone().utcoffset()
        zone = _zones[quarter] = timezone(offset or timedelta(0))
    return datetime.fromtimestamp(at / 1000, zone)
