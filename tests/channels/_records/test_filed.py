"""Whoever is told of a document gets its bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from engine.message import Blob, Refused
from engine.store.schema import document, metadata
from tests.contracts.fakes import make_world
from tests.contracts.test_records import TestRecords as Contract
from tests.records import seed
from tests.records.filed import PDF, scanned


async def test_the_bytes_of_a_document(reactor: Any, tmp_path: Path) -> None:
    peer, world = Contract(), make_world(reactor, tmp_path)
    metadata.create_all(world.store.engine)
    world.store.run_now(lambda conn: scanned(conn, seed.patient(conn)))
    public_id = world.store.run_now(lambda conn: conn.execute(select(document.c.public_id)).scalar_one())
    channel = peer.channel(world)
    answer = await channel.call(peer.asked("read_document", id=public_id, version="1"))
    assert isinstance(answer.value, Blob)
    assert answer.value.sha256 == PDF.sha256
    assert (await channel.call(peer.asked("read_document", id=public_id, version=None))).value == answer.value
    for arguments in ({"id": "NONE"}, {"id": public_id, "version": "2"}, {"id": public_id, "version": "x"}):
        with pytest.raises(Refused, match="WB-8309"):
            await channel.call(peer.asked("read_document", **arguments))
    world.store.engine.dispose()
