"""Making: the searchable PDF/A of filed documents, one after the other, when their pages' text is there."""

from __future__ import annotations

import time
from typing import Any

from twisted.internet.defer import CancelledError

from engine.channel import Services
from engine.message import Failure, Refused, Unavailable
from engine.points import point
from engine.store.clock import now_ms
from records import searchable, sources
from records.searchable import NOT_MADE, Plan

MOST = 20
"""Documents looked at in one round."""
OLD = 3600.0
"""Seconds: longer than any file is made and sent."""
JOB = "records.archive:make"


class Making:
    """Makes, checks, keeps; a failure is listed and tried again."""

    topic = "work:make"
    pause = 1.0

    def __init__(self, services: Services) -> None:
        self._services = services
        self._folder = services.state / "tmp" / "making"
        self._clean = False

    async def round(self) -> None:
        """All that is due now."""
        if not self._clean:
            self._tidy()
            self._clean = True
        while await self._some(now_ms()):
            pass

    async def stop(self) -> None:
        """What is half made is made anew."""

    def _tidy(self) -> None:
        """Remove what a crash left: here, and where the screens' files are made, of which some may be under way."""
        for path in self._folder.glob("*.pdf"):
            path.unlink(missing_ok=True)
        for path in (self._services.state / "tmp" / "made").glob("*"):
            if time.time() - path.stat().st_mtime > OLD:
                path.unlink(missing_ok=True)

    async def _some(self, at: int) -> bool:
        """Whether there may be more."""
        store = self._services.store
        keys, waits = await store.read(lambda conn: searchable.due(conn, at, MOST))
        if waits:
            await store.write(lambda conn: searchable.postpone(conn, waits, at), background=True)
        for key in keys:
            await self._make(key)
        return len(keys) + len(waits) >= MOST

    async def _make(self, key: int) -> None:
        plan = await self._services.store.read(lambda conn: searchable.plan(conn, key))
        if plan is None:
            await self._services.store.write(lambda conn: searchable.drop(conn, key), background=True)
            return
        try:
            await self._made(plan)
        except CancelledError:
            raise
        except Unavailable:
            raise  # a full disk or a busy crew is nothing of the document's: the next round
        except Failure as failure:
            await self._failed(key, failure.code, failure.reason)
        except Exception as error:  # noqa: BLE001 - a bug of one document must not stop the others; it is listed
            await self._failed(key, NOT_MADE, f"the job failed ({type(error).__name__})")

    async def _made(self, plan: Plan) -> None:
        services = self._services
        pages = sources.located(plan.sources, services.blobs.path)
        out = self._folder / f"{plan.document}.pdf"
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            options = {"title": plan.title, "created": plan.created}
            answer: dict[str, Any] = await services.workers.run(JOB, pages, str(out), options, crew="reading")
            if answer["checks"]:
                raise Refused(NOT_MADE, f"the check at write found: {'; '.join(answer['checks'][:3])}")
            point("file.searchable_made")
            blob = await services.threads.run(
                "blobs", services.blobs.put_file, out, "application/pdf", f"{plan.public_id}.pdf"
            )
        finally:
            out.unlink(missing_ok=True)
        point("file.searchable_durable")
        at = now_ms()
        await services.store.write(lambda conn: searchable.done(conn, plan, blob, at), background=True)
        point("file.searchable_done")
        services.notify({"records", f"document:{plan.public_id}"})

    async def _failed(self, key: int, code: str, reason: str) -> None:
        at = now_ms()
        await self._services.store.write(lambda conn: searchable.failed(conn, key, code, reason, at), background=True)
        self._services.notify({"problems"})
