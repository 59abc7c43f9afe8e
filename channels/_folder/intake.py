"""A folder as a source: what is whole is claimed, kept, handed in, and moved away; in the order of its writing.

The identity of a file is its place, name, time of writing, size and SHA-256: the same file again (moved back by hand,
or found again after a crash) is a repeat, and the same bytes scanned a second time are a page of their own.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from twisted.internet.defer import CancelledError

from channels._folder import ends
from channels._folder.drop import Dropped, Drops, Look
from channels._folder.share import Near
from channels._folder.tiff import BROKEN
from engine.channel import Inbox, SeenFile, Services
from engine.message import Blob, Failure, Incoming, Refused

T = TypeVar("T")

COMPLETE = "engine.transform.pdf:complete"
PIECE = 8
"""Files of one station before it is the next one's turn."""
LONGEST = 2.0
"""Seconds after which the folders are read again, although not everything that was ready is taken."""
ASIDE = 5.0
"""Seconds for which a file is left alone that met an error of ours."""


@dataclass(frozen=True, slots=True)
class Rules:
    """operation: what a route receives. marker: ends the name of a file that says that another is whole. by_content:
    whether files are whole by their content. seconds: for one act on the share."""

    operation: str
    marker: str
    by_content: bool
    largest: int
    seconds: float


@dataclass(frozen=True, slots=True)
class _Judged:
    """content_type: by its first bytes. reason: why it is not whole yet. refused: why it never will be."""

    content_type: str = ""
    reason: str = ""
    refused: str = ""


