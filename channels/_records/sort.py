"""Sorting: what the machine suggests for groups of pages, as soon as their text is there."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial
from typing import Any

from twisted.internet.defer import CancelledError

from engine.channel import Services
from engine.message import Blob, Failure, Unavailable
from engine.ops import models
from engine.store.clock import now_ms
from records import lists, suggest

log = logging.getLogger(__name__)

MOST = 20
"""Drafts of one job."""
SECONDS = 20.0
"""For one job: what a site's pattern may take of a worker that exports wait for."""


class Sorting:
    """Asks the model at work, and the site's patterns."""

    topic = "work:sort"
    pause = 3.0

    def __init__(self, services: Services) -> None:
        self._services = services
        self._begun = False

    async def round(self) -> None:
        """All that is due now; at first the lists of a store that has none."""
        if not self._begun:
            await self._services.store.write(lists.begin)
            self._begun = True
        while await self._some():
            pass

    async def stop(self) -> None:
        """Suggestions that were not kept are made anew."""

    async def _some(self) -> bool:
        """Whether there may be more."""
        store, at = self._services.store, now_ms()
        active = await store.read(models.active)
        number = active.id if active is not None else 0
        drafts = await store.read(partial(suggest.due, model=number, most=MOST))
        if not drafts:
            return False
        known = await store.read(partial(suggest.known, model=(number, active.blob) if active is not None else None))
        items = await store.read(partial(suggest.items, drafts=drafts))
        said = await self._said(known, items)
        batches = await store.write(partial(suggest.keep, said=said, model=number, at=at), background=True)
        self._services.notify({f"batch:{name}" for name in batches})
        return len(drafts) == MOST

    async def _said(self, known: suggest.Known, items: Sequence[suggest.Item]) -> dict[int, dict[str, Any]]:
        """What is said of each. One that a worker dies of (a site's own pattern, perhaps) does not hold up others."""
        try:
            said: dict[int, dict[str, Any]] = await self._services.workers.run(
                suggest.JOB, path_of(self._services, known.blob), [(one.draft, one.kind, one.pages) for one in items],
                known.rules, known.thresholds, known.departments, deadline=SECONDS, crew="papers",
            )  # fmt: skip
            return said
        except (CancelledError, Unavailable):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it would come again with each round
            if len(items) == 1:
                what = error.code if isinstance(error, Failure) else type(error).__name__
                log.error("nothing can be suggested for group %d: %s", items[0].draft, what)
                return {items[0].draft: dict(suggest.NOTHING)}
        each = [await self._said(known, [one]) for one in items]
        return {key: values for one in each for key, values in one.items()}


def path_of(services: Any, blob: str) -> str:
    """Where the model's file is; empty when none is at work."""
    return str(services.blobs.path(Blob(blob, 0, "application/octet-stream", ""))) if blob else ""
