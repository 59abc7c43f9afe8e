"""The audit's rows of the record's own operations."""

from __future__ import annotations

from sqlalchemy import Connection, select

from engine.store.schema import audit as table
from records import audit
from tests.records import seed


def test_a_row(conn: Connection) -> None:
    key = seed.patient(conn)
    audit.record(conn, at=5, user="ana", act="page.assign", patient=key, subject="x" * 300, origin="y" * 99)
    (row,) = conn.execute(select(table)).mappings()
    assert (row["at"], row["user"], row["act"], row["patient"], row["run"]) == (5, "ana", "page.assign", key, None)
    assert (len(row["subject"]), len(row["origin"])) == (200, 60)
