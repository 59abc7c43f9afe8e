"""The first work of an empty demonstration site, so that whoever signs in finds some."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from engine.demo import feed, people, tomorrow

if TYPE_CHECKING:
    from engine.demo.client import Browser
    from engine.demo.stand import Stand

BATCH = feed.Stack("Ward 3, morning post", pages=12, blanks=1, dpi=feed.FINE, bare=(3,))


def is_empty(browser: Browser) -> bool:
    """Whether nothing was ever scanned here."""
    return not any(browser.post("/api/v1/scan/batches/search", {"limit": 1})["counts"].values())


def fill(stand: Stand, browser: Browser) -> None:
    """Patients of three languages, who come tomorrow, and a stack of their paper in the scanner."""
    people.register(stand)
    tomorrow.send(stand)
    feed.feed(stand, browser, BATCH, people.known(stand, browser))
    say(f"the simulated scanner fed {BATCH.sheets} sheets at {feed.STATION}: BATCHES (g b) shows them")


def say(text: str) -> None:
    """A line of what happens."""
    sys.stdout.write(f"  {text}\n")
    sys.stdout.flush()
