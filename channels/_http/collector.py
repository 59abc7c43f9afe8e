"""Reading an HTTP answer up to its limit: a short one in memory, a long one into a file."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any, BinaryIO

from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure as Trouble
from twisted.web.client import ResponseDone
from twisted.web.http import PotentialDataLoss

from channels._http.peer import TooLong

INLINE = 64 * 1024
"""Bytes of an answer that are kept in memory; a longer one goes into a file."""


class Collector(Protocol):
    """Reads an answer up to its limit, into memory and, when it is long, into a new file of `folder`.

    A cancelled one closes the connection and leaves no file.
    """

    def __init__(self, limit: int, folder: Path) -> None:
        self.done: Deferred[bytes | str] = Deferred(lambda _: self._close())
        self._folder = folder
        self._left = limit
        self._parts: list[bytes] = []
        self._size = 0
        self._path: Path | None = None
        self._file: BinaryIO | None = None

    def dataReceived(self, data: bytes) -> None:
        self._left -= len(data)
        self._size += len(data)
        if self._left < 0:
            self._close()
            self._end(Trouble(TooLong()))
        elif self._file is not None:
            self._file.write(data)
        else:
            self._parts.append(data)
            if self._size > INLINE:
                self._spill()

    def connectionLost(self, reason: Trouble = connectionDone) -> None:
        # Without a length the end of the connection is the end of the answer; if it came too early it is not JSON.
        if not reason.check(ResponseDone, PotentialDataLoss):
            self._end(reason)
        elif self._file is not None:
            self._file.close()
            self._file = None
            self._end(str(self._path))
        else:
            self._end(b"".join(self._parts))

    def _spill(self) -> None:
        self._path = self._folder / f"{uuid.uuid4().hex}.answer"
        self._file = self._path.open("wb")
        self._file.writelines(self._parts)
        self._parts.clear()

    def _end(self, result: Any) -> None:
        if isinstance(result, Trouble):
            self._drop()
        if not self.done.called:
            self.done.callback(result)

    def _close(self) -> None:
        self._drop()
        transport: Any = self.transport
        transport.loseConnection()

    def _drop(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._path is not None:
            self._path.unlink(missing_ok=True)
