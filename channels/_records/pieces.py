"""Some pages of a scanned file, made ready: unpacked, looked at, their blobs durable. In the crew `pictures`."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, DeferredSemaphore, gatherResults
from twisted.python.failure import Failure as Trouble

from engine.channel import Services
from engine.message import Blob, Failure, Refused, Unavailable
from engine.points import point
from records.capture import Piece

UNPACK, LOOK = "records.unpack:pages", "records.inspect:look"
BUG = "WB-8026"  # a page or file made a job fail in a way that it does not declare: a defect of Waybill
KILLED = ("WB-2004", "WB-2005")
"""A worker ran out of time or memory, or died."""
JPEG = "image/jpeg"

JOBS = 4
"""Jobs of files in the crew at a time: what a person waits for has only these before it."""

Bad = tuple[int, str, str]
"""Number, code and reason of a page that cannot be read."""


@dataclass(slots=True)
class Ready:
    """pages: of the file in all."""

    pages: int
    pieces: list[Piece] = field(default_factory=list)
    bad: list[Bad] = field(default_factory=list)


class Pieces:
    """Makes pages of files ready, each in a folder of its own below `folder`."""

    def __init__(self, services: Services, folder: Path) -> None:
        self._services = services
        self._folder = folder
        self._turn = DeferredSemaphore(JOBS)
        self._attempts = itertools.count()

    def _job(self, name: str, *args: Any) -> Deferred[Any]:
        return self._turn.run(lambda: self._services.workers.run(name, *args, crew="pictures"))

    async def make(self, blob: Blob, numbers: Sequence[int], known: int) -> Ready:
        """These pages, which follow each other. known: pages of the file, 0 when nobody has looked yet.

        Pages that cannot be read are in `bad`; `Refused` when that is so of the whole file.
        """
        if not numbers:
            return Ready(known)
        try:
            return await self._some(blob, numbers[0], len(numbers))
        except Refused as refused:
            if refused.code not in KILLED or not known:
                raise
            if len(numbers) == 1:
                return Ready(known, bad=[(numbers[0], refused.code, refused.reason)])
        ready = Ready(known)
        for number in numbers:  # one of them killed the worker: find out which
            one = await self.make(blob, [number], known)
            ready.pieces += one.pieces
            ready.bad += one.bad
        return ready

    async def _some(self, blob: Blob, first: int, most: int) -> Ready:
        services = self._services
        # Of this attempt alone: one that was cancelled may still be tidying when the next begins.
        folder = self._folder / f"{blob.sha256[:16]}-{first}-{next(self._attempts)}"
        await services.threads.run("blobs", partial(folder.mkdir, parents=True, mode=0o700))
        try:
            path = str(services.blobs.path(blob).resolve())
            found: dict[str, Any] = await _declared(
                self._job(UNPACK, path, blob.content_type, str(folder), first, most)
            )
            point("capture.unpacked")
            ready = Ready(found["pages"], bad=[(one["number"], one["code"], one["reason"]) for one in found["failed"]])
            made = [Deferred.fromCoroutine(self._look(blob, path, folder, one)) for one in found["made"]]
            for one in await all_of(made):
                (ready.pieces if isinstance(one, Piece) else ready.bad).append(one)
            point("capture.looked")
            return ready
        finally:
            await services.threads.run("blobs", _removed, folder)

    async def _look(self, blob: Blob, source: str, folder: Path, made: dict[str, Any]) -> Piece | Bad:
        number = int(made["number"])
        options = {"folder": str(folder), "name": f"p{number}", "dpi": made["dpi"], "rotate": made["rotate"]}
        try:
            look: dict[str, Any] = await _declared(self._job(LOOK, made["file"], options))
        except Refused as refused:
            return number, refused.code, refused.reason
        files = [(look.pop("thumb"), JPEG, "thumb"), (look.pop("view"), JPEG, "view")]
        if made["file"] != source:
            files.append((made["file"], made["media_type"], f"p{number}"))
        # At the same time: each waits for the disk more than once.
        thumb, view, *kept = await all_of([Deferred.fromCoroutine(self._kept(*file)) for file in files])
        master = kept[0] if kept else Blob(blob.sha256, blob.size, made["media_type"], blob.name)
        return Piece(number, master, rotate=made["rotate"], thumb=thumb, view=view, **look)

    async def _kept(self, path: str, media_type: str, name: str) -> Blob:
        services = self._services
        blob: Blob = await services.threads.run("blobs", services.blobs.put_file, Path(path), media_type, name)
        return blob


async def _declared(job: Any) -> Any:
    """A job's answer; what it does not declare is `Refused` as our defect, so that the rest goes on."""
    try:
        return await job
    except (CancelledError, Unavailable, Refused):
        raise
    except Failure as failure:
        raise Refused(failure.code, failure.reason) from None
    except Exception as error:  # noqa: BLE001 - a bug with one file must not stop the others; it is listed
        raise Refused(BUG, f"the job failed ({type(error).__name__})") from None


async def all_of(jobs: Sequence[Deferred[Any]]) -> list[Any]:
    """Each one's value. All have ended when this raises what the first of them raised."""
    results = await gatherResults([job.addBoth(lambda result: (result,)) for job in jobs], consumeErrors=True)
    for (result,) in results:
        if isinstance(result, Trouble):
            result.raiseException()
    return [result for (result,) in results]


def _removed(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
