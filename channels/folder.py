"""A folder that people and devices share: takes files in, makes folders for orders, watches them for finished files.

**As a source** (a route receives `file` from it): files directly in `path`, and in the folders of the stations below
it, are taken. A file has been quiet for `settle` by our own clock and is whole by its content: a PDF with its end and
its pages, a JPEG with its end mark, a PNG with its last chunk, a TIFF whose directories, and all that they name, lie
inside it. What is not whole waits, visibly and for ever (PROBLEMS shows since when). A whole file is renamed into
`.work/` beside it, its bytes are made durable, the message is committed, and then it goes to `.done/`, over nothing;
what is refused goes to `.error/` with a text that says why. The message's body is the file; `$(meta/name)`,
`$(meta/folder)` (the station's folder, empty for the root), `$(meta/written)`. Its identity is place, name, time of
writing, size and SHA-256: the same file moved back is a repeat (counted, no second run), the same bytes scanned again
are another page. Senders that give no sign of the end set `marker`: `scan.jpg` is then taken when `scan.jpg.ready` lies
beside it.

`path` inside the site's folder is made at start; any other must be there, because a network share that is away looks
like a missing folder. Left alone: names that begin with `.` or `~$` or end in `.tmp .part .filepart`, links,
`order.txt`.

**With orders** (`make`, and waits for files; not beside the source, in one folder): watching is a periodic scan in a
thread of its own, so a hung share holds up nobody; only the folders that a run waits for are read. A file is taken when
it has been quiet for `settle` by our own clock and is complete by its content; its bytes are durable before anybody
says so, and then it is moved to `.done/` beside it.

With `agent` the folder is on the computer where `waybill agent` runs, which makes, watches and moves by its own
settings (`path`, `settle`, `max_files`); a file comes here in hashed pieces and is durable before it is moved there.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from channels._agent.link import Link
from channels._agent.settings import Agent
from channels._agent.share import Far
from channels._folder.intake import Intake, Rules
from channels._folder.scan import BATCH, Found, Limits
from channels._folder.share import Near, Share
from engine.channel import Health, HealthState, Inbox, SeenFile, Services, TakenFile
from engine.message import Failure, Refused, Request, Response, Value
from engine.message import Repeat as Again
from engine.repeat import Repeat
from engine.site.paths import Template
from engine.site.settings import Duration, SitePath, Size, option

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

    path: SitePath | None = option(
        "the folder; one outside the site's folder must exist already; left out with `agent`", default=None
    )
    settle: Duration = option("how long a file must not change before it is looked at", default=Duration(1))
    poll: Duration = option("pause between two scans", default=Duration(1))
    complete: Complete = option(
        "`pdf`: a PDF with its end and its pages (as a source also the ends of JPEG, PNG and TIFF); "
        "`none`: quiet is enough",
        default=Complete.PDF,
    )
    max_size: Size = option("larger files are not taken", default=Size(200 << 20))
    max_files: int = option("files that are looked at in one folder; more are left for a person", default=1000)
    timeout: Duration = option("how long a scan may take before the share counts as hung", default=Duration(30))
    max_in_flight: int = option("folders that are made at the same time", default=1)
    operation: str = option("as a source: the operation that a route receives", default="file")
    marker: str = option(
        "as a source: what ends the name of a second file which says that the first is whole, for example `.ready`; "
        "its content is then not asked",
        default="",
    )
    agent: Agent | None = option("the computer that has the folder, where `waybill agent` runs", default=None)

    def __post_init__(self) -> None:
        if (self.path is None) == (self.agent is None):
            raise ValueError("a folder has `path: FOLDER`, or `agent: {url: ..., secret: ...}`")
        if self.marker and not re.fullmatch(r"\.[A-Za-z0-9]{1,20}", self.marker):
            raise ValueError("`marker` is a full stop and letters or digits, as `.ready`")


@dataclass(frozen=True, slots=True)
class Make:
    """Make a folder for one order, with an `order.txt` for the staff; one that another run owns is refused."""

    make: Template = option("the folder below `path`, each part made safe by `|filename`")
    note: Template | None = option("a line for `order.txt`, for example the examination; never a name", default=None)


CALLS: dict[str, type] = {"make": Make}


def good_answer(settings: Settings, operation: str, arguments: Mapping[str, Any]) -> Value:
    """What a folder that was made answers; tests of routes say so where they say nothing else."""
    made = str(arguments["make"])
    root = Path("/agent") if settings.path is None else settings.path
    return {"path": made, "absolute": str(root.joinpath(*made.split("/")))}


def repeat_of(operation: str, arguments: object) -> Again:
    """A folder that is this run's already is done."""
    return "same"


def why_no_source(settings: Settings) -> str:
    """Why no route can receive from such a connection; empty when one can."""
    if settings.agent is not None:
        return "a folder behind an agent takes no files in: write to a share, or use `waybill scan-upload`"
    return ""


def _intake(name: str, settings: Settings, share: Share, services: Services) -> Intake | None:
    if not isinstance(share, Near):
        return None
    by_content = settings.complete is not Complete.NONE
    rules = Rules(settings.operation, settings.marker, by_content, settings.max_size, settings.timeout)
    return Intake(name, rules, share, services)


