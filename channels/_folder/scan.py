"""Which files have been quiet long enough, in the folders that somebody waits for. Blocking; one scan at a time."""

from __future__ import annotations

import math
import os
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from channels._folder.make import ORDER, inside
from engine.channel import SeenFile
from engine.message import Refused

Stamp = tuple[int, int, int]
"""Size, mtime in nanoseconds, inode: while it stays, the file counts as unchanged."""

UNFINISHED = (".tmp", ".part", ".filepart", ".crdownload")
AGAIN = 60.0
"""Seconds after which an incomplete file is examined again although it has not changed."""
REREAD = 15.0
"""Seconds after which a folder is listed again although it looks unchanged: not every share tells at once."""
FRESH = 3.0
"""Seconds: a folder changed so recently may change again under the same time stamp."""
BATCH = 20
"""Files of one scan; the others come with the next, so that the first are not held up."""
LEFT = 2.0
"""Seconds for which a scan's other files are handed on without another look at ten thousand of them."""


@dataclass(frozen=True, slots=True)
class Limits:
    """settle: seconds of quiet. files: looked at in one folder. size: bytes of one file."""

    settle: float
    files: int
    size: int


@dataclass(frozen=True, slots=True)
class Found:
    """A quiet file. path: relative, with `/`. reason: why it cannot be taken, whatever is in it."""

    path: str
    file: Path
    stamp: Stamp
    reason: str = ""

    @property
    def is_pdf(self) -> bool:
        return self.path.lower().endswith(".pdf")


@dataclass(slots=True)
class Scan:
    """What one scan found. gone: files that were reported and are no more."""

    settled: list[Found] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    trouble: str = ""


class Scanner:
    """Remembers since when each file is quiet, by our monotonic clock, and what has been reported."""

    def __init__(self, root: Path, limits: Limits) -> None:
        self._root = root
        self._limits = limits
        self._since: dict[str, tuple[Stamp, float]] = {}
        self._told: dict[str, tuple[Stamp, float]] = {}
        self._quiet: dict[str, tuple[tuple[int, int], float]] = {}
        self._left: list[Found] = []
        self._left_until = 0.0
        self._trouble = ""

    def scan(self, folders: list[str], now: float) -> Scan:
        """Read the folders; raises OSError when the root is away (then nothing counts as gone)."""
        with os.scandir(self._root):
            pass
        watched = {"" if folder == "." else folder for folder in folders}
        self._left = [found for found in self._left if found.path.rpartition("/")[0] in watched]
        if self._left and now < self._left_until:
            return self._batch(Scan(self._left, trouble=self._trouble))
        scan, present = Scan(), set[str]()
        for folder in sorted(watched):
            if not self._unchanged(folder, now):
                for path, file, stamp in self._entries(folder, scan, now):
                    present.add(path)
                    self._look(scan, path, file, stamp, now)
        scan.gone = [path for path in self._told if path not in present and path.rpartition("/")[0] in watched]
        # Only what is watched is remembered, so this stays as small as the waits are.
        self._since = {path: quiet for path, quiet in self._since.items() if path in present}
        self._told = {path: told for path, told in self._told.items() if path.rpartition("/")[0] in watched}
        self._quiet = {folder: quiet for folder, quiet in self._quiet.items() if folder in watched}
        self._left_until, self._trouble = now + LEFT, scan.trouble
        return self._batch(scan)

    def _batch(self, scan: Scan) -> Scan:
        """The first of the settled files; the others are left for the next."""
        scan.settled, self._left = scan.settled[:BATCH], scan.settled[BATCH:]
        return scan

    def _unchanged(self, folder: str, now: float) -> bool:
        """Whether the folder had no file of interest when it was listed, and nothing came since: thousands wait."""
        stamp, until = self._quiet.get(folder, ((0, 0), 0.0))
        return now < until and _folder_stamp(self._root / folder) == stamp

    def reported(self, files: list[SeenFile], gone: list[str], now: float) -> None:
        """The engine's book has these: they are reported again only when they changed."""
        for file in files:
            self._told[file.path] = (stamp_of(file), math.inf if file.complete else now + AGAIN)
        for path in gone:
            self.changed(path)

    def changed(self, path: str) -> None:
        """Forget the file: what is found under its name from now on is new."""
        self._told.pop(path, None)
        self._since.pop(path, None)

    def _look(self, scan: Scan, path: str, file: Path, stamp: Stamp, now: float) -> None:
        known, since = self._since.get(path, (None, now))
        if known != stamp:
            self._since[path] = (stamp, now)
            return
        told, due = self._told.get(path, (None, 0.0))
        if now - since < self._limits.settle or (told == stamp and now < due):
            return
        reason = f"larger than {self._limits.size} bytes" if stamp[0] > self._limits.size else ""
        scan.settled.append(Found(path, file, stamp, reason))

    def _entries(self, folder: str, scan: Scan, now: float) -> Iterator[tuple[str, Path, Stamp]]:
        self._quiet.pop(folder, None)
        place = self._root / folder
        before = _folder_stamp(place)
        try:
            names = sorted(entry.name for entry in (inside(self._root, folder) if folder else place).iterdir())
        except Refused as failure:
            scan.trouble = failure.reason
            return
        except (FileNotFoundError, NotADirectoryError):
            return  # somebody removed it: its files are gone
        if len(names) > self._limits.files:
            scan.trouble = f"a folder holds more than {self._limits.files} files"
        empty = True
        for name in names[: self._limits.files]:
            stamp = None if is_skipped(name) else _stamp(place / name)
            if stamp is not None:
                empty = False
                yield (f"{folder}/{name}" if folder else name), place / name, stamp
        if empty and abs(time.time() - before[0] / 1e9) > FRESH:
            self._quiet[folder] = (before, now + REREAD)


def stamp_of(file: SeenFile) -> Stamp:
    """The stamp under which a file was reported."""
    return file.size, file.mtime_ns, file.inode


def stamp_from(status: os.stat_result) -> Stamp:
    """The stamp of a file that has this status; Windows numbers files with more bits than the engine's book keeps."""
    return status.st_size, status.st_mtime_ns, status.st_ino & 0x7FFF_FFFF_FFFF_FFFF


def is_skipped(name: str) -> bool:
    """Names that are left alone: hidden ones, those of unfinished files, our own `order.txt`."""
    lower = name.lower()
    if lower == ORDER or lower.startswith((".", "~$")) or lower.endswith(UNFINISHED):
        return True
    try:
        name.encode()
    except UnicodeEncodeError:
        return True  # a name in no encoding; it cannot be kept, so the staff must rename it
    return False


def _stamp(file: Path) -> Stamp | None:
    """Of a plain file; asked of the file itself, because a folder's listing is late on Windows."""
    try:
        found = file.lstat()
    except OSError:
        return None
    return stamp_from(found) if stat.S_ISREG(found.st_mode) else None


def _folder_stamp(folder: Path) -> tuple[int, int]:
    try:
        found = os.lstat(folder)
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_ino


def unchanged(found: Found) -> bool:
    """Whether the file still has the stamp with which it was found."""
    return _stamp(found.file) == found.stamp
