"""The store's time is UTC milliseconds."""

from __future__ import annotations

import time

from engine.store.clock import now_ms


def test_milliseconds_since_1970() -> None:
    before = time.time()
    assert before * 1000 - 1 <= now_ms() <= time.time() * 1000 + 1
