"""Training: at night the machine learns from what clerks decided since, when it is enough to be worth it."""

from __future__ import annotations

import logging
from datetime import datetime
from functools import partial
from pathlib import Path

from engine.channel import Services
from engine.message import Refused
from engine.ops import models
from engine.store.clock import now_ms
from records import training

log = logging.getLogger(__name__)

BY = "nightly"


class Training:
    """Looks a few times an hour whether it is time."""

    topic = "work:train"
    pause = 600.0

    def __init__(self, services: Services) -> None:
        self._services = services
        folder = services.state / "tmp" / "training"
        self._source, self._target = folder / "examples.jsonl", folder / "model.npz"
        self._clean = False

    async def round(self) -> None:
        """Train if it is due; too few decisions are no failure."""
        if not self._clean:  # what a crash left
            _remove(self._source, self._target)
            self._clean = True
        newest = await self._services.store.read(models.newest)
        last, at = (newest[0].at if newest else 0), now_ms()
        hour = datetime.fromtimestamp(at / 1000).astimezone().hour
        if not await self._services.store.read(partial(training.is_due, last=last, at=at, hour=hour)):
            return
        try:
            await self.train()
        except Refused as refused:
            log.info("nothing learnt: %s %s", refused.code, refused.reason)

    async def stop(self) -> None:
        """A training that was under way is begun anew the next night."""

    async def train(self) -> dict[str, object]:
        """Learn now; the row that was made. Raises `Refused` when there is too little to learn from."""
        services, source, target = self._services, self._source, self._target
        source.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            await services.store.read(lambda conn: training.write_examples(conn, source))
            report = await services.workers.run(training.JOB, str(source), str(target), crew="reading")
            blob = await services.threads.run(
                "blobs", services.blobs.put_file, target, "application/octet-stream", "model.npz"
            )
            made: dict[str, object] = await services.store.write(
                lambda conn: models.put(conn, blob.sha256, report, BY), background=True
            )
        finally:
            _remove(source, target)
        services.notify({"lists", "work:sort"})
        return made


def _remove(*paths: Path) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
