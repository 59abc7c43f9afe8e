"""Reading: the text of pages, two at a time, at the lowest priority. Nothing waits for it."""

from __future__ import annotations

import shutil
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, DeferredLock

from channels._records.pieces import all_of
from engine.channel import Services
from engine.message import Blob, Failure, Unavailable
from engine.points import point
from engine.store.clock import now_ms
from records import texts, waiting

AT_ONCE = 2
JOB = "records.read:page"
BUG = "WB-8401"


class Reading:
    """Takes one page after the other, so that one that came meanwhile is next, until none is due.

    A page that cannot be read is tried again and then listed. What was under way at a stop is still queued.
    """

    topic = "work:read"
    pause = 1.0

    def __init__(self, services: Services) -> None:
        self._services = services
        self._folder = services.state / "tmp" / "reading"
        self._busy: set[int] = set()
        self._asking = DeferredLock()
        self._clean = False
        self._stopping = False

    async def round(self) -> None:
        """All that is due now."""
        if not self._clean:  # what a crash left
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder.mkdir(parents=True, mode=0o700)
            self._clean = True
        await all_of([Deferred.fromCoroutine(self._lane()) for _ in range(AT_ONCE)])

    async def stop(self) -> None:
        """No further page; the workers end theirs with the engine."""
        self._stopping = True

    async def _lane(self) -> None:
        while not self._stopping:
            row = await self._next()
            if row is None:
                return
            try:
                await self._read(row)
            except Unavailable:  # a full or ending engine, a full disk: nothing of the page's; the next round
                return
            finally:
                self._busy.discard(row["page"])

    async def _next(self) -> dict[str, Any] | None:
        """The next page, taken. One lane asks after the other, so that no page is given to both."""
        async with self._asking:
            busy, at = list(self._busy), now_ms()
            found = await self._services.store.read(lambda conn: waiting.due(conn, at, 1, busy))
            if not found:
                return None
            self._busy.add(found[0]["page"])
            return found[0]

    async def _read(self, row: dict[str, Any]) -> None:
        services = self._services
        path = services.blobs.path(Blob(row["master"], 0))
        options = row["options"] | {"skew": row["skew"]}
        try:
            answer: dict[str, Any] = await services.workers.run(
                JOB, str(path), row["recipe"], row["languages"], options, str(self._folder), crew="reading"
            )
        except (CancelledError, Unavailable):
            raise
        except Failure as failure:
            await self._failed(row, failure.code, failure.reason)
            return
        except Exception as error:  # noqa: BLE001 - a bug with one page must not stop the others; it is listed
            await self._failed(row, BUG, f"the job failed ({type(error).__name__})")
            return
        point("capture.read")
        at = now_ms()
        kept = await services.store.write(
            lambda conn: texts.put(conn, row["page"], row["recipe"], answer, at), background=True
        )
        point("capture.text_kept")
        if kept:
            self._services.notify({"work:make", f"batch:{row['batch']}"})

    async def _failed(self, row: dict[str, Any], code: str, reason: str) -> None:
        at = now_ms()
        listed = await self._services.store.write(
            lambda conn: texts.failed(conn, row, code, reason, at), background=True
        )
        if listed:
            self._services.notify({"problems", f"batch:{row['batch']}"})


class Rebuilding:
    """Builds a new index of the text beside the one that answers, when `waybill reindex` has ordered it."""

    topic = "work:rebuild"
    pause = 2.0

    def __init__(self, services: Services) -> None:
        self._services = services
        self._stopping = False

    async def round(self) -> None:
        """Piece by piece to the end; each is a background write, so what comes in goes first."""
        store = self._services.store
        try:
            if await store.read(texts.building):
                while not self._stopping and await store.write(texts.build, background=True) is not None:
                    pass
        except Unavailable:  # the next round goes on
            return

    async def stop(self) -> None:
        """What is built so far stays, and is continued."""
        self._stopping = True
