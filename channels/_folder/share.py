"""What `folder` asks of the place where the files are; `Near`: this computer, or a share that it can reach."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as TimeIsOver

from channels._folder.make import AWAY, make_folder, make_root
from channels._folder.scan import Found, Limits, Scan, Scanner
from channels._folder.take import keep, move
from engine.channel import SeenFile, Services, TakenFile
from engine.message import Blob, InDoubt, Unavailable

T = TypeVar("T")

DOUBT = "WB-3002"  # the share did not answer in time


class Share(Protocol):
    """All of it raises the three failures. `scan` and `reported` are called in turns, never at once."""

    @property
    def hung(self) -> bool:
        """Whether something that was given up still hangs in the share: nothing more is sent after it."""
        ...

    async def start(self) -> None: ...
    async def stop(self) -> None: ...

    async def probe(self) -> None:
        """See that the folder can be read and written."""
        ...

    async def make(self, path: str, owner: str, note: str, seconds: float) -> tuple[bool, str]:
        """Whether the folder is new, and its absolute path there."""
        ...

    async def scan(self, folders: list[str], now: float) -> Scan:
        """What is quiet, and what is gone, of that which has not been reported."""
        ...

    def reported(self, files: list[SeenFile], gone: list[str], now: float) -> None:
        """The engine's book has these."""
        ...

    def changed(self, path: str) -> None:
        """What is found under this name from now on is new."""
        ...

    def ready(self) -> None:
        """All that the last scan found has been dealt with."""
        ...

    def failed(self) -> None:
        """What the last scan found has not been dealt with."""
        ...

    async def bring(self, found: Found) -> Path | None:
        """A path under which the file can be read here; None when it has changed."""
        ...

    async def keep(self, found: Found, path: Path) -> Blob | None:
        """The file's bytes, durable; None when it has changed."""
        ...

    async def drop(self, path: Path) -> None:
        """The path that `bring` gave is needed no more."""
        ...

    async def move(self, taken: TakenFile) -> bool:
        """The file to `.done/`; false when that must be tried again."""
        ...


class Near:
    """In threads of its own, so that a share that hangs holds up nobody else."""

    def __init__(self, name: str, root: Path, limits: Limits, seconds: float, services: Services) -> None:
        self.root = root
        self.limits = limits
        self._pool = f"folder:{name}"
        self._seconds = seconds
        self._services = services
        self._scanner = Scanner(root, limits)
        self._given_up: list[_Job] = []

    @property
    def hung(self) -> bool:
        self._given_up = [job for job in self._given_up if job.running]
        return bool(self._given_up)

    async def start(self) -> None:
        """Make the folder when it lies in the site's own."""
        if self.root.is_relative_to(self._services.site):
            await self.run(lambda: make_root(self.root), self._seconds)

    async def stop(self) -> None:
        """Nothing is held."""

    async def probe(self) -> None:
        await self.run(lambda: make_root(self.root, only_look=True), self._seconds)

    async def make(self, path: str, owner: str, note: str, seconds: float) -> tuple[bool, str]:
        new = await self.run(lambda: make_folder(self.root, path, owner, note), seconds)
        return new, str(self.root.joinpath(*path.split("/")))

    async def scan(self, folders: list[str], now: float) -> Scan:
        return await self.run(lambda: self._scanner.scan(folders, now), self._seconds)

    def reported(self, files: list[SeenFile], gone: list[str], now: float) -> None:
        self._scanner.reported(files, gone, now)

    def changed(self, path: str) -> None:
        self._scanner.changed(path)

    def ready(self) -> None:
        """The next scan comes by itself."""

    def failed(self) -> None:
        """What has not been reported is found again."""

    async def bring(self, found: Found) -> Path | None:
        return found.file

    async def keep(self, found: Found, path: Path) -> Blob | None:
        return await self.run(lambda: keep(self._services.blobs, found), self._seconds * 4)

    async def drop(self, path: Path) -> None:
        """It is the device's own file."""

    async def move(self, taken: TakenFile) -> bool:
        return await self.run(lambda: move(self.root, taken), self._seconds)

    async def run(self, work: Callable[[], T], seconds: float) -> T:
        """In this folder's thread; a share that hangs is given up."""
        job = _Job()

        def tracked() -> T:
            with job:
                return work()

        deferred = Deferred.fromCoroutine(_awaited(self._services.threads.run(self._pool, tracked)))
        try:
            return await deferred.addTimeout(seconds, self._services.reactor)
        except TimeIsOver:
            job.wanted = False
            self._given_up.append(job)
            raise InDoubt(DOUBT, f"the folder has not answered within {seconds:g} s") from None
        except OSError as error:
            raise Unavailable(AWAY, f"the folder cannot be used ({error.strerror or type(error).__name__})") from None


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
