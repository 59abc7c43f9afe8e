"""A request's body out of a value, sent in pieces: a blob straight from its file, XML with its blobs in Base64."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.web.iweb import IBodyProducer
from zope.interface import implementer

from engine.channel import Threads
from engine.message import Blob, Hl7, Refused, Value, Xml

NO_BODY = "WB-3108"
"""The body of the call is a value that cannot be sent: a list or mapping with bytes or XML inside."""

_PIECE = 256 * 1024
_WAYBILL = b"urn:waybill"


def needs_pieces(value: Value) -> bool:
    """Whether XML names blobs, which are filled in while it is sent."""
    return isinstance(value, Xml) and _WAYBILL in value.data


def form_of(value: Value) -> str:
    """The content type of a value."""
    match value:
        case Xml():
            return "application/xml; charset=utf-8"
        case Hl7():
            return "application/hl7-v2; charset=utf-8"
        case Blob():
            return value.content_type
        case str():
            return "text/plain; charset=utf-8"
        case bytes():
            return "application/octet-stream"
    return "application/json"


def bytes_of(value: Value) -> bytes:
    """A value that is no blob as bytes; None is an empty body. Raises `Refused` WB-3108."""
    match value:
        case None:
            return b""
        case Xml() | Hl7():
            return value.data
        case str():
            return value.encode()
        case bytes():
            return value
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError):
        raise Refused(NO_BODY, "the body is no JSON: it holds bytes, XML or a blob") from None


@implementer(IBodyProducer)
class Short:
    """A body in memory, written at once. `started`: whether a byte of it may have left."""

    def __init__(self, data: bytes) -> None:
        self.length = len(data)
        self.started = False
        self._data = data

    def startProducing(self, consumer: Any) -> Deferred[None]:
        self.started = True
        if self._data:
            consumer.write(self._data)
        done: Deferred[None] = Deferred()
        done.callback(None)
        return done

    def pauseProducing(self) -> None:
        """All is written."""

    def resumeProducing(self) -> None:
        """All is written."""

    def stopProducing(self) -> None:
        """All is written."""


@implementer(IBodyProducer)
class FileBody:
    """A body out of a blob's file, a piece at a time."""

    def __init__(self, path: Path, length: int, threads: Threads) -> None:
        self.length = length
        self.started = False
        self._path = path
        self._threads = threads
        self._stopped = False
        self._paused: Deferred[None] | None = None
        self._never: Deferred[None] = Deferred()

    def startProducing(self, consumer: Any) -> Deferred[None]:
        self.started = True
        return Deferred.fromCoroutine(self._produce(consumer))

    def pauseProducing(self) -> None:
        """The transport's buffer is full."""
        if self._paused is None:
            self._paused = Deferred()

    def resumeProducing(self) -> None:
        """The transport takes more."""
        paused, self._paused = self._paused, None
        if paused is not None:
            paused.callback(None)

    def stopProducing(self) -> None:
        """The connection is gone, or the request was given up."""
        self._stopped = True
        self.resumeProducing()

    async def _produce(self, consumer: Any) -> None:
        """A producer that was stopped never ends, as Twisted asks."""
        for offset in range(0, self.length, _PIECE):
            data = await self._threads.run("blobs", _piece, self._path, offset)
            if self._paused is not None:
                await self._paused
            if self._stopped:
                await self._never
            consumer.write(data)


def _piece(path: Path, offset: int) -> bytes:
    """Blocking."""
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(_PIECE)
