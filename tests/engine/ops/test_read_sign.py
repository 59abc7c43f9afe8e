"""The signing queue and what is compared before a signature."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection

from engine.message import Blob
from engine.ops import read_sign
from engine.store.database import Store
from tests.engine.ops import seed

SHA = "a" * 64


def report(store: Store, **changes: Any) -> str:
    def rows(conn: Connection) -> str:
        seed.patient(conn)
        seed.user(conn)
        number, run_id = seed.run(conn, seed.labels(), **changes)
        seed.wait(conn, number, match={"document": SHA, "title": "Report", "by": {"role": "physician"}})
        seed.blob(conn, Blob(SHA, 10, "application/pdf"))
        seed.owner(conn, number)
        seed.file(conn, state="taken", run=number, blob=SHA)
        return run_id

    return str(store.write_now(rows))


def red(store: Store, run_id: str) -> list[str]:
    found = store.read_now(lambda conn: read_sign.report(conn, run_id, 1))
    assert found is not None
    return [match.rule for match in found.matches if not match.ok]


def test_urgent_ones_first_then_the_longest_waiting(store: Store) -> None:
    def rows(conn: Connection) -> None:
        for order, armed, urgent in (("late", 9, ""), ("early", 1, ""), ("urgent", 5, "Y")):
            number, _ = seed.run(conn, seed.labels(order) | {"urgent": urgent})
            seed.wait(conn, number, armed_at=armed)
        seed.wait(conn, seed.run(conn)[0], kind="file")

    store.write_now(rows)
    found = store.read_now(lambda conn: read_sign.queue(conn, 1))
    assert [row.order_id for row in found] == ["urgent", "early", "late"]
    assert store.read_now(read_sign.waiting_count) == 3
    assert seed.NAME not in repr(found)


def test_a_report_that_matches(store: Store) -> None:
    run_id = report(store)
    found = store.read_now(lambda conn: read_sign.report(conn, run_id, 1))
    assert found is not None
    assert (found.title, found.by, found.waits) == ("Report", {"role": "physician"}, True)
    assert found.document == Blob(SHA, 10, "application/pdf")
    assert red(store, run_id) == []
    assert seed.NAME not in repr(found)


@pytest.mark.parametrize(
    ("sql", "rules"),
    [
        ("UPDATE patient SET name = 'other'", ["name"]),
        ("DELETE FROM patient", ["patient", "name"]),
        ("UPDATE run SET blocked = 'changed'", ["order"]),
        ("UPDATE file SET path = 'p/another/report.pdf'", ["folder"]),
        ("UPDATE folder_owner SET run = 99", ["folder"]),
        ("UPDATE file SET path = 'p/another/report.pdf', decided_by = 'op'", []),
        ("DELETE FROM file", []),
        ("UPDATE wait SET match = '{}'", ["document", "folder"]),
    ],
)
def test_what_does_not_match_is_red(store: Store, sql: str, rules: list[str]) -> None:
    run_id = report(store)
    store.write_now(lambda conn: conn.exec_driver_sql(sql))
    assert red(store, run_id) == rules


def test_the_newest_job_counts(store: Store) -> None:
    run_id = report(store)

    def jobs(conn: Connection) -> None:
        seed.job(conn, 1, 1, SHA, state="expired", ended_at=5)
        seed.job(conn, 1, 1, SHA, generation=2)

    store.write_now(jobs)
    found = store.read_now(lambda conn: read_sign.newest_jobs(conn, [1], 1))
    assert (found[1].state, found[1].owner_me, found[1].ended) == ("waiting", True, False)
    assert store.read_now(lambda conn: read_sign.newest_jobs(conn, [1], 2))[1].owner_me is False
    # After the wait is gone the report is still known by what was sent.
    store.write_now(lambda conn: conn.exec_driver_sql("DELETE FROM wait"))
    gone = store.read_now(lambda conn: read_sign.report(conn, run_id, 1))
    assert gone is not None
    assert gone.document is not None
    assert gone.waits is False


def test_what_is_no_report(store: Store) -> None:
    _, run_id = store.write_now(seed.run)
    assert store.read_now(lambda conn: read_sign.report(conn, run_id, 1)) is None
    assert store.read_now(lambda conn: read_sign.report(conn, "none", 1)) is None
