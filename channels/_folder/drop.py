"""A folder as a source, the blocking half: what lies there, who may take it, and where it goes in the end.

A file is renamed into `.work/` beside it before it is read, so that its writer cannot put another in its place, and out
of it into `.done/` or `.error/`, over nothing. What a crash left in `.work/` is found again at the first look.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from channels._folder.make import AWAY, sync
from channels._folder.scan import Limits, Stamp, is_skipped, stamp_from
from channels._folder.take import DONE, free
from engine.message import Unavailable
from engine.points import point

WORK, ERROR = ".work", ".error"
STATIONS = 500
"""Folders below the root that are looked at."""
MOST = 20_000
"""Files of one folder that are looked at; the others wait until these are gone."""
AGAIN = 15.0
"""Seconds after which an incomplete file is examined again although it looks unchanged: not every share tells."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A file as it was seen. folder: the station's, or empty. file: where it lies now. claimed: it is in `.work/`."""

    folder: str
    name: str
    file: Path
    stamp: Stamp
    claimed: bool = False

    @property
    def path(self) -> str:
        """Relative, with `/`, as its sender knows it."""
        return f"{self.folder}/{self.name}" if self.folder else self.name


@dataclass(slots=True)
class Look:
    """What one look found. ready: quiet, by folder, in the order of their writing. present: all that are there."""

    ready: dict[str, list[Dropped]] = field(default_factory=dict)
    present: set[str] = field(default_factory=set)
    trouble: str = ""


class Drops:
    """Remembers since when each file is quiet, by our monotonic clock, and which were found incomplete."""

    def __init__(self, root: Path, limits: Limits, marker: str, done: str = DONE) -> None:
        self._root = root
        self._done = done
        self._limits = limits
        self._marker = marker
        self._since: dict[str, tuple[Stamp, float]] = {}
        self._rests: dict[str, tuple[Stamp, float]] = {}
        self._recovered: set[str] = set()
        self.held: set[str] = set()  # whole files that could not be renamed, by their path
        self._left: dict[str, dict[str, Dropped]] = {}

    def look(self, now: float) -> Look:
        """Read the root and the stations' folders; raises OSError when the root is away."""
        found, stations = Look(), [""]
        stations += self._stations(found)
        for folder in stations:
            if folder not in self._recovered:
                self._left[folder] = {one.name: one for one in self._in_work(folder)}
                self._recovered.add(folder)
            files = self._files(folder, found, now)
            ready = [*self._left.get(folder, {}).values(), *sorted(files, key=_written)]
            ready = [one for one in ready if not self._rest(one, now)]
            if ready:
                found.ready[folder] = ready
        self._since = {path: quiet for path, quiet in self._since.items() if path in found.present}
        self._rests = {key: rest for key, rest in self._rests.items() if key[1:] in found.present or key[0] == "1"}
        self.held &= found.present
        return found

    def rest(self, file: Dropped, now: float, seconds: float = AGAIN) -> None:
        """Leave the file alone for a while, unless it changes."""
        self._rests[_key(file)] = (file.stamp, now + seconds)

    def claim(self, files: Iterable[Dropped]) -> list[tuple[Dropped, Dropped]]:
        """Rename these into `.work/`: each with what it is there. Those that have changed, or whose writer holds them,
        are left out."""
        claimed, places = [], set[Path]()
        for file in files:
            taken = file if file.claimed else self._claimed(file)
            if taken is not None:
                claimed.append((file, taken))
                places |= set() if file.claimed else {file.file.parent}
        for place in places:
            sync(place / WORK)
            sync(place)
        return claimed

    def unchanged(self, file: Dropped) -> bool:
        """Whether the file is as it was when it was seen."""
        return _stamp(file.file) == file.stamp

    def give_back(self, file: Dropped) -> None:
        """Its writer has gone on: it is no file of ours yet."""
        place = self._place(file.folder)
        file.file.rename(free(place, file.name))
        sync(place)
        self._forget(file)

    def finish(self, files: Iterable[Dropped]) -> None:
        """These are durable elsewhere: into `.done/`."""
        places = set[Path]()
        for file in files:
            place = self._place(file.folder)
            folder = _made(place, self._done)
            point("capture.before_done")
            file.file.rename(_unused(folder, file))
            self._forget(file)
            places |= {folder, file.file.parent}
        for place in places:
            sync(place)
        point("capture.after_done")

    def refuse(self, file: Dropped, code: str, reason: str) -> None:
        """Into `.error/`, with a text beside it that says why."""
        place = self._place(file.folder)
        folder = _made(place, ERROR)
        target = _unused(folder, file)
        text = folder / f"{target.name}.txt"
        with text.open("w", encoding="utf-8", newline="\r\n") as out:
            out.write(f"{code} {reason}\n")
            out.flush()
            os.fsync(out.fileno())
        point("capture.before_error")
        file.file.rename(target)
        sync(folder)
        self._forget(file)

    def _forget(self, file: Dropped) -> None:
        self._left.get(file.folder, {}).pop(file.name, None)
        self._since.pop(file.path, None)
        self._rests.pop(_key(file), None)

    def _rest(self, file: Dropped, now: float) -> bool:
        stamp, until = self._rests.get(_key(file), (None, 0.0))
        return stamp == file.stamp and now < until

    def _place(self, folder: str) -> Path:
        return self._root / folder if folder else self._root

    def _stations(self, found: Look) -> list[str]:
        with os.scandir(self._root) as entries:
            names = sorted(e.name for e in entries if e.is_dir(follow_symlinks=False) and not is_skipped(e.name))
        if len(names) > STATIONS:
            found.trouble = f"more than {STATIONS} folders: the others are not looked at"
        return names[:STATIONS]

    def _files(self, folder: str, found: Look, now: float) -> Iterator[Dropped]:
        """Those that are quiet."""
        entries = self._entries(folder, found)
        names = {name for name, _ in entries}
        for name, stamp in entries:
            if self._marker and name.endswith(self._marker):
                continue
            file = Dropped(folder, name, self._place(folder) / name, stamp)
            found.present.add(file.path)
            known, since = self._since.get(file.path, (None, now))
            if known != stamp:
                self._since[file.path] = (stamp, now)
            elif now - since >= self._limits.settle and (not self._marker or name + self._marker in names):
                yield file

    def _entries(self, folder: str, found: Look) -> list[tuple[str, Stamp]]:
        files = []
        try:
            with os.scandir(self._place(folder)) as entries:
                for entry in entries:
                    if is_skipped(entry.name):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        found.trouble = found.trouble or (folder and "folders below a station's are not looked at")
                        continue
                    stamp = _stamp(Path(entry.path))
                    if stamp is not None:
                        files.append((entry.name, stamp))
                    if len(files) >= MOST:
                        break
        except FileNotFoundError:
            return []  # a station's folder that was removed just now
        except PermissionError:
            if not folder:
                raise
            found.trouble = "a station's folder may not be read"  # the other stations go on
        return files

    def _in_work(self, folder: str) -> Iterator[Dropped]:
        """What was claimed before a crash; its marker has done its work."""
        work = self._place(folder) / WORK
        if work.is_symlink() or not os.access(work, os.R_OK | os.X_OK):
            return
        for file in sorted(work.iterdir()):
            stamp = _stamp(file)
            if stamp is not None:
                self._unmark(folder, file.name)
                yield Dropped(folder, file.name, file, stamp, claimed=True)

    def _claimed(self, file: Dropped) -> Dropped | None:
        place = self._place(file.folder)
        try:
            target = free(_made(place, WORK), file.name)
            if not self.unchanged(file):
                return None
            point("capture.before_claim")
            file.file.rename(target)
        except FileNotFoundError:
            return None
        except PermissionError:
            self.held.add(file.path)  # its writer still has it, or the folder may not be written
            return None
        self.held.discard(file.path)
        self._unmark(file.folder, file.name)
        point("capture.after_claim")
        taken = Dropped(file.folder, target.name, target, file.stamp, claimed=True)
        self._left.setdefault(file.folder, {})[taken.name] = taken
        return taken

    def _unmark(self, folder: str, name: str) -> None:
        if self._marker:
            (self._place(folder) / f"{name}{self._marker}").unlink(missing_ok=True)


