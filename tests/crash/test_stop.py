"""SIGTERM with a browser open and work in flight, the start after it, and a second daemon on the same state."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.children import Child, until
from tests.crash.evidence import Counts
from tests.crash.plant import Plant, plant

ORDERS = 30
STOP_WITHIN = 15.0
START_WITHIN = 30.0
"""Three seconds are promised; a test machine may be busy, so the time is printed."""
ONE = Counts(1, 1, 1, 1, 1, 1, 1)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    with plant(tmp_path_factory.mktemp("stop"), "person") as made:
        made.daemon.forked = False  # how it starts is the subject here
        yield made


class Screen(threading.Thread):
    """A browser that follows the live events to their end."""

    def __init__(self, here: Plant) -> None:
        super().__init__(daemon=True)
        self._stream = here.office.stream("/api/v1/live")
        self.events = 0
        self.start()

    def run(self) -> None:
        with self._stream as stream:
            for line in stream:
                self.events += line.startswith(b"event:")


def test_sigterm_with_a_screen_open_and_work_in_flight(here: Plant):
    pushed, orders = here.push_many(ORDERS, 4)
    until(lambda: len(here.office.rows(orders)) == ORDERS, 60, lambda: here.story(*orders))
    screens = [Screen(here) for _ in range(3)]
    until(lambda: here.evidence.everything()["accepted"] >= 3 or here.look(*orders), 60, lambda: here.story(*orders))
    until(lambda: all(screen.events for screen in screens), 20, "no event came")
    began = time.monotonic()
    status = here.daemon.end(STOP_WITHIN + 5)
    took = time.monotonic() - began
    for screen in screens:
        screen.join(5)
        assert not screen.is_alive(), "the stream has ended with the daemon"
    again = here.start_daemon()
    print(f"\n  SIGTERM with {len(screens)} screens open: ended after {took:.1f} s; up again after {again:.1f} s")
    assert (status, took < STOP_WITHIN, again < START_WITHIN) == (0, True, True), here.daemon.tail()
    here.accepted(pushed)
    here.finish(*orders, seconds=120)
    assert here.evidence.of_all(orders) == dict.fromkeys(orders, ONE)
    assert (here.office.answered, here.office.taken_back, here.office.retried) == ([], [], [])


def test_sigterm_while_it_starts(here: Plant):
    here.daemon.kill()
    here.start_daemon()
    assert here.daemon.end(STOP_WITHIN) == 0
    for pause in (0.6, 0.8, 0.9, 1.0, 1.2, 1.4):
        here.launch()
        threading.Event().wait(pause)
        began = time.monotonic()
        # Before Python has set its handlers the signal itself ends it.
        assert here.daemon.end(STOP_WITHIN) in (0, -signal.SIGTERM), here.daemon.tail()
        print(f"\n  SIGTERM {pause:g} s after the start: ended after {time.monotonic() - began:.1f} s", end="")
        assert "Traceback" not in here.daemon.tail()
    assert here.start_daemon() < START_WITHIN
    one_more(here)


def one_more(here: Plant) -> None:
    order = here.order_id()
    here.accepted(here.push("order", order))
    here.finish(order)
    assert here.counts(order) == ONE


def test_a_second_daemon_on_the_same_state_is_refused(here: Plant, tmp_path: Path):
    second = Child(
        "second", "engine.cli",
        ["run", "--site", here.site, "--state", here.state, "--web", "127.0.0.1:0"], tmp_path / "second.log",
    )  # fmt: skip
    second.start(environment=here.environment())
    try:
        until(lambda: not second.alive, 30, "the second daemon runs, or takes long to give up")
    finally:
        second.kill()
    assert second.status == 1
    assert f"another daemon uses {here.state}" in second.tail()
    assert "Traceback" not in second.tail()
    one_more(here)


def test_a_start_right_after_a_kill_meets_neither_lock_nor_ports(here: Plant):
    for _ in range(2):
        here.daemon.kill()
        assert here.start_daemon() < START_WITHIN
        health = here.office.connections()
        assert (health["his_in"], health["his_op"], health["device_db"], health["device_dir"]) == ("up",) * 4, health
    one_more(here)
