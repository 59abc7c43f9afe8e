"""A folder that people and devices share: makes folders for orders, and watches them for finished files.

`path` inside the site's folder is made at start; any other must be there, because a network share that is away looks
like a missing folder. Watching is a periodic scan in a thread of its own, so a hung share holds up nobody; only the
folders that a run waits for are read. A file is taken when it has been quiet for `settle` by our own clock and is
complete by its content; its bytes are durable before anybody says so, and then it is moved to `.done/` beside it.
Left alone: names that begin with `.` or `~$` or end in `.tmp .part .filepart`, links, `order.txt`.
"""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as TimeIsOver

from channels._folder.make import AWAY, make_folder, make_root
from channels._folder.scan import BATCH, Found, Limits, Scanner
from channels._folder.take import keep, move
from engine.channel import Health, HealthState, SeenFile, Services, TakenFile
from engine.message import Failure, InDoubt, Refused, Request, Response, Unavailable, Value
from engine.message import Repeat as Again
from engine.repeat import Repeat
from engine.site.paths import Template
from engine.site.settings import Duration, SitePath, Size, option

T = TypeVar("T")

DOUBT = "WB-3002"  # the share did not answer in time
COMPLETE = "engine.transform.pdf:complete"
QUIET = 5.0
"""Seconds: without news the engine's book is asked this often, for files that a person has matched meanwhile."""


class Complete(enum.StrEnum):
    """How a file proves that it has been written to its end."""

    PDF = "pdf"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Settings:
    """One folder, below which orders have their own."""

    path: SitePath = option("the folder; one outside the site's folder must exist already")
    settle: Duration = option("how long a file must not change before it is looked at", default=Duration(1))
    poll: Duration = option("pause between two scans", default=Duration(1))
    complete: Complete = option(
        "`pdf`: a PDF with its end and its pages; `none`: quiet is enough", default=Complete.PDF
    )
    max_size: Size = option("larger files are not taken", default=Size(200 << 20))
    max_files: int = option("files that are looked at in one folder; more are left for a person", default=1000)
    timeout: Duration = option("how long a scan may take before the share counts as hung", default=Duration(30))
    max_in_flight: int = option("folders that are made at the same time", default=1)


@dataclass(frozen=True, slots=True)
class Make:
    """Make a folder for one order, with an `order.txt` for the staff; one that another run owns is refused."""

    make: Template = option("the folder below `path`, each part made safe by `|filename`")
    note: Template | None = option("a line for `order.txt`, for example the examination; never a name", default=None)


CALLS: dict[str, type] = {"make": Make}


def good_answer(settings: Settings, operation: str, arguments: Mapping[str, Any]) -> Value:
    """What a folder that was made answers; tests of routes say so where they say nothing else."""
    made = str(arguments["make"])
    return {"path": made, "absolute": str(settings.path.joinpath(*made.split("/")))}


def repeat_of(operation: str, arguments: object) -> Again:
    """A folder that is this run's already is done."""
    return "same"


