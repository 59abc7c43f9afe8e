"""The one reactor."""

from __future__ import annotations

import time

from twisted.internet import reactor

from engine.runtime.reactor import install


def test_installed_once_and_then_only_returned() -> None:
    assert install() is reactor
    assert install() is reactor


def test_timers_know_no_wall_clock() -> None:
    made = install()
    before = time.monotonic()
    call = made.callLater(3600, lambda: None)
    try:
        assert before <= call.getTime() - 3600 <= time.monotonic()
    finally:
        call.cancel()
