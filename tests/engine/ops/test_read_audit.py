"""The audit's rows and the access log of a patient."""

from __future__ import annotations

from sqlalchemy import Connection, select

from engine.ops.read_audit import access_log, record, record_each
from engine.store.database import Store
from engine.store.schema import audit
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


def test_a_list_of_patients_has_a_row_for_each_and_an_empty_one_a_row(store: Store) -> None:
    def rows(conn: Connection) -> list[int]:
        keys = [seed.patient(conn, f"000900000{n}", public_id=f"P{n}") for n in range(3)]
        record_each(conn, 5, "demo", "list", keys[:2], origin="o" * 100)
        record_each(conn, 6, "demo", "list", [], origin="desk")
        return keys

    keys = store.write_now(rows)
    found = store.read_now(lambda conn: [access_log(conn, key, None, 9).items for key in keys])
    assert [[(row.at, row.act, row.subject, row.origin) for row in one] for one in found] == [
        [(5, "list", "", "o" * 60)], [(5, "list", "", "o" * 60)], [],
    ]  # fmt: skip
    nobody = store.read_now(lambda conn: conn.execute(select(audit).where(audit.c.patient.is_(None))).all())
    assert [(row.at, row.act, row.subject, row.origin, row.run) for row in nobody] == [
        (6, "list", "nothing", "desk", None)
    ]
