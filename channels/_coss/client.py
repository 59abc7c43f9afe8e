"""The HTTP client under `coss`: bodies from files, answers that grow into files."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.task import Cooperator
from twisted.python.failure import Failure as Trouble
from twisted.web.client import FileBodyProducer, ResponseDone
from twisted.web.http import PotentialDataLoss
from twisted.web.http_headers import Headers

from channels._http.peer import Peer, TooLong

INLINE = 64 * 1024
"""Bytes of an answer that are kept in memory; a longer one goes into a file."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A peer's whole answer: its bytes, or the path of the file that holds them (the caller removes it)."""

    status: int
    body: bytes | str = field(repr=False)


class Body(FileBodyProducer):
    """A request's body out of a file or bytes. `started`: whether a byte of it may have left."""

    def __init__(self, reactor: Any, source: BinaryIO | bytes) -> None:
        self.started = False
        self.file = BytesIO(source) if isinstance(source, bytes) else source
        # Read and written in turns, so that a long one does not hold the reactor.
        cooperator = Cooperator(scheduler=lambda work: reactor.callLater(0, work))
        super().__init__(self.file, cooperator=cooperator)  # type: ignore[no-untyped-call]

    def startProducing(self, consumer: Any) -> Any:
        """The headers are out, the connection stands."""
        self.started = True
        return super().startProducing(consumer)  # type: ignore[no-untyped-call]


class Client:
    """Posts JSON to one peer. connect_timeout, keep_alive: seconds; limit: bytes of an answer; folder: for files."""

    def __init__(self, reactor: Any, connections: int, connect_timeout: float, keep_alive: float, limit: int) -> None:
        self._peer = Peer(reactor, connections, connect_timeout, keep_alive)
        self._limit = limit

    def trust(self, authorities: Path | None) -> None:
        """Blocking, see `Peer.trust`."""
        self._peer.trust(authorities)

    async def post(self, url: str, body: Body, folder: Path, fresh: bool) -> Answer:
        """One POST; raises what Twisted raises, and `TooLong`.

        fresh: on a new connection, so that no kept one that the peer is just closing brings us into doubt.
        """
        headers = Headers({"Content-Type": ["application/json;charset=UTF-8"], "Accept": ["application/json"]})
        client = self._peer.fresh if fresh else self._peer.kept
        response = await client.post(url, data=body, headers=headers, allow_redirects=False, unbuffered=True)
        collector = Collector(self._limit, folder)
        response.deliverBody(collector)
        return Answer(int(response.code), await collector.done)

    async def close(self) -> None:
        """Close the connections that are kept."""
        await self._peer.close()


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
