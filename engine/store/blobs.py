"""Bytes by SHA-256 beside the database: `var/blobs/ab/cd/<hash>`; durable before the commit that names them."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import os
import stat
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from engine.message import Blob, Refused, Unavailable
from engine.points import point

PIECE = 256 * 1024
KEEP = 24 * 3600
"""Seconds: the sweep leaves younger blobs alone, whose naming commit may be under way."""


_PLACING = threading.Lock()
"""One for the process: a file is not removed by one `Blobs` while another finds that it is there already."""


class Blobs:
    """All methods block; call them in a thread. Read-only files, written once."""

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self._folder = folder
        self._durable = durable
        self._placing = _PLACING
        self._is_kept = not durable  # whether the folder itself is on the disk

    def put(self, data: bytes, content_type: str = "application/octet-stream", name: str = "") -> Blob:
        return self._keep(iter((data,)), content_type, name)

    def put_file(self, path: Path, content_type: str = "application/octet-stream", name: str = "") -> Blob:
        """Copy a file's bytes; raises `OSError` of the file, `Unavailable` of our disk."""
        with _plain(path) as source:
            return self._keep(iter(lambda: source.read(PIECE), b""), content_type, name or path.name)

    def path(self, blob: Blob) -> Path:
        return self._path(blob.sha256)

    def read(self, blob: Blob) -> bytes:
        """The bytes, checked against the hash; `Refused` when the file is missing or damaged."""
        try:
            data = self._path(blob.sha256).read_bytes()
        except FileNotFoundError:
            raise Refused("WB-5001", f"blob {blob.sha256[:12]} is missing") from None
        if hashlib.sha256(data).hexdigest() != blob.sha256:
            raise Refused("WB-5002", f"blob {blob.sha256[:12]} is damaged")
        return data

    def sweep(self, named: Iterable[str]) -> int:
        """Remove blobs older than `KEEP` that `named` does not hold, and what a crash left half written; how many.

        Call inside a writer operation.
        """
        keep, removed = set(named), 0
        for path in (*self._folder.glob("??/??/*"), *self._folder.glob(".*-*-*")):
            with self._placing:  # a `put` of the same bytes is before this, and touched it, or after it
                if path.name not in keep and time.time() - path.stat().st_mtime > KEEP:
                    path.unlink()
                    removed += 1
        return removed

    def drop(self, names: Iterable[str]) -> list[str]:
        """Remove those of these blobs that are older than `KEEP`; which. Call inside a writer operation."""
        removed = []
        for name in names:
            path = self._path(name)
            with self._placing, contextlib.suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > KEEP:
                    path.unlink()
                    removed.append(name)
        return removed

    def names(self, older: float = 0.0) -> Iterator[tuple[str, int]]:
        """Name and size of every blob that has lain for so many seconds."""
        for path in self._folder.glob("??/??/*"):
            with contextlib.suppress(FileNotFoundError):
                found = path.stat()
                if time.time() - found.st_mtime >= older:
                    yield path.name, found.st_size

    def _path(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / sha256[2:4] / sha256

    def _keep(self, pieces: Iterator[bytes], content_type: str, name: str) -> Blob:
        digest, size = hashlib.sha256(), 0
        temporary = self._folder / f".{os.getpid()}-{time.monotonic_ns()}-{os.urandom(4).hex()}"
        try:
            with _our_disk():
                self._make_folder()
                out = temporary.open("xb", buffering=0)
            with out:
                for piece in pieces:  # an error of the source is the caller's, one of our disk is ours
                    digest.update(piece)
                    size += len(piece)
                    with _our_disk():
                        _write(out, piece)
                with _our_disk():
                    if self._durable:
                        os.fsync(out.fileno())
            blob = Blob(digest.hexdigest(), size, content_type, name)
            with _our_disk():
                self._place(temporary, self._path(blob.sha256))
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
        return blob

    def _make_folder(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not self._is_kept:  # once a process: who made it may have been cut off before this
            sync_folder(self._folder.parent)
            self._is_kept = True

    def _place(self, temporary: Path, target: Path) -> None:
        with self._placing:
            if target.exists():
                os.utime(target)  # so that the sweep leaves it to the commit that is about to name it
            else:
                target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                temporary.chmod(0o400)
                point("blob.before_rename")
                temporary.rename(target)
        if self._durable:
            # Of an existing one too: another thread may have renamed it and not have come to this yet.
            for folder in (target.parent, target.parent.parent, self._folder):
                sync_folder(folder)


def _plain(path: Path) -> BinaryIO:
    """A plain file, open: what was put in its place since somebody looked (a link, a pipe) is an `OSError`."""
    flags = sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"))  # not all systems have all
    handle = os.open(path, os.O_RDONLY | flags)
    mode = os.fstat(handle).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(handle, "rb")
    os.close(handle)
    raise OSError(errno.EISDIR if stat.S_ISDIR(mode) else errno.EINVAL, "not a plain file")


@contextlib.contextmanager
def _our_disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unavailable("WB-1012", f"the disk does not take a blob ({error.strerror})") from error


def _write(out: io.FileIO, piece: bytes) -> None:
    """All of it: an unbuffered file may take less than it is given."""
    rest = memoryview(piece)
    while rest:
        rest = rest[out.write(rest) :]


def sync_folder(folder: Path) -> None:
    """The names in a folder are on the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
