"""The store's time is UTC milliseconds."""

from __future__ import annotations

import time
from datetime import datetime

import pytest

from engine.store import clock
from engine.store.clock import local, now_ms


def test_milliseconds_since_1970(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "_source", clock.wall_ms)
    before = time.time()
    assert before * 1000 - 1 <= now_ms() <= time.time() * 1000 + 1


def test_tests_of_routes_give_the_process_another_time():
    with clock.told_by(lambda: 5):
        assert clock.now_ms() == 5
    assert clock.now_ms() > 5


def test_local_is_what_the_system_says() -> None:
    for at in (0, 1_700_000_000_123, 1_753_000_000_000, 1_753_000_900_000):
        assert local(at) == datetime.fromtimestamp(at / 1000).astimezone()
        assert local(at).utcoffset() == datetime.fromtimestamp(at / 1000).astimezone().utcoffset()