class Intake:
    """Of one connection. `round` is called again and again, never at once."""

    def __init__(self, name: str, rules: Rules, near: Near, services: Services) -> None:
        self._name = name
        self._rules = rules
        self._near = near
        self._services = services
        self._drops = Drops(near.root, near.limits, rules.marker)
        self._waiting: dict[str, tuple[datetime, str]] = {}
        self._told: set[str] = set()
        self._began = False
        self._stop = ""

    async def round(self, inbox: Inbox) -> str:
        """One look, and what is whole handed in; what a person should know of the folder. Raises `Failure`."""
        now = self._services.reactor.seconds()
        if not self._began:
            self._told |= set(await self._services.files.incomplete(self._name))
            self._began = True
        look = await self._near.run(lambda: self._drops.look(now), self._rules.seconds)
        self._stop = ""
        ready, until = {folder: list(files) for folder, files in look.ready.items()}, now + LONGEST
        while ready and not self._stop and self._services.reactor.seconds() < until:
            for folder in list(ready):
                piece, ready[folder] = ready[folder][:PIECE], ready[folder][PIECE:]
                await self._piece(inbox, piece)
                if not ready[folder]:
                    del ready[folder]
        await self._tell(look)
        return self._stop or self._held() or look.trouble or self._incomplete()

    async def _piece(self, inbox: Inbox, files: list[Dropped]) -> None:
        """Some files of one folder."""
        whole: dict[Dropped, _Judged] = {}
        for file in files:
            judged = await self._judge(file)
            if judged.reason:
                await self._not_yet(file, judged.reason)
            else:
                whole[file] = judged
        done = []
        for seen, file in await self._in_thread(lambda: self._drops.claim(whole)):
            if self._stop:
                break  # the others lie in `.work/` until the engine takes them
            if await self._take(inbox, file, whole[seen]):
                done.append(file)
        if done:
            await self._in_thread(lambda: self._drops.finish(done))

    async def _judge(self, file: Dropped) -> _Judged:
        rules = self._rules
        try:
            kind = await self._in_thread(lambda: ends.kind(file.file))
            if rules.marker or not rules.by_content:
                reason = ""
            elif not kind:
                reason = await self._in_thread(lambda: ends.nothing_yet(file.file))
            elif kind == "unknown":
                return _Judged(refused="it is no JPEG, PNG, TIFF or PDF")
            elif kind == "application/pdf":
                reason = await self._pdf(file)
            else:
                reason = await self._in_thread(lambda: ends.incomplete(file.file, kind))
        except Refused as refusal:
            return _Judged(refused=refusal.reason)
        except FileNotFoundError:
            return _Judged(reason="it has gone")
        if not reason and file.stamp[0] > rules.largest:
            return _Judged(reason=f"it is larger than {rules.largest} bytes")
        return _Judged(kind if kind not in ("", "unknown") else "application/octet-stream", reason)

    async def _pdf(self, file: Dropped) -> str:
        """A worker that dies, or is too slow, says nothing of the file: it is looked at again."""
        try:
            return str(await self._services.workers.run(COMPLETE, str(file.file)))
        except Refused as failure:
            return f"it could not be examined: {failure.code} {failure.reason}"

    async def _not_yet(self, file: Dropped, reason: str) -> None:
        """It waits, visibly, and is never given up."""
        self._drops.rest(file, self._services.reactor.seconds())
        if file.claimed:  # its writer went on after we had it: where it was, it is found by its writer too
            await self._in_thread(lambda: self._drops.give_back(file))
        since, _ = self._waiting.get(file.path, (datetime.now(UTC), ""))
        self._waiting[file.path] = (since, reason)
        path, (size, mtime, inode) = file.path, file.stamp
        await self._services.files.observe(self._name, [SeenFile(path, size, mtime, inode, False, reason)], [])
        self._told.add(path)

    async def _take(self, inbox: Inbox, file: Dropped, judged: _Judged) -> bool:
        """Whether it is durable and may go. What is refused has gone already; what must wait stays in `.work/`."""
        try:
            incoming = await self._incoming(file, judged)
            if incoming is None:
                return False
            if judged.refused:
                await self._reject(inbox, file, incoming, Refused(BROKEN, judged.refused))
                return False
            try:
                reply = await inbox.accept(incoming)
            except Refused as refusal:
                await self._reject(inbox, file, incoming, refusal)
                return False
            if reply.ok:
                return True
            await self._in_thread(lambda: self._drops.refuse(file, reply.code, reply.reason))
        except CancelledError:
            raise
        except Failure as failure:
            self._stop = failure.reason
        except Exception as error:  # noqa: BLE001 - a bug is told, and the other files go on
            self._services.spawn(f"folder {self._name} file", _raise(error))
            self._drops.rest(file, self._services.reactor.seconds(), ASIDE)
            self._stop = "an error of the engine while it took a file"
        return False

    async def _reject(self, inbox: Inbox, file: Dropped, incoming: Incoming, refusal: Refused) -> None:
        """Kept as a message that no route took, and put aside with a text that says why."""
        with contextlib.suppress(Refused):  # then the file with its text is all there is
            await inbox.reject(incoming, refusal.code, refusal.reason)
        await self._in_thread(lambda: self._drops.refuse(file, refusal.code, refusal.reason))

    async def _incoming(self, file: Dropped, judged: _Judged) -> Incoming | None:
        """With its bytes durable; None when its writer has gone on."""
        blob = await self._kept(file, judged.content_type)
        if blob is None:
            return None
        written = datetime.fromtimestamp(file.stamp[1] / 1e9, UTC).isoformat(timespec="milliseconds")
        meta = {"name": file.name, "folder": file.folder, "path": file.path, "written": written}
        identity = (file.folder, file.name, str(file.stamp[1]), str(file.stamp[0]), blob.sha256)
        return Incoming(self._name, self._rules.operation, b"", judged.content_type, meta, identity, blob)

    async def _kept(self, file: Dropped, content_type: str) -> Blob | None:
        def keep() -> Blob | None:
            blob = self._services.blobs.put_file(file.file, content_type, file.name)
            if self._drops.unchanged(file) and blob.size == file.stamp[0]:
                return blob
            self._drops.give_back(file)
            return None

        return await self._near.run(keep, self._rules.seconds * 4)

    async def _tell(self, look: Look) -> None:
        """The engine's book forgets files that lie there no more: taken, refused, or removed by somebody."""
        self._waiting = {path: known for path, known in self._waiting.items() if path in look.present}
        gone = sorted(self._told - look.present)
        if gone:
            await self._services.files.observe(self._name, [], gone)
            self._told.difference_update(gone)

    def _held(self) -> str:
        if not self._drops.held:
            return ""
        return f"{len(self._drops.held)} whole files cannot be taken: another program holds them, or the rights say no"

    def _incomplete(self) -> str:
        if not self._waiting:
            return ""
        first = min(since for since, _ in self._waiting.values()).astimezone()
        count = len(self._waiting)
        return f"{count} {'file is' if count == 1 else 'files are'} incomplete, the first since {first:%Y-%m-%d %H:%M}"

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await self._near.run(work, self._rules.seconds)


async def _raise(error: BaseException) -> None:
    raise error
