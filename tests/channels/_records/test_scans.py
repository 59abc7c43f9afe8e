"""Scanned files as a route adds them: once, with what is known of them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from channels import records
from engine.message import Blob, Refused, Request
from engine.store.schema import metadata
from engine.store.schema_records import scan_file
from tests.contracts.fakes import World, make_world


@pytest.fixture(name="told")
def fixture_told() -> list[set[str]]:
    return []


@pytest.fixture(name="world")
def fixture_world(reactor: Any, tmp_path: Path, told: list[set[str]]) -> World:
    world = make_world(reactor, tmp_path, extra={"notify": told.append})
    metadata.create_all(world.store.engine)
    return world


async def add(world: World, key: str = "0" * 64, **arguments: Any) -> Any:
    at = datetime(2026, 11, 20, tzinfo=UTC)
    given = {"document": Blob("a" * 64, 9, "image/jpeg", "a.jpg"), "station": "admission", "name": "a.jpg", **arguments}
    channel = records.Channel("records", records.Settings(), world.services)
    return await channel.call(Request("add_scan", given, key, at, run=7, run_id="run-7", timeout=5.0))


def rows(world: World) -> list[Any]:
    return world.store.run_now(lambda conn: list(conn.execute(select(scan_file).order_by(scan_file.c.id)).all()))


async def test_a_file_is_added_once(world: World, told: list[set[str]]) -> None:
    first = await add(world, device="scanner 7", written="2026-11-20T08:00:00.000+00:00", batch="B1")
    again = await add(world)
    assert (first.value["new"], again.value["new"], again.value["id"]) == (True, False, first.value["id"])
    (row,) = rows(world)
    assert (row.station, row.name, row.blob, row.content_type) == ("admission", "a.jpg", "a" * 64, "image/jpeg")
    assert row.meta == {"device": "scanner 7", "written": "2026-11-20T08:00:00.000+00:00", "wanted": "B1"}
    assert told == [{"work:take", "scan"}] * 2


async def test_small_bytes_are_made_a_blob(world: World) -> None:
    await add(world, document=b"\xff\xd8\xff small")
    (row,) = rows(world)
    assert world.blobs.read(Blob(row.blob, row.size)) == b"\xff\xd8\xff small"


async def test_what_is_no_file_or_has_no_station(world: World) -> None:
    with pytest.raises(Refused, match="WB-3014"):
        await add(world, document="text")
    with pytest.raises(Refused, match="WB-8001"):
        await add(world, station=" ")
    assert rows(world) == []
