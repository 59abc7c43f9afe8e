"""Rows of before are indexed once, in pieces, also when the disk takes nothing for a while."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from channels._records import index
from engine.message import Unavailable
from engine.store.schema import metadata
from engine.store.schema_records import patient_key
from tests.contracts.fakes import World, make_world
from tests.records import seed


@pytest.fixture(name="world")
def fixture_world(reactor: Any, tmp_path: Path) -> World:
    world = make_world(reactor, tmp_path)
    metadata.create_all(world.store.engine)
    count = index.PIECE * 2 + 5
    world.store.run_now(lambda conn: [seed.patient(conn, f"{n:010}") for n in range(1, count + 1)])
    return world


def indexed(world: World) -> int:
    rows = select(func.count(patient_key.c.patient.distinct()))
    return int(world.store.run_now(lambda conn: conn.execute(rows)).scalar_one())


async def test_all_are_indexed_in_one_round_and_none_again(world: World) -> None:
    room = index.Indexing(world.services)
    await room.round()
    assert indexed(world) == index.PIECE * 2 + 5
    world.store.run_now(lambda conn: conn.execute(patient_key.delete()))
    await room.round()
    assert indexed(world) == 0
    await room.stop()
    await index.Indexing(world.services).round()
    assert indexed(world) == index.PIECE * 2 + 5


class Failing:
    """Takes the first piece, then one round nothing."""

    def __init__(self, store: Any) -> None:
        self.store = store
        self.asked = 0

    def write(self, operation: Any, *, background: bool = False) -> Any:
        assert background
        self.asked += 1
        if self.asked == 2:
            raise Unavailable("WB-1012", "the disk is full")
        return self.store.write(operation, background=background)

    def read(self, query: Any) -> Any:
        return self.store.read(query)


async def test_a_full_disk_is_waited_for(world: World) -> None:
    store = Failing(world.store)
    room = index.Indexing(dataclasses.replace(world.services, store=store))
    await room.round()
    assert indexed(world) == index.PIECE
    await room.round()
    assert indexed(world) == index.PIECE * 2 + 5
    assert store.asked == 5