def _key(file: Dropped) -> str:
    return f"{file.claimed:d}{file.path}"


def _written(file: Dropped) -> tuple[int, list[tuple[int, str]]]:
    """When it was written, then by its name, numbers in it as numbers."""
    return file.stamp[1], natural(file.name)


def natural(name: str) -> list[tuple[int, str]]:
    """`page 9` is before `page 10`."""
    parts: list[tuple[int, str]] = []
    digits = text = ""
    for char in name:
        if char.isascii() and char.isdigit():
            digits += char
            continue
        if digits:
            parts.append((int(digits[:18]), text))
            digits = text = ""
        text += char
    return [*parts, (int(digits[:18]) if digits else -1, text)]


def _stamp(file: Path) -> Stamp | None:
    try:
        found = file.lstat()
    except OSError:
        return None
    return stamp_from(found) if stat.S_ISREG(found.st_mode) else None


def _made(place: Path, name: str) -> Path:
    folder = place / name
    if folder.is_symlink():  # it would lead our renames to any folder of this computer
        raise Unavailable(AWAY, f"`{name}` in the folder is a link")
    if not folder.is_dir():
        folder.mkdir(exist_ok=True)
        sync(place)
    return folder


def _unused(folder: Path, file: Dropped) -> Path:
    """Its own name; scanners that begin at 1 every day get the time of writing beside it."""
    target = folder / file.name
    if not os.path.lexists(target):
        return target
    written = datetime.fromtimestamp(file.stamp[1] / 1e9, UTC).strftime("%Y%m%d-%H%M%S")
    return free(folder, f"{target.stem} {written}{target.suffix}")
