"""The HTTP client under `soap_out`: bodies in pieces, bounded answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure as Trouble
from twisted.web.client import ResponseDone
from twisted.web.http import PotentialDataLoss
from twisted.web.http_headers import Headers

from channels._http.peer import Peer, TooLong
from channels._soap.outgoing import PiecesProducer


@dataclass(frozen=True, slots=True)
class Answer:
    """A peer's whole answer."""

    status: int
    content_type: str
    body: bytes = field(repr=False)


class Client:
    """Posts to one peer. limit: bytes of an answer."""

    def __init__(self, peer: Peer, limit: int) -> None:
        self._peer = peer
        self._limit = limit

    async def post(self, url: str, headers: dict[str, str], body: PiecesProducer) -> Answer:
        """One POST; raises what Twisted raises, and `TooLong`."""
        raw = Headers({name: [value] for name, value in headers.items()})
        response = await self._peer.kept.post(url, data=body, headers=raw, allow_redirects=False, unbuffered=True)
        content_type = (response.headers.getRawHeaders("content-type") or [""])[0]
        return Answer(response.code, content_type, await self._collect(response))

    async def get(self, url: str) -> int:
        """The status that a GET is answered with."""
        response = await self._peer.kept.get(url, allow_redirects=False, unbuffered=True)
        await self._collect(response)
        return int(response.code)

    def _collect(self, response: Any) -> Deferred[bytes]:
        collector = _Collector(self._limit)
        response.deliverBody(collector)
        return collector.done


class _Collector(Protocol):
    """Reads an answer up to its limit; a cancelled one closes the connection."""

    def __init__(self, limit: int) -> None:
        self.done: Deferred[bytes] = Deferred(self._cancelled)
        self._parts: list[bytes] = []
        self._left = limit

    def dataReceived(self, data: bytes) -> None:
        self._left -= len(data)
        self._parts.append(data)
        if self._left < 0:
            self._close()
            self._end(Trouble(TooLong()))

    def connectionLost(self, reason: Trouble = connectionDone) -> None:
        # Without a length the end of the connection is the end of the answer; if it came too early it is not XML.
        complete = reason.check(ResponseDone, PotentialDataLoss)
        self._end(b"".join(self._parts) if complete else reason)

    def _end(self, result: Any) -> None:
        if not self.done.called:
            self.done.callback(result)

    def _cancelled(self, _done: Deferred[bytes]) -> None:
        self._close()

    def _close(self) -> None:
        transport: Any = self.transport
        transport.loseConnection()
