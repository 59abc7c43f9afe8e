"""What `records` does beyond the contract."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from engine.message import Refused, Xml, document_id
from engine.store.schema import document
from tests.contracts.base import Mood
from tests.contracts.fakes import NAME, World, make_world
from tests.contracts.test_records import TestRecords as Contract


@pytest.fixture(name="peer")
def fixture_peer() -> Contract:
    """The peer as the contract knows it."""
    return Contract()


@pytest.fixture(name="world")
def fixture_world(reactor: Any, tmp_path: Path) -> World:
    return make_world(reactor, tmp_path, Contract.SECRETS)


async def test_a_patient_is_found_once_it_is_there(peer: Contract, world: World) -> None:
    await peer.peer(world, Mood.GOOD)
    channel = peer.channel(world)
    find = peer.asked("find_patient", number="1")
    assert (await channel.call(find)).value is None
    written = await channel.call(peer.request(world))
    found = await channel.call(find)
    assert found.value == written.value
    assert isinstance(found.value, dict)
    assert (found.value["name"], found.value["birth_date"], found.value["sex"]) == (NAME, "1988-04-12", "F")
    await peer.end(world)


async def test_a_document_is_filed(peer: Contract, world: World) -> None:
    await peer.peer(world, Mood.GOOD)
    channel = peer.channel(world)
    await channel.call(peer.request(world))
    signed = world.blobs.put(b"signed", "application/pdf", "report.pdf")
    file = peer.asked("file_document", document=signed, patient="1", kind="ANS report", title=None)
    identity = document_id("run-7", signed.sha256)
    for _ in range(2):
        assert (await channel.call(file)).value == {"id": identity, "path": f"/d/{identity}"}
    assert len(world.store.run_now(lambda conn: conn.execute(select(document)).all())) == 1
    unknown = dataclasses.replace(file, key="1" * 64, arguments={**file.arguments, "patient": "2"})
    unknown = dataclasses.replace(unknown, run_id="run-8")
    with pytest.raises(Refused, match="no patient"):
        await channel.call(unknown)
    await peer.end(world)


async def test_what_is_no_patient_and_no_document_is_refused(peer: Contract, world: World) -> None:
    await peer.peer(world, Mood.GOOD)
    channel = peer.channel(world)
    for body in ("text", Xml(b"<other/>"), Xml(b"<patient><number/><name>x</name></patient>")):
        with pytest.raises(Refused, match="WB-3014"):
            await channel.call(peer.asked("upsert_patient", body=body))
    with pytest.raises(Refused, match="no document"):
        await channel.call(peer.asked("file_document", document="text", patient="1", kind="x"))
    await peer.end(world)
