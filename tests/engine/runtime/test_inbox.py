"""The one door in: what is answered is durable, the same again is no second run, and nobody's run is lost."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from twisted.internet.defer import CancelledError, Deferred

from engine.channel import Inbox
from engine.message import INLINE_LIMIT, Blob, Incoming, Refused, Unavailable
from tests.engine.runtime.house import attention, engine, one_route, order, rows

SET = "      - {id: note, set: {labels: {seen: 'yes'}}}\n"
LABELS = "{id: {path: //id}, seen: {optional: true}, name: {path: //name, phi: true, optional: true}}"
SITE = one_route(SET, labels=LABELS)
XSD = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="order"><xs:complexType><xs:sequence>
<xs:element name="id" type="xs:string"/><xs:element name="count" type="xs:integer" minOccurs="0"/>
</xs:sequence></xs:complexType></xs:element></xs:schema>"""


async def test_the_same_identity_again(tmp_path: Path) -> None:
    async with engine(tmp_path, SITE) as world:
        first = await world.put(order(1), "order")
        again = await world.put(order(1), "order")
        other = await world.put(order(1, "<x/>"), "order")
        assert [reply.kind for reply in (first, again, other)] == ["accepted", "repeat", "conflict"]
        assert again.message_id == first.message_id
        assert (other.ok, other.code) == (False, "WB-1008")
        await world.ended()
        assert len(world.runs()) == 1
        assert rows(world, "SELECT outcome, repeats FROM message ORDER BY seq") == [("accepted", 1), ("conflict", 0)]
        assert attention(world) == ["conflict"]


async def test_the_repeat_of_white_space_and_encoding_is_a_repeat(tmp_path: Path) -> None:
    async with engine(tmp_path, SITE) as world:
        await world.put("<order><id>é</id></order>", "order")
        again = await world.put('<?xml version="1.0" encoding="UTF-8"?>\n<order><id>é</id></order>', "order")
        assert again.kind == "repeat"


async def test_an_invalid_message_holds_no_identity(tmp_path: Path) -> None:
    site = SITE.replace("identity: [//id]}", "identity: [//id], check: {xsd: transforms/order.xsd}}")
    async with engine(tmp_path, site, order__xsd=XSD) as world:
        bad = await world.put(order(1, "<count>many</count>"), "order")
        assert (bad.kind, bad.code) == ("invalid", "WB-1007")
        assert "many" not in bad.reason
        good = await world.put(order(1, "<count>2</count>"), "order")
        assert good.kind == "accepted"
        assert rows(world, "SELECT outcome FROM message ORDER BY seq") == [("invalid",), ("accepted",)]
        assert attention(world) == ["invalid"]


async def test_what_is_no_xml_is_kept_and_answered(tmp_path: Path) -> None:
    async with engine(tmp_path, SITE) as world:
        for number, body in enumerate(("", "no xml", "<a", "<!DOCTYPE a><a/>", "<order/>"), 1):
            reply = await world.put(body, "order")
            assert reply.kind == "invalid", body
            assert reply.code.startswith("WB-10")
            assert len(rows(world, "SELECT 1 FROM message")) == number
        assert world.runs() == []
        inbox: Inbox = world.daemon.runtime.inbox
        number_of = await inbox.reject(Incoming("source", "", b"x"), "WB-1003", "not SOAP")
        assert rows(world, "SELECT id, outcome FROM message ORDER BY seq DESC LIMIT 1") == [(number_of, "rejected")]
        with pytest.raises(Refused, match="WB-1013"):
            await inbox.accept(Incoming("source", "unheard", b"<a/>"))


async def test_a_large_body_is_a_blob(tmp_path: Path) -> None:
    async with engine(tmp_path, SITE) as world:
        body = order(1, "<x>" + "y" * INLINE_LIMIT + "</x>")
        reply = await world.put(body, "order")
        assert (await world.put(body, "order")).kind == "repeat"
        ((inline, blob, size),) = rows(world, "SELECT body, blob, size FROM message")
        assert (inline, size) == (None, len(body))
        assert (tmp_path / "var" / "blobs" / blob[:2] / blob[2:4] / blob).read_bytes() == body.encode()
        assert reply.ok
        await world.ended()


