"""Rows that an address names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, update

from engine.store.schema import document
from tests.web.api.records_world import Records
from tests.web.api.world import World
from web.api.auth import Person
from web.api.problems import Denied
from web.api.rows import document_of, owner_of, readable_document

PHYSICIAN = Person(1, "ana", "Ana", ("PH",), "en", "csrf", "session")


@pytest.fixture(name="records")
def fixture_records(world: World) -> Records:
    return Records(world)


def refused(world: World, read: Callable[[Connection], Any]) -> int:
    with pytest.raises(Denied) as caught:
        world.store.read_now(read)
    return caught.value.status


def test_what_is_there_is_found_and_what_is_not_is_404(world: World, records: Records) -> None:
    name, patient = records.scanned(), records.patient(records.one)
    read = world.store.read_now
    assert read(lambda conn: document_of(conn, name)).public_id == name
    assert read(lambda conn: readable_document(conn, name, PHYSICIAN)).public_id == name
    assert read(lambda conn: owner_of(conn, patient)).public_id == patient
    assert refused(world, lambda conn: document_of(conn, "nothing")) == 404
    assert refused(world, lambda conn: owner_of(conn, "nobody")) == 404
    world.store.write_now(lambda conn: conn.execute(update(document).values(state="withdrawn")))
    assert refused(world, lambda conn: readable_document(conn, name, PHYSICIAN)) == 410
