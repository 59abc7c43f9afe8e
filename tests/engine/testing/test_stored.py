"""What is stored becomes the subject of a try."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.message import Refused, Xml
from engine.store.blobs import Blobs
from engine.testing import stored
from engine.testing.trying import Subject
from tests.engine.testing.bench import house
from tests.engine.testing.test_trying import SITE, XSD
from tests.engine.world import World

ORDERS = "<orders><order><id>1</id></order><order><id>2</id></order></orders>"


async def test_a_run_a_part_and_a_message(tmp_path: Path):
    route = house(tmp_path, SITE, order__xsd=XSD).site.routes["r"]
    world = await World(tmp_path).start()
    try:
        reply = await world.put(ORDERS, "order")
        await world.until(lambda: len(world.runs()) == 3)
        await world.until(lambda: all(row["state"] not in ("ready", "running") for row in world.runs()))
        parent, first, second = world.runs()
        blobs = Blobs(tmp_path / "var" / "blobs")

        def subject(asked: str, step: str) -> Subject:
            found = world.read(lambda conn: stored.find(conn, asked, route, route.step(step)))
            made: Subject = world.read(lambda conn: stored.subject(conn, found, blobs, {"given": "x"}))
            return made

        part = subject(second["id"], "out")
        assert isinstance(part.values["body"], Xml)
        assert b"<id>2</id>" in part.values["body"].data
        assert part.values["given"] == "x"
        assert part.run is not None
        assert part.run.seq == second["seq"]
        whole = subject(reply.message_id, "parts")
        assert whole.run is not None
        assert whole.run.seq == parent["seq"]
        assert whole.raw == (ORDERS.encode(), "application/xml")
        with pytest.raises(Refused, match=rf"2 runs: name one of {first['id']}, {second['id']}"):
            subject(reply.message_id, "out")
        with pytest.raises(Refused, match="no run and no message"):
            subject("other", "out")
    finally:
        await world.stop()


async def test_a_message_that_no_run_came_of(tmp_path: Path):
    route = house(tmp_path, SITE, order__xsd=XSD).site.routes["r"]
    world = await World(tmp_path).start()
    try:
        reply = await world.put("<orders>", "order")
        found = world.read(lambda conn: stored.find(conn, reply.message_id, route, route.step("parts")))
        assert found == stored.Found(None, reply.message_id, None)
        subject = world.read(lambda conn: stored.subject(conn, found, Blobs(tmp_path / "b"), {}))
        assert subject.raw == (b"<orders>", "application/xml")
        assert subject.run is None
    finally:
        await world.stop()
