"""Drawn pages on disk, bounded: they can always be drawn again."""

from __future__ import annotations

import os
from pathlib import Path

from engine.message import new_id

MOST = 500
"""Files; a page of 1200 points is about 150 KB, so about 75 MB."""


class Cache:
    """A folder of PNG files by key, of mode 0700; the ones used longest ago go first."""

    def __init__(self, folder: Path, most: int = MOST) -> None:
        self._folder = folder
        self._most = most

    def find(self, key: str) -> Path | None:
        """The file, marked as used."""
        path = self._folder / f"{key}.png"
        try:
            os.utime(path)
        except OSError:
            return None
        return path

    def keep(self, key: str, data: bytes) -> Path:
        """Write the file whole or not at all, and make room."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = self._folder / f".{new_id()}"
        part.write_bytes(data)
        path = self._folder / f"{key}.png"
        part.replace(path)
        self._trim()
        return path

    def _trim(self) -> None:
        files = [(entry.stat().st_mtime_ns, entry.path) for entry in os.scandir(self._folder)]
        for _, path in sorted(files)[: max(0, len(files) - self._most)]:
            Path(path).unlink(missing_ok=True)
