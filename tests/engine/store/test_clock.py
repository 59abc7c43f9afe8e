"""The store's time is UTC milliseconds."""

from __future__ import annotations

import time

from engine.store import clock
from engine.store.clock import now_ms


def test_milliseconds_since_1970() -> None:
    before = time.time()
    assert before * 1000 - 1 <= now_ms() <= time.time() * 1000 + 1


def test_tests_of_routes_give_the_process_another_time():
    with clock.told_by(lambda: 5):
        assert clock.now_ms() == 5
    assert clock.now_ms() > 5
