"""A look from the command line is written down."""

from __future__ import annotations

from engine.ops.show import looked
from engine.store.database import Store


def test_looked(store: Store) -> None:
    store.write_now(lambda conn: looked(conn, "os:root", "run.read", patient=3, run=4))
    sql = "SELECT user, act, patient, run, subject, origin FROM audit"
    rows = store.read_now(lambda conn: [tuple(row) for row in conn.exec_driver_sql(sql)])
    assert rows == [("os:root", "run.read", 3, 4, "", "command line")]
