"""An outgoing SOAP request as pieces: text that is ready, and blobs that become Base64 while they are sent.

`<wb:blob name="signed" as="base64"/>` (namespace `urn:waybill`) in the business XML names the blob. The length is known
before the first byte leaves, and no more than one piece of a blob is in memory.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal
from xml.sax.saxutils import escape

from lxml import etree
from twisted.internet.defer import Deferred
from twisted.web.iweb import IBodyProducer
from zope.interface import implementer

from channels._soap.envelope import NAMESPACES, Version, parse
from engine.channel import Threads
from engine.message import Blob, Refused, Unavailable

NO_BLOB = "WB-3012"
"""The body names a blob that this run does not have, or in a form that is not known."""

GONE = "WB-3013"
"""A blob's file is not there, or has another size than its message says: nothing was sent."""

Piece = bytes | Blob
_PIECE = 3 * 64 * 1024  # whole groups of three bytes, so that pieces of Base64 join without padding
_BLOB = "{urn:waybill}blob"
_ENVELOPE = {version: namespace for namespace, version in NAMESPACES.items()}


def business_pieces(xml: bytes, blobs: Mapping[str, Blob]) -> list[Piece]:
    """The business XML with its blobs in their places; raises `Refused` WB-3012."""
    root = parse(xml)
    token = uuid.uuid4().hex
    found: list[Blob] = []
    for element in list(root.iter(_BLOB)):
        blob = blobs.get(element.get("name", ""))
        if blob is None or element.get("as") != "base64" or element.getparent() is None:
            raise Refused(NO_BLOB, "the body names a blob that is not a value of this run, or not as=base64")
        _replace(element, token)
        found.append(blob)
    etree.cleanup_namespaces(root)
    texts = etree.tostring(root, encoding="utf-8").split(token.encode())
    pieces: list[Piece] = [texts[0]]
    for blob, text in zip(found, texts[1:], strict=True):
        pieces += [blob, text]
    return pieces


def envelope_pieces(
    version: Version,
    namespace: str,
    operation: str,
    parameters: Mapping[str, str],
    payload: tuple[str, list[Piece]],
    form: Literal["text", "cdata"],
) -> list[Piece]:
    """The whole request: `operation` with text `parameters`, then the payload under its name."""
    name, pieces = payload
    texts = "".join(f"<{word}>{escape(text)}</{word}>" for word, text in parameters.items())
    head = (
        f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="{_ENVELOPE[version]}"><s:Body>'
        f'<{operation} xmlns="{escape(namespace, {chr(34): "&quot;"})}">{texts}<{name}>'
    )
    tail = f"</{name}></{operation}></s:Body></s:Envelope>"
    if form == "cdata":
        head, tail = head + "<![CDATA[", "]]>" + tail
    convert = _cdata if form == "cdata" else _escaped
    inside: list[Piece] = [piece if isinstance(piece, Blob) else convert(piece) for piece in pieces]
    return [head.encode(), *inside, tail.encode()]


def length(pieces: list[Piece]) -> int:
    """Bytes on the wire."""
    return sum((piece.size + 2) // 3 * 4 if isinstance(piece, Blob) else len(piece) for piece in pieces)


def check_files(files: Mapping[Path, int]) -> None:
    """Blocking: every blob's file has its size; raises `Unavailable` WB-3013 before anything is sent."""
    for path, size in files.items():
        if not path.is_file() or path.stat().st_size != size:
            raise Unavailable(GONE, "the file of a blob is not there, or has another size")


@implementer(IBodyProducer)
class PiecesProducer:
    """Twisted's body producer over pieces. `started` tells whether a byte of the body may have left."""

    def __init__(self, pieces: list[Piece], path: Callable[[Blob], Path], threads: Threads) -> None:
        self.length = length(pieces)
        self.started = False
        self._pieces = pieces
        self._path = path
        self._threads = threads
        self._stopped = False
        self._paused: Deferred[None] | None = None
        self._never: Deferred[None] = Deferred()

    def startProducing(self, consumer: Any) -> Deferred[None]:
        """Write all pieces to the consumer."""
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
        """Twisted asks that a producer which was stopped never ends: else its half body hides why it was stopped."""
        for piece in self._pieces:
            if isinstance(piece, Blob):
                for offset in range(0, piece.size, _PIECE):
                    await self._write(consumer, await self._threads.run("blobs", _encoded, self._path(piece), offset))
            else:
                await self._write(consumer, piece)

    async def _write(self, consumer: Any, data: bytes) -> None:
        if self._paused is not None:
            await self._paused
        if self._stopped:
            await self._never
        consumer.write(data)


def _encoded(path: Path, offset: int) -> bytes:
    """Blocking: one piece of the file in Base64."""
    with path.open("rb") as file:
        file.seek(offset)
        return base64.b64encode(file.read(_PIECE))


def _replace(element: Any, token: str) -> None:
    """Put the token where the element stands, before the text that follows it."""
    text = token + (element.tail or "")
    before, parent = element.getprevious(), element.getparent()
    if before is not None:
        before.tail = (before.tail or "") + text
    else:
        parent.text = (parent.text or "") + text
    element.tail = None
    parent.remove(element)


def _escaped(data: bytes) -> bytes:
    return data.replace(b"&", b"&amp;").replace(b"<", b"&lt;").replace(b">", b"&gt;")


def _cdata(data: bytes) -> bytes:
    return data.replace(b"]]>", b"]]]]><![CDATA[>")
