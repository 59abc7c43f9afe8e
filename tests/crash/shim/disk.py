"""The disk as it is after a loss of power, made from the record of what a process changed.

Certain is only what was synced: a file's bytes by fsync of the file, a name in a folder by fsync of the folder. Of the
rest nothing is left (`lost`), or whatever the drive happened to write (`torn`): any of the sectors of unsynced writes,
and the changes of names up to some moment, in their order.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

OPEN, CLOSE, WRITE, TRUNCATE, FSYNC, RENAME, UNLINK, MKDIR, RMDIR, LINK, SYMLINK = range(1, 12)
_HEAD = struct.Struct("<IIiiqqqII")
_MAGIC = 0x57425348


@dataclass(frozen=True, slots=True)
class Record:
    """One change. at: monotonic seconds."""

    op: int
    pid: int
    fd: int
    offset: int
    size: int
    at: float
    path: str
    other: str
    data: bytes = field(repr=False)


def records(log: Path) -> Iterator[Record]:
    """In the order in which the changes were made; one that was cut off at the end is none."""
    data = log.read_bytes()
    place = 0
    while place + _HEAD.size <= len(data):
        magic, op, pid, fd, offset, size, at, path, other = _HEAD.unpack_from(data, place)
        assert magic == _MAGIC, "the log of the shim is damaged"
        place += _HEAD.size
        first, second = data[place : place + path], data[place + path : place + path + other]
        place += path + other
        body = b""
        if op == WRITE:
            body = data[place : place + size]
            place += size
        if place <= len(data):
            yield Record(op, pid, fd, offset, size, at / 1e9, first.decode(), second.decode(), body)


@dataclass(slots=True, eq=False)
class File:
    """now: as the process sees it. synced: as of its last fsync. pending: (offset, bytes), or (length, None)."""

    now: bytearray = field(default_factory=bytearray)
    synced: bytes = b""
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)

    def change(self, offset: int, data: bytes | None) -> None:
        apply(self.now, offset, data)
        self.pending.append((offset, data))

    def sync(self) -> None:
        if self.pending:
            self.synced = bytes(self.now)
            self.pending.clear()

    def torn(self, chance: random.Random, sector: int) -> bytes:
        """Some of the sectors that were on their way."""
        content, share = bytearray(self.synced), chance.choice((0.1, 0.5, 0.9))
        for offset, data in self.pending:
            if data is None:
                if chance.random() < share:
                    apply(content, offset, None)
                continue
            start = offset
            while start < offset + len(data):
                end = min((start // sector + 1) * sector, offset + len(data))
                if chance.random() < share:
                    apply(content, start, data[start - offset : end - offset])
                start = end
        return bytes(content)


@dataclass(slots=True, eq=False)
class Folder:
    """now and synced: what is in it by name."""

    now: dict[str, Entry] = field(default_factory=dict)
    synced: dict[str, Entry] = field(default_factory=dict)
    pending: list[Change] = field(default_factory=list)


Entry = File | Folder | str
"""str: where a symbolic link leads."""


@dataclass(slots=True, eq=False)
class Change:
    """Of names, all or nothing: what is in each folder under each name afterwards."""

    parts: list[tuple[Folder, str, Entry | None]]


def apply(content: bytearray, offset: int, data: bytes | None) -> None:
    if data is None:
        del content[offset:]
        content.extend(bytes(offset - len(content)))
        return
    content.extend(bytes(max(0, offset - len(content))))
    content[offset : offset + len(data)] = data


class Disk:
    """`play` the records up to the loss of power, then `write` what is left. start: what lay in `root` before."""

    def __init__(self, root: Path, start: Path) -> None:
        self._root = root.resolve()
        self._tree = _read(start)
        self._open: dict[tuple[int, int], File | Folder] = {}
        self._changes: list[Change] = []

    def bring(self, path: Path, content: bytes) -> None:
        """A file that somebody else has put there, durably."""
        folder, name = self._place(str(path))
        for entries in (folder.now, folder.synced):
            entries[name] = File(bytearray(content), content)

    def play(self, record: Record) -> None:
        if record.op in (OPEN, CLOSE, WRITE, TRUNCATE, FSYNC):
            self._file_changed(record)
        else:
            self._name_changed(record)

    def _file_changed(self, record: Record) -> None:
        number = (record.pid, record.fd)
        if record.op == OPEN:
            self._opened(record)
        elif record.op == CLOSE:
            self._open.pop(number, None)
        elif record.op == FSYNC:
            self._sync(self._open[number])
        else:
            file, writes = self._open[number], record.op == WRITE
            assert isinstance(file, File)
            file.change(record.offset if writes else record.size, record.data if writes else None)

    def _name_changed(self, record: Record) -> None:
        folder, name = self._place(record.path)
        if record.op in (UNLINK, RMDIR):
            self._change([(folder, name, None)])
        elif record.op == MKDIR:
            self._change([(folder, name, Folder())])
        elif record.op == SYMLINK:
            self._change([(folder, name, record.other)])
        elif record.op == LINK:
            self._change([(*self._place(record.other), folder.now[name])])
        elif record.op == RENAME:
            self._change([(*self._place(record.other), folder.now[name]), (folder, name, None)])

    def write(self, target: Path, chance: random.Random | None = None, sector: int = 512) -> None:
        """Into an empty folder; `chance` for a torn disk. Consumes the disk."""
        if chance is not None:
            rest = [change for change in self._changes if any(change in part[0].pending for part in change.parts)]
            for change in rest[: chance.randint(0, len(rest))]:
                self._commit(change)
        _write(self._tree, target, chance, sector)

    def _opened(self, record: Record) -> None:
        where = self._find(record.path)
        if where is None:
            assert record.offset, f"{record.path} was there before, and nobody made it"
            where = File()
            self._change([(*self._place(record.path), where)])
        if isinstance(where, File) and record.size and where.now:
            where.change(0, None)
        self._open[record.pid, record.fd] = where

    def _sync(self, what: File | Folder) -> None:
        if isinstance(what, File):
            what.sync()
            return
        for change in list(what.pending):
            self._commit(change)

    def _change(self, parts: list[tuple[Folder, str, Entry | None]]) -> None:
        change = Change(parts)
        self._changes.append(change)
        for folder, name, entry in parts:
            _put(folder.now, name, entry)
            folder.pending.append(change)

    def _commit(self, change: Change) -> None:
        for folder, name, entry in change.parts:
            _put(folder.synced, name, entry)
            if change in folder.pending:
                folder.pending.remove(change)
        if change in self._changes:
            self._changes.remove(change)

    def _place(self, path: str) -> tuple[Folder, str]:
        *folders, name = Path(path).relative_to(self._root).parts
        at: Entry = self._tree
        for word in folders:
            assert isinstance(at, Folder)
            at = at.now[word]
            if isinstance(at, str):  # a link beside what it leads to
                at = self._find(str(Path(path).parents[len(folders) - folders.index(word) - 1].parent / at)) or Folder()
        assert isinstance(at, Folder)
        return at, name

    def _find(self, path: str) -> File | Folder | None:
        if Path(path) == self._root:
            return self._tree
        folder, name = self._place(path)
        found = folder.now.get(name)
        if isinstance(found, str):
            return self._find(str(Path(path).parent / found))
        return found


def _put(entries: dict[str, Entry], name: str, entry: Entry | None) -> None:
    if entry is None:
        entries.pop(name, None)
    else:
        entries[name] = entry


def _read(start: Path) -> Folder:
    made = Folder()
    for path in start.iterdir():
        if path.is_dir():
            entry: Entry = _read(path)
        else:
            content = path.read_bytes()
            entry = File(bytearray(content), content)
        made.now[path.name] = made.synced[path.name] = entry
    return made


def _write(folder: Folder, target: Path, chance: random.Random | None, sector: int) -> None:
    target.mkdir(exist_ok=True)
    for name, entry in folder.synced.items():
        if name.endswith("-shm"):
            continue  # the index of the WAL lives in memory: SQLite makes it anew when nobody has the file open
        if isinstance(entry, Folder):
            _write(entry, target / name, chance, sector)
        elif isinstance(entry, str):
            (target / name).symlink_to(entry)
        else:
            (target / name).write_bytes(entry.synced if chance is None else entry.torn(chance, sector))
