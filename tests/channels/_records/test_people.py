"""Merges and appointments as a route calls them."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from channels import records
from engine.message import Refused, Request, Xml
from engine.store.schema import metadata
from engine.store.schema_records import appointment
from records import patients
from tests.contracts.fakes import NAME, World, make_world

HEAD = "id,number,name,department,day,time\n"


@pytest.fixture(name="told")
def fixture_told() -> list[set[str]]:
    return []


@pytest.fixture(name="world")
def fixture_world(reactor: Any, tmp_path: Path, told: list[set[str]]) -> World:
    world = make_world(reactor, tmp_path, extra={"notify": told.append})
    metadata.create_all(world.store.engine)
    return world


async def call(world: World, operation: str, **arguments: Any) -> Any:
    at = datetime(2026, 11, 20, tzinfo=UTC)
    channel = records.Channel("records", records.Settings(), world.services)
    return await channel.call(Request(operation, arguments, "0" * 64, at, run=7, run_id="run-7", timeout=5.0))


def planned(world: World) -> list[tuple[str, str, str]]:
    rows = select(appointment.c.key, appointment.c.number, appointment.c.state).order_by(appointment.c.key)
    return [tuple(row) for row in world.store.run_now(lambda conn: conn.execute(rows).all())]


async def test_two_patients_become_one(world: World, told: list[set[str]]) -> None:
    world.store.run_now(lambda conn: [patients.upsert(conn, number, {"name": NAME}, 1) for number in "12"])
    body = Xml(b"<merge><survivor>2</survivor><retired>1</retired></merge>")
    done = await call(world, "merge_patient", body=body)
    assert (done.value["number"], done.summary) == ("2", "patients merged")
    again = await call(world, "merge_patient", body=body)
    assert (again.value["number"], again.summary) == ("2", "nothing to merge")
    assert told == [{"records", "scan"}] * 2
    assert (await call(world, "find_patient", number="1")).value["number"] == "2"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"<merge><survivor>2</survivor></merge>", "WB-8210"),
        (b"<merge><survivor>2</survivor><retired>1</retired></merge>", "WB-8211"),
        (b"<patient/>", "WB-3014"),
    ],
)
async def test_a_merge_that_cannot_be(world: World, body: bytes, code: str) -> None:
    with pytest.raises(Refused, match=code):
        await call(world, "merge_patient", body=Xml(body))


async def test_an_appointment_comes_and_goes(world: World) -> None:
    body = Xml(b"<appointment><id>A1</id><number>7</number><day>2026-11-22</day><time>9:05</time></appointment>")
    assert (await call(world, "put_appointment", body=body)).value == {"id": "A1", "state": "planned"}
    assert (await call(world, "cancel_appointment", id="A1")).value == {"id": "A1", "state": "cancelled"}
    assert planned(world) == [("A1", "7", "cancelled")]


async def test_a_file_of_appointments(world: World) -> None:
    lines = [f"A{n:03},{n},{NAME},ANS,2026-11-22,09:{n % 60:02}" for n in range(250)]
    blob = world.blobs.put((HEAD + "\n".join(lines)).encode("gb18030"))
    assert (await call(world, "put_appointments", document=blob)).value == {"count": 250}
    assert len(planned(world)) == 250


async def test_wrong_rows_are_named_and_the_others_are_written(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    text = f"{HEAD}A1,1,{NAME},ANS,22 November,\nA2,2,{NAME},ANS,2026-11-22,\nA3,,{NAME},ANS,2026-11-22,\n"
    with pytest.raises(Refused) as failed:
        await call(world, "put_appointments", document=text, columns={})
    reason = failed.value.reason
    assert reason.startswith("2 of 3 appointments were not taken, all others were: line 2: ")
    assert "line 4: the appointment has no number" in reason
    assert NAME not in reason
    assert NAME not in caplog.text
    assert planned(world) == [("A2", "2", "planned")]


async def test_what_is_no_file_is_refused(world: World) -> None:
    with pytest.raises(Refused, match="WB-3014"):
        await call(world, "put_appointments", document=7)
    with pytest.raises(Refused, match="WB-8703"):
        await call(world, "put_appointments", document="a,b\n1,2\n")
