"""Outgoing requests: pieces, their length, and streaming."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from twisted.internet.defer import Deferred

from channels._soap.outgoing import PiecesProducer, business_pieces, check_files, envelope_pieces, length
from engine.message import Blob, Refused, Unavailable
from tests.contracts.base import sleep
from tests.contracts.fakes import make_world

WB = '<wb:blob xmlns:wb="urn:waybill" name="{}" as="base64"/>'


class Wire:
    """Collects what a producer writes; pauses it after `pause` writes."""

    def __init__(self, pause: int = -1) -> None:
        self.parts: list[bytes] = []
        self.pause = pause
        self.producer: Any = None

    def write(self, data: bytes) -> None:
        self.parts.append(data)
        if len(self.parts) == self.pause:
            self.producer.pauseProducing()


def joined(pieces: list[Any], data: bytes) -> bytes:
    return b"".join(base64.b64encode(data) if isinstance(piece, Blob) else piece for piece in pieces)


def test_blobs_take_the_place_of_their_marks() -> None:
    blob = Blob("0" * 64, 5)
    xml = f"<R><A>a{WB.format('one')}b</A><B><c/>{WB.format('two')}</B><C>&lt;</C></R>"
    pieces = business_pieces(xml.encode(), {"one": blob, "two": blob})
    assert [piece for piece in pieces if isinstance(piece, Blob)] == [blob, blob]
    assert joined(pieces, b"hello") == b"<R><A>aaGVsbG8=b</A><B><c/>aGVsbG8=</B><C>&lt;</C></R>"


@pytest.mark.parametrize(
    "xml",
    [WB.format("other"), f"<a>{WB.format('other')}</a>", '<a><w:blob xmlns:w="urn:waybill" name="one" as="hex"/></a>'],
)
def test_a_blob_that_is_not_there_is_refused(xml: str) -> None:
    with pytest.raises(Refused, match="WB-3012"):
        business_pieces(xml.encode(), {"one": Blob("0" * 64, 5)})


@pytest.mark.parametrize("form", ["text", "cdata"])
@given(text=st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")))
def test_the_payload_arrives_as_it_was(form: Any, text: str) -> None:
    root = etree.Element("R")
    root.text = text + "]]>" + text
    data = etree.tostring(root, encoding="utf-8")
    pieces = envelope_pieces("1.1", "urn:a&b", "Op", {"input1": "<&"}, ("input2", [data]), form)
    operation = etree.fromstring(joined(pieces, b""))[0][0]
    assert operation.tag == "{urn:a&b}Op"
    assert [child.text for child in operation] == ["<&", data.decode()]


@pytest.mark.parametrize("size", [0, 1, 2, 3, 196_607, 196_608, 196_609, 1_000_000])
async def test_streamed_bytes_and_their_announced_length(reactor: Any, tmp_path: Path, size: int) -> None:
    world = make_world(reactor, tmp_path)
    data = os.urandom(size)
    pieces: list[Any] = [b"<a>", world.blobs.put(data), b"</a>"]
    wire = Wire()
    producer = PiecesProducer(pieces, world.blobs.path, world.threads)
    assert not producer.started
    await producer.startProducing(wire)
    sent = b"".join(wire.parts)
    assert producer.started
    assert sent == b"<a>" + base64.b64encode(data) + b"</a>"
    assert len(sent) == producer.length == length(pieces)
    assert max(map(len, wire.parts)) <= 262_144


async def test_it_pauses_resumes_and_stops(reactor: Any, tmp_path: Path) -> None:
    world = make_world(reactor, tmp_path)
    pieces: list[Any] = [b"<a>", world.blobs.put(os.urandom(900_000)), b"</a>"]
    wire = Wire(pause=2)
    wire.producer = PiecesProducer(pieces, world.blobs.path, world.threads)
    done: Deferred[None] = wire.producer.startProducing(wire)
    await sleep(reactor, 0.1)
    assert len(wire.parts) == 2
    wire.producer.resumeProducing()
    await done
    assert sum(map(len, wire.parts)) == wire.producer.length
    stopped = Wire(pause=1)
    stopped.producer = PiecesProducer(pieces, world.blobs.path, world.threads)
    done = stopped.producer.startProducing(stopped)
    stopped.producer.stopProducing()
    await sleep(reactor, 0.1)
    assert stopped.parts == [b"<a>"]
    assert not done.called  # it would say that the body is complete


def test_files_are_looked_at_before_anything_is_sent(tmp_path: Path) -> None:
    path = tmp_path / "blob"
    path.write_bytes(b"12345")
    check_files({path: 5})
    with pytest.raises(Unavailable, match="WB-3013"):
        check_files({path: 6})
    with pytest.raises(Unavailable, match="WB-3013"):
        check_files({tmp_path / "none": 0})
