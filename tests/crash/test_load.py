"""Many orders under load while the daemon is killed again and again at random moments: each arrives once."""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.crash.children import until
from tests.crash.effort import times
from tests.crash.plant import ONCE, Plant, plant

ORDERS = times(60, 200)
SEED = 20_260
EARLY, LATE = times(3, 4), times(3, 4)
"""Kills after a random time, and kills when a random number of reports is at the HIS."""
PAUSES = (0.3, 3.0)
"""Seconds between a start and the next kill."""


class Killer(threading.Thread):
    """Kills the daemon at random moments, and starts it again."""

    def __init__(self, here: Plant) -> None:
        super().__init__(daemon=True)
        self._here = here
        self._chance = random.Random(SEED)
        self.starts: list[float] = []

    def run(self) -> None:
        never = threading.Event()
        for _ in range(EARLY):
            never.wait(self._chance.uniform(*PAUSES))
            self._kill()
        for sent in sorted(self._chance.sample(range(5, ORDERS - 10), LATE)):
            self._until_sent(sent)
            never.wait(self._chance.uniform(0, 0.2))
            self._kill()

    def _until_sent(self, sent: int) -> None:
        evidence = self._here.evidence
        until(lambda: evidence.everything()["accepted"] >= sent, 4 * ONCE, f"the HIS never got {sent} reports")

    def _kill(self) -> None:
        self._here.daemon.kill()
        self._here.expect_killed()
        self.starts.append(self._here.start_daemon())


def test_orders_with_random_kills(tmp_path: Path):
    with plant(tmp_path, "person") as here, ThreadPoolExecutor(1) as pool:
        began = time.monotonic()
        pushed, orders = here.push_many(ORDERS, 8)
        answers = pool.submit(here.accepted, pushed)
        killer = Killer(here)
        killer.start()
        until(lambda: here.look(*orders) and not killer.is_alive(), 5 * ONCE, lambda: here.story(*orders))
        here.finish(*orders)
        office, lost = here.office, here.office.taken_back
        print(
            f"\n  {ORDERS} orders, {here.kills} kills in {time.monotonic() - began:.0f} s; starts took at most "
            f"{max(killer.starts):.1f} s; answers to doubts: {[answer for _, answer in office.answered]}; "
            f"signing jobs taken back: {len(lost)}; held for three kills: {len(office.retried)}"
        )
        assert here.kills == EARLY + LATE
        assert [answer["result"] for answer in answers.result(ONCE)] == ["0"] * ORDERS
        wrong = {
            order: counts
            for order, counts in here.evidence.of_all(orders).items()
            if (counts.rows, counts.folders, counts.reports, counts.counting, counts.accepted) != (1, 1, 1, 1, 1)
            or counts.pushes != 1
            or counts.signatures > 1 + lost.count(order)
        }
        assert not wrong
        assert here.evidence.everything() == {"rows": ORDERS, "folders": ORDERS, "half made": 0, "accepted": ORDERS}