class Channel:
    """Both ways: the sink `make`, and the watching that reports files to the engine's book."""

    def __init__(self, name: str, settings: Settings, services: Services) -> None:
        self._name = name
        self._settings = settings
        self._services = services
        self._health: Health | None = None
        limits = Limits(settings.settle, settings.max_files, settings.max_size)
        self._scanner = Scanner(settings.path, limits)
        self._watching: Repeat | None = None
        self._task: Any = None
        self._given_up: list[_Job] = []
        self._asked = -QUIET
        self._poked = True

    async def start(self, _inbox: object = None) -> None:
        """Begin to watch; a share that is away does not stop the start."""
        services = self._services
        if self._settings.path.is_relative_to(services.site):
            try:
                await self._in_thread(lambda: make_root(self._settings.path), self._settings.timeout)
            except Failure as failure:
                self._tell(Health(HealthState.DOWN, failure.reason))
        self._watching = Repeat(services.reactor, f"folder {self._name}", self._settings.poll, self._round)
        self._task = services.spawn(f"folder {self._name}", self._watching.run())

    async def stop(self) -> None:
        watching, self._watching = self._watching, None
        if watching is not None:
            watching.stop()
            self._task.cancel()
        self._tell(Health(HealthState.STOPPED))

    def poke(self) -> None:
        """Scan now: somebody knows of a new file or of a new wait."""
        self._poked = True
        if self._watching is not None:
            self._watching.poke()

    async def probe(self) -> Health:
        """Read the folder and write into it."""
        try:
            await self._in_thread(lambda: make_root(self._settings.path, only_look=True), self._settings.timeout)
        except Failure as failure:
            return Health(HealthState.DOWN, failure.reason)
        return Health(HealthState.UP)

    def repeat(self, operation: str, arguments: Mapping[str, Any]) -> Again:
        """See `repeat_of`."""
        return repeat_of(operation, arguments)

    def owns(self, operation: str, arguments: Mapping[str, Any]) -> str | None:
        """The folder that belongs to the asking run alone: recorded with the intention, before it is made."""
        return str(arguments["make"])

    async def ask(self, request: Request) -> Response | None:
        """Never asked, because a repeat is `same`."""
        return None

    async def call(self, request: Request) -> Response:
        owner = request.run_id or f"run {request.run}"
        made = str(request.arguments["make"])
        note = str(request.arguments.get("note") or "")
        try:
            new = await self._in_thread(lambda: make_folder(self._settings.path, made, owner, note), request.timeout)
        except Refused:
            self._tell(Health(HealthState.UP))
            raise
        except Failure as failure:
            self._tell(Health(HealthState.DOWN, failure.reason))
            raise
        self._tell(Health(HealthState.UP))
        value = good_answer(self._settings, request.operation, request.arguments)
        return Response(value, "folder made" if new else "folder same")

    async def _round(self) -> None:
        """One scan, and what follows from it."""
        self._given_up = [job for job in self._given_up if job.running]
        if self._given_up:
            return  # a thread still hangs in the share; health says so, and no second one is sent after it
        poked, self._poked = self._poked, False
        try:
            trouble = await self._look(poked)
        except Failure as failure:
            self._poked = self._poked or poked
            self._tell(Health(HealthState.DOWN, failure.reason))
        else:
            self._tell(Health(HealthState.DEGRADED if trouble else HealthState.UP, trouble))

    async def _look(self, poked: bool) -> str:
        """Scan, report and move; what a person should know of the folder."""
        files, now = self._services.files, self._services.reactor.seconds()
        folders = await files.watched(self._name)
        scan = await self._in_thread(lambda: self._scanner.scan(folders, now), self._settings.timeout)
        self._poked = self._poked or len(scan.settled) == BATCH
        seen = [file for file in [await self._seen(found) for found in scan.settled] if file is not None]
        if not (seen or scan.gone or poked or now - self._asked >= QUIET):
            return scan.trouble
        taken = await files.observe(self._name, seen, scan.gone)
        self._asked = now
        self._scanner.reported(seen, scan.gone, now)
        stuck = [file for file in taken if not await self._moved(file)]
        self._poked = self._poked or bool(stuck)
        return (
            f"{len(stuck)} taken files cannot be moved to .done: another program holds them" if stuck else scan.trouble
        )

    async def _moved(self, file: TakenFile) -> bool:
        done = await self._in_thread(lambda: move(self._settings.path, file), self._settings.timeout)
        if done:
            self._scanner.changed(file.path)
            await self._services.files.moved(self._name, file.path)
        return done

    async def _seen(self, found: Found) -> SeenFile | None:
        """What is to be said of a settled file; None when it changed meanwhile."""
        reason = found.reason or await self._incomplete(found)
        size, mtime, inode = found.stamp
        if reason:
            return SeenFile(found.path, size, mtime, inode, False, reason)
        blob = await self._in_thread(lambda: keep(self._services.blobs, found), self._settings.timeout * 4)
        if blob is None:
            self._scanner.changed(found.path)
            return None
        foreign = "" if found.is_pdf or self._settings.complete is Complete.NONE else "not a PDF"
        return SeenFile(found.path, size, mtime, inode, True, foreign, blob)

    async def _incomplete(self, found: Found) -> str:
        if self._settings.complete is Complete.NONE or not found.is_pdf:
            return ""
        try:
            return str(await self._services.workers.run(COMPLETE, str(found.file)))
        except Refused as failure:
            return f"it could not be examined: {failure.code} {failure.reason}"

    async def _in_thread(self, work: Callable[[], T], seconds: float) -> T:
        """In this connection's threads; a share that hangs is given up, and not scanned again until it answers."""
        job = _Job()

        def tracked() -> T:
            with job:
                return work()

        deferred = Deferred.fromCoroutine(_awaited(self._services.threads.run(f"folder:{self._name}", tracked)))
        try:
            return await deferred.addTimeout(seconds, self._services.reactor)
        except TimeIsOver:
            job.wanted = False
            self._given_up.append(job)
            raise InDoubt(DOUBT, f"the folder has not answered within {seconds:g} s") from None
        except OSError as error:
            raise Unavailable(AWAY, f"the folder cannot be used ({error.strerror or type(error).__name__})") from None

    def _tell(self, health: Health) -> None:
        if health != self._health:
            self._health = health
            self._services.health(self._name, health)


class _Job:
    """Work in a thread: whether it runs now, and whether anybody still wants it."""

    def __init__(self) -> None:
        self.running = False
        self.wanted = True

    def __enter__(self) -> None:
        if not self.wanted:
            raise Unavailable(AWAY, "the caller gave up")
        self.running = True

    def __exit__(self, *_error: object) -> None:
        self.running = False


async def _awaited(work: Awaitable[T]) -> T:
    return await work