async def test_a_stopping_and_a_full_engine_say_so(tmp_path: Path) -> None:
    async with engine(tmp_path, SITE) as world:
        inbox = world.daemon.runtime.inbox
        inbox.pending = 10_000
        with pytest.raises(Unavailable, match="full"):
            await world.put(order(1), "order")
        inbox.pending = 0
        inbox.closed = True
        with pytest.raises(Unavailable, match="stopping"):
            await world.put(order(1), "order")
        inbox.closed = False
        assert (await world.put(order(1), "order")).ok


async def test_a_store_that_takes_nothing_is_unavailable_and_leaves_no_trace(tmp_path: Path) -> None:
    async with engine(tmp_path, SITE) as world:
        join = world.daemon.store.join

        def full(*_args: object, **_keywords: object) -> Deferred[None]:
            raise Unavailable("WB-1012", "the store's queue is full")

        world.daemon.store.join = full  # type: ignore[method-assign]
        with pytest.raises(Unavailable):
            await world.put(order(1), "order")
        world.daemon.store.join = join  # type: ignore[method-assign]
        assert (await world.put(order(1), "order")).kind == "accepted"


async def test_a_sender_that_goes_away_loses_no_run(tmp_path: Path) -> None:
    async with engine(tmp_path, SITE) as world:
        store, gate = world.daemon.store, threading.Event()
        held = store.write(lambda conn: gate.wait(5))
        await world.until(lambda: store.queued() == 0)
        sending = Deferred.fromCoroutine(world.put(order(1), "order"))
        # Its commit waits behind the gate; a beat of the engine's own watches may wait there too.
        await world.until(lambda: any(job.joined for job in store._writer._front))
        sending.cancel()
        with pytest.raises(CancelledError):
            await sending
        gate.set()
        await held
        await world.ended()
        assert (await world.put(order(1), "order")).kind == "repeat"


async def test_labels_of_accept(tmp_path: Path) -> None:
    async with engine(tmp_path, SITE) as world:
        await world.put("<order><id>7</id><name>示例甲</name></order>", "order")
        await world.ended()
        assert rows(world, "SELECT name, value, phi FROM label ORDER BY name") == [
            ("id", "7", 0), ("name", "示例甲", 1), ("seen", "yes", 0),
        ]  # fmt: skip


BYTES = """connections:
  drop: {type: memory_in}
policies:
  default: {first: 10ms, factor: 2, max: 50ms, jitter: 0%, give_up: 1s, then: dead}
routes:
  pages:
    receive: {from: drop, operation: file, order: {key: $(meta/folder), until: keep}}
    labels: {station: {path: $(meta/folder)}}
    steps:
      - {id: keep, set: {values: {kept: $(body)}}}
"""


async def test_what_lies_in_the_blob_store_already_is_the_body(tmp_path: Path) -> None:
    async with engine(tmp_path, BYTES) as world:
        blob = world.daemon.runtime.blobs.put(b"\xff\xd8 a picture", "image/jpeg", "one.jpg")
        meta = {"name": "one.jpg", "folder": "reception"}
        incoming = Incoming("drop", "file", b"", "image/jpeg", meta, ("one", "x"), blob)
        first = await world.daemon.runtime.inbox.accept(incoming)
        again = await world.daemon.runtime.inbox.accept(incoming)
        assert (first.kind, again.kind) == ("accepted", "repeat")
        await world.ended()
        assert rows(world, "SELECT body, blob, size FROM message") == [(None, blob.sha256, blob.size)]
        assert rows(world, "SELECT name, value FROM label") == [("station", "reception")]
        assert rows(world, "SELECT state FROM run") == [("done",)]


async def test_large_bytes_are_a_blob_as_after_a_restart(tmp_path: Path) -> None:
    async with engine(tmp_path, BYTES) as world:
        data = b"\xff\xd8" + bytes(INLINE_LIMIT)
        reply = await world.daemon.runtime.inbox.accept(Incoming("drop", "file", data, "image/jpeg", {"folder": "a"}))
        assert reply.kind == "accepted"
        await world.ended()
        ((name, kind),) = rows(world, "SELECT name, kind FROM value WHERE name = 'kept'")
        assert (name, kind) == ("kept", "blob")
        runtime = world.daemon.runtime
        row = await runtime.store.read(lambda conn: runtime.message_row(conn, reply.message_id))
        again = await runtime.body_of(row)
        assert isinstance(again, Blob)
        assert (again.sha256, again.size) == (row["blob"], len(data))
