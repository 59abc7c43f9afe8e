"""The HTTP client under `coss`: bodies from files, answers that grow into files."""

from __future__ import annotations

from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from twisted.internet.task import Cooperator
from twisted.web.client import FileBodyProducer
from twisted.web.http_headers import Headers

from channels._http.collector import Collector
from channels._http.peer import Peer


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
    """Posts JSON to one peer. limit: bytes of an answer; folder: for files."""

    def __init__(self, peer: Peer, limit: int) -> None:
        self._peer = peer
        self._limit = limit

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