class Channel:
    """Both ways: the source, the sink `make`, and the watching that reports files to the engine's book."""

    def __init__(self, name: str, settings: Settings, services: Services) -> None:
        self._name = name
        self._settings = settings
        self._services = services
        self._health: Health | None = None
        self._link: Link | None = None
        self._share: Share
        if settings.agent is None:
            assert settings.path is not None, "checked in Settings"
            limits = Limits(settings.settle, settings.max_files, settings.max_size)
            self._share = Near(name, settings.path, limits, settings.timeout, services)
        else:
            # Besides the calls: the request that waits for news, one that reads, one that moves.
            self._link = Link(name, settings.agent, services, "folder", settings.max_in_flight + 3)
            self._share = Far(name, self._link, settings.timeout, settings.max_size, services, self._news)
        self._inbox: Inbox | None = None
        self._intake = _intake(name, settings, self._share, services)
        self._watching: Repeat | None = None
        self._task: Any = None
        self._asked = -QUIET
        self._poked = True

    async def start(self, inbox: Inbox | None = None) -> None:
        """Begin to watch; a share that is away does not stop the start."""
        services, self._inbox = self._services, inbox
        try:
            await self._share.start()
        except Failure as failure:
            self._tell(Health(HealthState.DOWN, failure.reason))
            if self._link is not None:
                raise  # without its secret or certificate there is no way to the agent: the engine tries again
        if self.is_source:
            self._tell(await self.probe())
        self._watching = Repeat(services.reactor, f"folder {self._name}", self._settings.poll, self._round)
        self._task = services.spawn(f"folder {self._name}", self._watching.run())

    async def stop(self) -> None:
        watching, self._watching = self._watching, None
        if watching is not None:
            watching.stop()
            self._task.cancel()
        await self._share.stop()
        self._tell(Health(HealthState.STOPPED))

    @property
    def is_source(self) -> bool:
        """Whether a route receives from it just now."""
        return self._inbox is not None and self._settings.operation in self._inbox.operations(self._name)

    def poke(self) -> None:
        """Scan now: somebody knows of a new file or of a new wait."""
        self._poked = True
        if self._watching is not None:
            self._watching.poke()

    async def probe(self) -> Health:
        """Read the folder and write into it."""
        try:
            await self._share.probe()
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
            new, absolute = await self._share.make(made, owner, note, request.timeout)
        except Refused:
            self._tell(Health(HealthState.UP))
            raise
        except Failure as failure:
            self._tell(Health(HealthState.DOWN, failure.reason))
            raise
        self._tell(Health(HealthState.UP))
        return Response({"path": made, "absolute": absolute}, "folder made" if new else "folder same")

    async def _round(self) -> None:
        """One scan, and what follows from it."""
        if self._share.hung:
            return  # a thread still hangs in the share; health says so, and no second one is sent after it
        poked, self._poked = self._poked, False
        try:
            trouble = await self._look(poked)
        except Failure as failure:
            self._poked = self._poked or poked
            self._share.failed()
            self._tell(Health(HealthState.DOWN, failure.reason))
        else:
            self._tell(Health(HealthState.DEGRADED if trouble else HealthState.UP, trouble))
            self._share.ready()

    async def _look(self, poked: bool) -> str:
        """Scan, report and move; what a person should know of the folder."""
        if self._intake is not None and self._inbox is not None and self.is_source:
            return await self._intake.round(self._inbox)
        files, now = self._services.files, self._services.reactor.seconds()
        folders = await files.watched(self._name)
        scan = await self._share.scan(folders, now)
        self._poked = self._poked or len(scan.settled) == BATCH
        seen = [file for file in [await self._seen(found) for found in scan.settled] if file is not None]
        if not (seen or scan.gone or poked or now - self._asked >= QUIET):
            return scan.trouble
        taken = await files.observe(self._name, seen, scan.gone)
        self._asked = now
        self._share.reported(seen, scan.gone, now)
        stuck = [file for file in taken if not await self._moved(file)]
        self._poked = self._poked or bool(stuck)
        return (
            f"{len(stuck)} taken files cannot be moved to .done: another program holds them" if stuck else scan.trouble
        )

    async def _moved(self, file: TakenFile) -> bool:
        done = await self._share.move(file)
        if done:
            self._share.changed(file.path)
            await self._services.files.moved(self._name, file.path)
        return done

    async def _seen(self, found: Found) -> SeenFile | None:
        """What is to be said of a settled file; None when it changed meanwhile."""
        if found.reason:
            return SeenFile(found.path, *found.stamp, False, found.reason)
        try:
            path = await self._share.bring(found)
        except Refused as failure:
            return SeenFile(found.path, *found.stamp, False, failure.reason)
        if path is None:
            self._share.changed(found.path)
            return None
        try:
            return await self._examined(found, path)
        finally:
            await self._share.drop(path)

    async def _examined(self, found: Found, path: Path) -> SeenFile | None:
        reason = await self._incomplete(found, path)
        if reason:
            return SeenFile(found.path, *found.stamp, False, reason)
        blob = await self._share.keep(found, path)
        if blob is None:
            self._share.changed(found.path)
            return None
        foreign = "" if found.is_pdf or self._settings.complete is Complete.NONE else "not a PDF"
        return SeenFile(found.path, *found.stamp, True, foreign, blob)

    async def _incomplete(self, found: Found, path: Path) -> str:
        if self._settings.complete is Complete.NONE or not found.is_pdf:
            return ""
        try:
            return str(await self._services.workers.run(COMPLETE, str(path)))
        except Refused as failure:
            return f"it could not be examined: {failure.code} {failure.reason}"

    def _news(self) -> None:
        """The agent has answered."""
        if self._watching is not None:
            self._watching.poke()

    def _tell(self, health: Health) -> None:
        if self._link is not None:
            self._link.voice.say(health.state, health.reason)
        elif health != self._health:
            self._health = health
            self._services.health(self._name, health)
