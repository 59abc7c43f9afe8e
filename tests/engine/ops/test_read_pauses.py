"""What is paused."""

from __future__ import annotations

from sqlalchemy import insert

from engine.ops.read_pauses import Pause, pauses
from engine.store.database import Store
from engine.store.schema import pause


def test_pauses_by_kind_and_name(store: Store) -> None:
    assert store.read_now(pauses) == {}
    row = {"kind": "connection", "name": "his_out", "state": "paused", "by": "op", "at": 5, "note": "their upgrade"}
    store.write_now(lambda conn: conn.execute(insert(pause).values(row)).rowcount)
    assert store.read_now(pauses) == {("connection", "his_out"): Pause("paused", "op", 5, "their upgrade")}
