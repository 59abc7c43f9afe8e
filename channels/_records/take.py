"""Taking: pages of scanned files come into their batches, a few at a time, so that they are seen at once.

Each station has its own line, in which files join in the order in which they came. While one piece is joined the next
is made ready, over the end of a file too. Nothing is remembered here: what a crash cut off is found again by the pages
that are missing.
"""

from __future__ import annotations

import logging
import shutil
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row
from twisted.internet.defer import Deferred, DeferredSemaphore
from twisted.python.failure import Failure

from channels._records.pieces import BUG, KILLED, Pieces, Ready
from engine.channel import Services
from engine.message import Blob, Refused, Unavailable
from engine.points import point
from engine.store.clock import now_ms
from records import capture, files

log = logging.getLogger(__name__)

FIRST, PIECE = 2, 4
"""Pages in the first and the further commits of a file."""
AHEAD = 2
"""Pieces of a station that are made ready at the same time: more would keep the other stations' pages waiting."""
LINES = 4
"""Stations whose files are made ready at the same time."""
MOST = 20
"""Files of a station before the others have their turn."""


@dataclass(slots=True)
class Step:
    """Some pages of a file, in the order in which they join. ready: once they are being made."""

    file: Row[Any]
    numbers: Sequence[int]
    known: int
    ready: Deferred[Ready] | None = None


@dataclass(slots=True)
class _Lines:
    """The stations of one round: whose files are being taken, and which wait, each with its timer."""

    under_way: dict[str, Deferred[Any]] = field(default_factory=dict)
    waiting: dict[str, Any] = field(default_factory=dict)
    over: bool = False

    def end(self) -> None:
        """Nothing of it goes on."""
        self.over = True
        for line in list(self.under_way.values()):
            line.cancel()
        for timer in self.waiting.values():
            timer.cancel()


