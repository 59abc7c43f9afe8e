"""The audit's rows and the access log of a patient."""

from __future__ import annotations

from sqlalchemy import Connection

from engine.ops.read_audit import access_log, record
from engine.store.database import Store
from tests.engine.ops import seed


def test_who_looked_newest_first_in_pages(store: Store) -> None:
    def rows(conn: Connection) -> str:
        key = seed.patient(conn)
        number, run_id = seed.run(conn)
        for at in range(3):
            record(conn, at, "demo", f"act{at}", patient=key, run=number, subject="s" * 500, origin="o" * 100)
        record(conn, 9, "demo", "other")
        return run_id

    run_id = store.write_now(rows)
    first = store.read_now(lambda conn: access_log(conn, 1, None, 2))
    assert [row.act for row in first.items] == ["act2", "act1"]
    assert first.items[0].run_id == run_id
    assert (len(first.items[0].subject), len(first.items[0].origin)) == (200, 60)
    rest = store.read_now(lambda conn: access_log(conn, 1, first.next, 2))
    assert [row.act for row in rest.items] == ["act0"]
    assert rest.next is None
