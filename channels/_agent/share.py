"""The engine's end of a folder: the acts of `Near`, done by the agent; files come here in hashed pieces."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure as Trouble

from channels._agent import words
from channels._agent.link import Answer, Link, whole
from channels._folder.scan import Found, Scan, Stamp
from engine.channel import SeenFile, Services, TakenFile
from engine.message import Blob, Failure, Unavailable

PATIENCE = 10.0
"""Seconds after which the agent answers also without news: so long a dead line goes unnoticed, and 5 more."""
MARGIN = 5.0


class Far:
    """news: called when a scan's outcome has come. seconds: for a small act; largest: bytes of a file."""

    def __init__(
        self, name: str, link: Link, seconds: float, largest: int, services: Services, news: Callable[[], None]
    ) -> None:
        self._link = link
        self._seconds = seconds
        self._largest = largest
        self._services = services
        self._news = news
        self._folder = services.state / "tmp" / f"agent-{name}"
        self._folders: list[str] = []
        self._reported: dict[str, list[Any]] = {}
        self._changed: set[str] = set()
        self._polling: Deferred[Any] | None = None
        self._outcome: Scan | Failure | None = None
        self._trouble = ""
        self._sure = False

    hung = False

    async def start(self) -> None:
        """An agent that is away does not stop the start; a secret that is not there does."""
        await self._services.threads.run("blobs", self._prepare)
        await self._link.start()

    async def stop(self) -> None:
        self._cut()
        self._sure = False
        await self._link.stop()

    async def probe(self) -> None:
        """Ask the agent for the folder; for `waybill check` also when the connection is not started."""
        running = self._link.started
        try:
            await self._link.start()
            await self._link.ask("probe", {}, self._seconds)
        finally:
            if not running:
                await self._link.stop()

    async def make(self, path: str, owner: str, note: str, seconds: float) -> tuple[bool, str]:
        fields = {"path": path, "owner": owner, "note": note, "seconds": within(seconds)}
        answer = await self._link.ask("make", fields, seconds)
        return bool(answer.get("new")), str(answer.get("absolute", ""))

    async def scan(self, folders: list[str], now: float) -> Scan:
        """What the request that waits at the agent has brought; nothing while it waits."""
        if not self._sure:
            self._cut()
            self._folders = folders
            found = self._read(await self._link.ask("scan", self._wanted(0.0), self._seconds))
            self._sure = True
            return found
        outcome, self._outcome = self._outcome, None
        if isinstance(outcome, Failure):
            self._sure = False
            raise outcome
        if outcome is not None:
            return outcome
        if self._polling is None or folders != self._folders:
            self._folders = folders
            self._ask()
        return Scan(trouble=self._shown())

    def reported(self, files: list[SeenFile], gone: list[str], now: float) -> None:
        for file in files:
            self._reported[file.path] = [file.path, [file.size, file.mtime_ns, file.inode], file.complete]
            self._changed.discard(file.path)
        for path in gone:
            self.changed(path)

    def changed(self, path: str) -> None:
        self._reported.pop(path, None)
        self._changed.add(path)

    def ready(self) -> None:
        """Ask on, unless a request waits there already."""
        if self._sure and self._polling is None and self._outcome is None:
            self._ask()

    def failed(self) -> None:
        """The next scan asks at once, and tells the truth."""
        self._sure = False

    async def bring(self, found: Found) -> Path | None:
        """The file here, a piece at a time; what it cannot be whole is thrown away."""
        path = self._folder / f"{uuid.uuid4().hex}.part"
        try:
            if await self._fetched(found, path):
                return path
        except BaseException:
            await self.drop(path)
            raise
        await self.drop(path)
        return None

    async def keep(self, found: Found, path: Path) -> Blob | None:
        content_type = "application/pdf" if found.is_pdf else "application/octet-stream"
        name = found.path.rpartition("/")[2]
        return await self._services.threads.run("blobs", self._services.blobs.put_file, path, content_type, name)

    async def drop(self, path: Path) -> None:
        await self._services.threads.run("blobs", _remove, path)

    async def move(self, taken: TakenFile) -> bool:
        answer = await self._link.ask("move", {"path": taken.path, "sha256": taken.sha256}, self._seconds)
        return answer.get("moved") is True

    # -- parts

    def _prepare(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for left in self._folder.iterdir():  # of what a crash cut off
            left.unlink()

    async def _fetched(self, found: Found, path: Path) -> bool:
        """Whether the file is whole at `path`; false when it changed at the agent."""
        digest, offset, answer = hashlib.sha256(), 0, Answer(0, {}, b"")
        while not offset or offset < found.stamp[0]:
            fields = {"path": found.path, "stamp": list(found.stamp), "offset": offset}
            answer = await self._link.send("fetch", fields, self._seconds * 4)
            if answer.status == words.CHANGED:
                return False
            data = whole(answer)
            if not data and found.stamp[0]:
                return False
            digest.update(data)
            await self._services.threads.run("blobs", _append, path, data)
            offset += len(data)
            if not data:
                break
        if offset != found.stamp[0] or digest.hexdigest() != answer.hashes.get(words.HASH_OF_FILE):
            raise Unavailable(words.NOT_WHOLE, "agent: a file did not arrive as it lies there")
        return True

    def _ask(self) -> None:
        """A request that waits at the agent; the one before it is cut."""
        self._cut()
        asking = Deferred.fromCoroutine(self._link.ask("scan", self._wanted(PATIENCE), PATIENCE + MARGIN))
        self._polling = asking
        _ = asking.addCallback(self._read).addErrback(_failed).addCallback(self._came, asking)

    def _came(self, outcome: Any, asking: Deferred[Any]) -> None:
        if self._polling is not asking:
            return  # cut: what it would have said is asked again
        self._polling, self._outcome = None, outcome
        self._news()

    def _cut(self) -> None:
        polling, self._polling, self._outcome = self._polling, None, None
        if polling is not None:
            polling.cancel()

    def _wanted(self, wait: float) -> dict[str, Any]:
        reported, changed = list(self._reported.values()), sorted(self._changed)
        return {
            "folders": self._folders, "reported": reported, "changed": changed, "wait": wait, "trouble": self._trouble,
        }  # fmt: skip

    def _read(self, answer: dict[str, Any]) -> Scan:
        """What the agent says; raises `Unavailable` for what it cannot say."""
        try:
            settled = [
                self._found(str(path), (int(stamp[0]), int(stamp[1]), int(stamp[2])), str(reason))
                for path, stamp, reason in answer["settled"]
            ]
            gone = [str(path) for path in answer["gone"]]
        except (KeyError, TypeError, ValueError, IndexError):
            raise Unavailable(words.OTHER_VERSION, "agent: its answer to `scan` cannot be read") from None
        # The agent has them now. One that is started anew tells all files again, which does no harm.
        self._changed.clear()
        self._reported.clear()
        self._trouble = str(answer.get("trouble", ""))[:200]
        return Scan(settled, gone, self._shown())

    def _found(self, path: str, stamp: Stamp, reason: str) -> Found:
        large = f"larger than {self._largest} bytes" if stamp[0] > self._largest else ""
        return Found(path, Path(path), stamp, reason or large)

    def _shown(self) -> str:
        """What a person should know: of the folder, else of the agent's certificate."""
        trouble = self._trouble or self._link.notice
        return f"agent: {trouble}" if trouble else ""


def within(seconds: float) -> float:
    """The time that the agent has for an act, so that its own word on it still arrives in ours."""
    return max(seconds * 0.5, seconds - 2.0)


def _failed(trouble: Trouble) -> Failure:
    """A failure is an outcome; anything else is one too, and told at the next scan."""
    if isinstance(trouble.value, Failure):
        return trouble.value
    return Unavailable(words.AWAY, f"agent: {type(trouble.value).__name__}")


def _append(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(handle, "ab") as file:
        file.write(data)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
