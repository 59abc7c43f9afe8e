"""At the agent: one folder. Made, watched, read in pieces, moved to `.done/`, by the same code as beside the engine.

A watch belongs to a session. The engine asks with patience: the answer comes when there is news, and quiet is counted
by this computer's monotonic clock, so that no clock need agree with another.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from twisted.internet.defer import CancelledError, DeferredLock
from twisted.internet.task import deferLater

from channels._agent import words
from channels._agent.server import Asked, Bytes
from channels._folder.make import inside, reserved
from channels._folder.scan import Found, Limits, Scan, Scanner, Stamp, stamp_from, unchanged
from channels._folder.share import Near
from channels._folder.take import digest
from engine.channel import SeenFile, Services, TakenFile
from engine.message import Refused

TEXT = 200
PATIENCE = 60.0
"""Seconds that one request may wait for news."""
FOLDERS = 50_000
FILES = 200_000
"""How many folders one engine may watch, and how many files it may name in one request."""


class Watch:
    """One session's scanner; requests take turns, and a newer one ends the patience of the older."""

    def __init__(self, root: Path, limits: Limits) -> None:
        self.scanner = Scanner(root, limits)
        self.lock = DeferredLock()
        self.turn = 0
        self.nap: Any = None

    def take_turn(self) -> int:
        self.turn += 1
        if self.nap is not None:
            self.nap.cancel()
        return self.turn


class Files:
    """Acts: `probe make scan fetch move`. poll: seconds between two looks at the folders."""

    kind = "folder"

    def __init__(self, name: str, near: Near, poll: float, seconds: float, services: Services) -> None:
        self._name = name
        self._near = near
        self._poll = poll
        self._seconds = seconds
        self._services = services

    async def answer(self, act: str, asked: Asked) -> Mapping[str, Any] | Bytes:
        match act:
            case "probe":
                await self._near.probe()
                return {"health": "up"}
            case "make":
                return await self._make(asked)
            case "scan":
                return await self._scan(asked)
            case "fetch":
                return await self._fetch(asked)
            case "move":
                _safe(asked.text("path"))
                return {"moved": await self._near.move(TakenFile(asked.text("path"), asked.text("sha256")))}
        raise Refused(words.NOT_UNDERSTOOD, f"a folder is not asked for `{act[:20]}`")

    async def _make(self, asked: Asked) -> Mapping[str, Any]:
        path, owner, note = asked.text("path"), asked.text("owner"), asked.text("note")
        new, absolute = await self._near.make(path, owner, note, asked.number("seconds", self._seconds * 4))
        return {"new": new, "absolute": absolute}

    async def _scan(self, asked: Asked) -> Mapping[str, Any]:
        folders, known = _texts(asked, "folders", FOLDERS), asked.text("trouble")
        until = self._services.reactor.seconds() + asked.number("wait", PATIENCE)
        watch = asked.session.state.setdefault(f"watch {self._name}", Watch(self._near.root, self._near.limits))
        turn = watch.take_turn()
        await watch.lock.acquire()
        try:
            self._reported(watch.scanner, asked)
            while True:
                now = self._services.reactor.seconds()
                scan = await self._near.run(partial(watch.scanner.scan, folders, now), self._seconds)
                news = scan.settled or scan.gone or scan.trouble[:TEXT] != known
                if news or now >= until or watch.turn != turn or asked.gone:
                    return _told(scan)
                await self._nap(watch, turn, until)
        finally:
            watch.lock.release()

    async def _nap(self, watch: Watch, turn: int, until: float) -> None:
        """Until the next look; a newer request ends it."""
        seconds = min(self._poll, max(0.0, until - self._services.reactor.seconds()))
        watch.nap = deferLater(self._services.reactor, seconds)
        try:
            await watch.nap
        except CancelledError:
            if watch.turn == turn:
                raise
        finally:
            watch.nap = None

    def _reported(self, scanner: Scanner, asked: Asked) -> None:
        now = self._services.reactor.seconds()
        rows = asked.fields.get("reported")
        if not isinstance(rows, list) or len(rows) > FILES:
            raise Refused(words.NOT_UNDERSTOOD, "`reported` is missing or too long")
        seen = [_seen(row) for row in rows]
        scanner.reported(seen, [], now)
        for path in _texts(asked, "changed", FILES):
            scanner.changed(path)

    async def _fetch(self, asked: Asked) -> Bytes:
        path, stamp = asked.text("path"), _stamp(asked.fields.get("stamp"))
        offset = int(asked.number("offset", float(self._near.limits.size)))
        return await self._near.run(lambda: piece(self._near.root, path, stamp, offset), self._seconds * 4)


def piece(root: Path, path: str, stamp: Stamp, offset: int) -> Bytes:
    """Blocking: the bytes from there on, hashed; with the last of them the hash of the whole file."""
    folder, name = _safe(path)
    file = (inside(root, folder) if folder else root) / name
    found = Found(path, file, stamp)
    try:
        if not unchanged(found):
            return Bytes(words.CHANGED)
        with file.open("rb") as source:
            status = os.fstat(source.fileno())
            if not stat.S_ISREG(status.st_mode) or stamp_from(status) != stamp:
                return Bytes(words.CHANGED)  # a link was put there for a moment, or it grows
            source.seek(offset)
            data = source.read(words.PIECE)
        headers = {words.HASH_OF_PIECE: hashlib.sha256(data).hexdigest()}
        if offset + len(data) >= stamp[0]:
            headers[words.HASH_OF_FILE] = digest(file)
    except (FileNotFoundError, PermissionError):
        return Bytes(words.CHANGED)  # gone, or its writer holds it
    return Bytes(200, data, headers) if unchanged(found) else Bytes(words.CHANGED)


def _safe(path: str) -> tuple[str, str]:
    """Folder and name of a file that cannot lie anywhere else, on whatever system; raises `Refused`."""
    folder, _, name = path.rpartition("/")
    odd = any(char in '\\/:*?"<>|' or ord(char) < 32 for char in name)
    if odd or name in ("", ".", "..") or name.endswith((".", " ")) or len(name) > 255 or reserved(name):
        raise Refused(words.NOT_UNDERSTOOD, "the name of the file is none that every system keeps in its folder")
    return folder, name


def _texts(asked: Asked, word: str, most: int) -> list[str]:
    found = asked.fields.get(word)
    if not isinstance(found, list) or len(found) > most or not all(isinstance(one, str) for one in found):
        raise Refused(words.NOT_UNDERSTOOD, f"`{word}` is missing, too long, or no list of texts")
    return found


def _stamp(found: object) -> Stamp:
    if not isinstance(found, list) or len(found) != 3 or not all(type(one) is int for one in found):
        raise Refused(words.NOT_UNDERSTOOD, "the stamp of a file is not three whole numbers")
    return found[0], found[1], found[2]


def _seen(row: object) -> SeenFile:
    if not isinstance(row, list) or len(row) != 3 or not isinstance(row[0], str) or not isinstance(row[2], bool):
        raise Refused(words.NOT_UNDERSTOOD, "`reported` holds what is none of [path, stamp, complete]")
    return SeenFile(row[0], *_stamp(row[1]), row[2])


def _told(scan: Scan) -> Mapping[str, Any]:
    settled = [[found.path, list(found.stamp), found.reason] for found in scan.settled]
    return {"settled": settled, "gone": scan.gone, "trouble": scan.trouble[:TEXT]}
