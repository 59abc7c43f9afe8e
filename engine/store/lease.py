"""Who copies blobs holds them: none is removed meanwhile, whichever process would."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class BlobLease:
    """A lock on the file `blobs.lock` of the state folder; it ends with its process."""

    def __init__(self, state: Path) -> None:
        self._path = state / "blobs.lock"

    @contextmanager
    def to_copy(self) -> Iterator[None]:
        """Waits for who is just removing some; several may copy."""
        with self._opened() as handle:
            fcntl.flock(handle, fcntl.LOCK_SH)
            yield

    @contextmanager
    def to_remove(self) -> Iterator[bool]:
        """Whether nobody copies now."""
        with self._opened() as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                yield False
                return
            yield True

    @contextmanager
    def _opened(self) -> Iterator[int]:
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            yield handle
        finally:
            os.close(handle)
