"""Legal moves of a batch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from engine.message import Refused
from engine.store.database import Store
from engine.store.schema_records import batch
from records.states import MOVES, BatchState, move


@pytest.mark.parametrize("old", BatchState)
@pytest.mark.parametrize("new", BatchState)
def test_only_legal_moves(tmp_path: Path, reactor: Any, old: BatchState, new: BatchState) -> None:
    store = Store(tmp_path / "x.sqlite", reactor, durable=False)
    store.open()
    try:
        row = {"public_id": "B1", "state": old, "station": "s", "created_at": 1, "changed_at": 1}
        store.write_now(lambda conn: conn.execute(insert(batch).values(id=1, **row)))
        key = 1
        if new in MOVES[old]:
            store.write_now(lambda conn: move(conn, key, new, 9, code="WB-8001", reason="why"))
        else:
            with pytest.raises(Refused, match=new):
                store.write_now(lambda conn: move(conn, key, new, 9))
        found = store.read_now(lambda conn: conn.execute(select(batch)).one())
        assert (found.state, found.version, found.changed_at) == ((new, 2, 9) if new in MOVES[old] else (old, 1, 1))
    finally:
        store.close()
