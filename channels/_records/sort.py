"""Sorting: what the machine suggests for groups of pages, as soon as their text is there."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

from engine.channel import Services
from engine.message import Blob
from engine.ops import models
from records import lists, suggest

MOST = 20
"""Drafts of one job."""


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
        store, at = self._services.store, int(time.time() * 1000)
        active = await store.read(models.active)
        number = active.id if active is not None else 0
        drafts = await store.read(partial(suggest.due, model=number, most=MOST))
        if not drafts:
            return False
        known = await store.read(partial(suggest.known, model=(number, active.blob) if active is not None else None))
        items = await store.read(partial(suggest.items, drafts=drafts))
        said = await self._services.workers.run(
            suggest.JOB, path_of(self._services, known.blob), [(one.draft, one.kind, one.pages) for one in items],
            known.rules, known.thresholds, known.departments, crew="pictures",
        )  # fmt: skip
        batches = await store.write(partial(suggest.keep, said=said, model=number, at=at), background=True)
        notify = self._services.extra.get("notify")
        if notify is not None:
            notify({f"batch:{name}" for name in batches})
        return len(drafts) == MOST


def path_of(services: Any, blob: str) -> str:
    """Where the model's file is; empty when none is at work."""
    return str(services.blobs.path(Blob(blob, 0, "application/octet-stream", ""))) if blob else ""