class Taking:
    """Goes on until no file is due. A file that cannot be read is listed and the others go on.

    A station begins when its file comes, however long the others' files still take.
    """

    topic = "work:take"
    pause = 1.0

    def __init__(self, services: Services) -> None:
        self._services = services
        self._folder = (services.state / "tmp" / "taking").resolve()
        self._pieces = Pieces(services, self._folder)
        self._lines = DeferredSemaphore(LINES)
        self._clean = False
        self._stopping = False
        self._rung = False
        self._bell: Deferred[None] | None = None

    def woken(self) -> None:
        """A file has come, or a station's line has ended: look again, also in the middle of a round."""
        self._rung = True
        if self._bell is not None and not self._bell.called:
            self._bell.callback(None)

    async def round(self) -> None:
        """All files that are due now; a station whose file must wait is left to the next round."""
        if not self._clean:  # what a crash left
            await self._services.threads.run("blobs", partial(shutil.rmtree, ignore_errors=True), self._folder)
            self._clean = True
        lines = _Lines()
        try:
            while await self._begun(lines):
                await self._next()
        finally:
            lines.end()

    async def _begun(self, lines: _Lines) -> bool:
        """Begin the lines of stations that have none; whether any is still under way."""
        self._rung = False
        found = [] if self._stopping else await self._services.store.read(files.stations)
        for station in found:
            if station not in lines.under_way and station not in lines.waiting:
                line: Deferred[bool] = self._lines.run(lambda one: Deferred.fromCoroutine(self._line(one)), station)
                lines.under_way[station] = line
                _ = line.addBoth(partial(self._ended, lines, station))
        return bool(lines.under_way)

    def _ended(self, lines: _Lines, station: str, result: bool | Failure) -> None:
        """A station that must wait is tried again after a pause, in this round if it still goes on."""
        del lines.under_way[station]
        if lines.over:
            return
        if isinstance(result, Failure):  # a bug with one station must not stop the others
            log.error("taking of a station: %s", result.type.__name__ if result.type else "failure")
        if result is not True:
            lines.waiting[station] = self._services.reactor.callLater(self.pause, self._again, lines, station)
        self.woken()

    def _again(self, lines: _Lines, station: str) -> None:
        del lines.waiting[station]
        self.woken()

    async def _next(self) -> None:
        """Until `woken`, which may have been called meanwhile."""
        if not self._rung:
            self._bell = Deferred()
            try:
                await self._bell
            finally:
                self._bell = None

    async def stop(self) -> None:
        """No further piece; the workers end theirs with the engine."""
        self._stopping = True

    async def _line(self, station: str) -> bool:
        """The next files of a station, in their order; False when one must wait, and so those behind it."""
        rows = await self._services.store.read(partial(files.due, most=MOST, station=station))
        steps: deque[Step] = deque()
        for row in rows:
            steps.extend(await self._steps(row))
        try:
            while steps and not self._stopping:
                for step in list(steps)[:AHEAD]:
                    self._begin(step)
                step = steps.popleft()
                further = await self._join(step)
                if further is None:  # it is over
                    _cancel(other for other in steps if other.file.id == step.file.id)
                    steps = deque(other for other in steps if other.file.id != step.file.id)
                steps.extendleft(reversed(further or ()))
        except Unavailable:  # a full or ending engine, a full disk: nothing of the file's
            return False
        finally:
            _cancel(steps)
        return True

    async def _steps(self, row: Row[Any]) -> list[Step]:
        if not row.pages:
            return [Step(row, range(1, FIRST + 1), 0)]
        missing = await self._services.store.read(partial(files.missing, file=row))
        # With nothing left to do it is joined all the same, so that it is written down as done.
        return [Step(row, piece, row.pages) for piece in _pieces(missing)] or [Step(row, [], row.pages)]

    def _begin(self, step: Step) -> None:
        if step.ready is None:
            blob = Blob(step.file.blob, step.file.size, step.file.content_type, step.file.name)
            step.ready = Deferred.fromCoroutine(self._pieces.make(blob, step.numbers, step.known))

    async def _join(self, step: Step) -> list[Step] | None:
        """Put the pages into their batch; what is to be done of the file besides. None: the file is over."""
        assert step.ready is not None
        try:
            ready = await step.ready
            point("capture.ready")
            joined = await self._write(
                lambda conn, at: capture.join(conn, step.file.id, ready.pages, ready.pieces, ready.bad, at)
            )
        except Refused as refused:
            await self._failed(step.file.id, refused)
            return None
        point("capture.joined")
        if joined is None:
            return None
        self._services.notify(
            {"scan", f"batch:{joined.batch}", "work:read"} | ({"problems"} if joined.stopped else set())
        )
        if joined.done:
            return None
        return [] if step.known else [Step(step.file, some, ready.pages) for some in _pieces(_after(step, ready))]

    async def _failed(self, file_id: int, refused: Refused) -> None:
        """What a worker died of may pass; anything else never will."""

        def write(conn: Connection, at: int) -> tuple[bool, str | None]:
            if refused.code in (*KILLED, BUG) and files.tried(conn, file_id, refused.code, refused.reason):
                return True, None
            return False, capture.fail(conn, file_id, refused.code, refused.reason, at)

        again, batch = await self._write(write)
        point("capture.failed")
        if again:
            raise Unavailable(refused.code, "tried again in the next round")
        self._services.notify({"scan", "problems"} | ({f"batch:{batch}"} if batch else set()))

    async def _write(self, operation: Any) -> Any:
        at = now_ms()
        return await self._services.store.write(lambda conn: operation(conn, at))


def _after(step: Step, ready: Ready) -> Sequence[int]:
    return range(step.numbers[-1] + 1, ready.pages + 1)


def _pieces(numbers: Sequence[int]) -> list[Sequence[int]]:
    """Numbers that follow each other, a few at a time."""
    pieces: list[list[int]] = []
    for number in numbers:
        if pieces and pieces[-1][-1] == number - 1 and len(pieces[-1]) < PIECE:
            pieces[-1].append(number)
        else:
            pieces.append([number])
    return list(pieces)


def _cancel(steps: Any) -> None:
    for step in steps:
        if step.ready is not None:
            step.ready.addErrback(lambda _: None)
            step.ready.cancel()
