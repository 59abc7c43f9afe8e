"""Counts of what is unfinished."""

from __future__ import annotations

from sqlalchemy import Connection

from engine.ops.read_counts import Pile, by_state, piles
from engine.store.database import Store
from tests.engine.ops import seed


def test_piles(store: Store) -> None:
    def rows(conn: Connection) -> None:
        seed.run(conn, state="dead", step="send", since=5)
        seed.run(conn, state="dead", step="send", since=3)
        seed.run(conn, state="ready", step=None, since=9)
        seed.run(conn, state="done", step="send")

    store.write_now(rows)
    found = store.read_now(piles)
    assert sorted(found, key=lambda pile: pile.state) == [
        Pile("exam_report", "dead", "send", 2, 3),
        Pile("exam_report", "ready", "", 1, 9),
    ]
    assert by_state(found) == {"dead": 2, "ready": 1}
    assert by_state([]) == {}
