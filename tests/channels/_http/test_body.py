"""A value as a request's body."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from channels._http.body import FileBody, Short, bytes_of, form_of, needs_pieces
from engine.message import Blob, Hl7, Refused, Value, Xml
from tests.contracts.fakes import make_world


@pytest.mark.parametrize(
    ("value", "data", "form"),
    [
        (Xml(b"<a/>"), b"<a/>", "application/xml; charset=utf-8"),
        (Hl7(b"MSH|"), b"MSH|", "application/hl7-v2; charset=utf-8"),
        ("é", "é".encode(), "text/plain; charset=utf-8"),
        (b"\0", b"\0", "application/octet-stream"),
        ({"a": ["é", 1]}, '{"a": ["é", 1]}'.encode(), "application/json"),
        (5, b"5", "application/json"),
        (None, b"", "application/json"),
    ],
)
def test_forms(value: Value, data: bytes, form: str) -> None:
    assert (bytes_of(value), form_of(value)) == (data, form)


def test_what_cannot_be_sent() -> None:
    for value in ({"a": b"x"}, [Xml(b"<a/>")], float("nan")):
        with pytest.raises(Refused, match="WB-3108"):
            bytes_of(value)
    assert form_of(Blob("0" * 64, 1, "application/pdf")) == "application/pdf"
    assert needs_pieces(Xml(b'<a xmlns:w="urn:waybill"/>'))
    assert not needs_pieces(Xml(b"<a/>"))


class Wire:
    """Collects; pauses its producer after each write and resumes it later."""

    def __init__(self, reactor: Any, body: FileBody) -> None:
        self.data, self.reactor, self.body, self.writes = b"", reactor, body, 0

    def write(self, data: bytes) -> None:
        self.data += data
        self.writes += 1
        self.body.pauseProducing()
        self.reactor.callLater(0, self.body.resumeProducing)


async def test_a_file_goes_out_in_pieces(reactor: Any, tmp_path: Path) -> None:
    world = make_world(reactor, tmp_path)
    data = os.urandom(600_000)
    path = tmp_path / hashlib.sha256(data).hexdigest()
    path.write_bytes(data)
    body = FileBody(path, len(data), world.threads)
    wire = Wire(reactor, body)
    assert not body.started
    await body.startProducing(wire)
    assert body.started
    assert (wire.data, wire.writes) == (data, 3)


async def test_a_short_body_is_written_at_once() -> None:
    parts: list[bytes] = []

    class Consumer:
        def write(self, data: bytes) -> None:
            parts.append(data)

    for data in (b"hello", b""):
        body = Short(data)
        assert (body.length, body.started) == (len(data), False)
        await body.startProducing(Consumer())
        assert body.started
    assert parts == [b"hello"]
