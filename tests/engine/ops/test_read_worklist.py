"""The worklist: what is on it, badges, search, counts."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection

from engine.ops import read_worklist
from engine.ops.read_worklist import counts, worklist
from engine.store.database import Store
from tests.engine.ops import seed


def orders(store: Store, search: str = "", *, names: bool = True, status: str = "Pending") -> list[str]:
    page = store.read_now(lambda conn: worklist(conn, status, search, None, 50, names=names, signer=False))
    return [row.order_id for row in page.items]


def test_leaf_runs_that_are_work(store: Store) -> None:
    def rows(conn: Connection) -> None:
        seed.run(conn, seed.labels("parent"), children=2)
        seed.run(conn, seed.labels("leaf"), state="dead")
        seed.run(conn, seed.labels("cancelled"), state="cancelled")
        seed.run(conn, seed.labels("filtered"), state="filtered")
        seed.run(conn, seed.labels("sent"), status="Sent", state="done")

    store.write_now(rows)
    assert orders(store) == ["leaf"]
    assert orders(store, status="Sent") == ["sent"]
    assert store.read_now(counts) == {"Pending": 1, "Processing": 0, "Processed": 0, "Sent": 1}


@pytest.mark.parametrize(
    ("run", "kind", "badge"),
    [
        ({"state": "dead"}, None, "dead"),
        ({"state": "held"}, "held", "held"),
        ({"state": "held"}, "doubt", "doubt"),
        ({"state": "waiting"}, "late", "late"),
        ({"state": "waiting", "blocked": "changed"}, None, "blocked"),
        ({"state": "waiting"}, "update", "update"),
        ({"state": "waiting"}, None, None),
    ],
)
def test_badges(store: Store, run: dict[str, Any], kind: str | None, badge: str | None) -> None:
    def rows(conn: Connection) -> None:
        number, _ = seed.run(conn, **run)
        if kind:
            seed.attention(conn, run=number, kind=kind)
            seed.attention(conn, run=number, kind="stopped", closed_at=1)

    store.write_now(rows)
    page = store.read_now(lambda conn: worklist(conn, "Pending", "", None, 50, names=True, signer=False))
    assert page.items[0].badge == badge


def test_search_by_the_beginning_of_a_label_or_of_the_patients_name(store: Store) -> None:
    def rows(conn: Connection) -> None:
        seed.patient(conn)
        seed.run(conn, seed.labels("175||1", name="示例甲"))
        seed.run(conn, seed.labels("176||1", name="Ana Example", number="2"))
        # Layout B: its name is known only through the patient table.
        seed.run(conn, {"order_id": "177||1", "patient_id": seed.NUMBER})

    store.write_now(rows)
    assert orders(store, "175") == ["175||1"]
    assert orders(store, "示") == ["177||1", "175||1"]
    assert orders(store, " 示例甲 ") == ["177||1", "175||1"]
    assert orders(store, "Ana") == ["176||1"]
    assert orders(store, "%") == []
    assert orders(store, "心理") == ["176||1", "175||1"]


def test_without_the_right_a_search_tells_no_names(store: Store) -> None:
    store.write_now(lambda conn: (seed.patient(conn), seed.run(conn, seed.labels())))
    assert orders(store, "示", names=False) == []
    assert orders(store, "175", names=False) == ["175||3125"]


def test_a_row_shows_the_registered_name_masked_or_not(store: Store) -> None:
    def rows(conn: Connection) -> None:
        seed.patient(conn)
        number, _ = seed.run(conn, {"patient_id": seed.NUMBER, "registered": "2026-11-20"}, due_at=5)
        seed.owner(conn, number)

    store.write_now(rows)
    for names, shown in ((True, seed.NAME), (False, "示**")):
        page = store.read_now(
            lambda conn, names=names: worklist(conn, "Pending", "", None, 50, names=names, signer=True)  # type: ignore[misc]
        )
        row = page.items[0]
        assert (row.name, row.folder, row.registered, row.next_at) == (shown, "p/o", "2026-11-20", 5)
        assert row.can_sign is False
        assert seed.NAME not in repr(row)


def test_counting_stops(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_worklist, "COUNTED", 2)
    store.write_now(lambda conn: [seed.run(conn) for _ in range(5)])
    assert store.read_now(counts)["Pending"] == 2


def test_a_page_and_a_search_use_indexes(store: Store) -> None:
    def plan(sql: str) -> str:
        rows = store.read_now(lambda conn: conn.exec_driver_sql("EXPLAIN QUERY PLAN " + sql).all())
        return " ".join(str(row[3]) for row in rows)

    page = "SELECT * FROM run WHERE status = 'Pending' AND children = 0 AND seq < 9 ORDER BY seq DESC LIMIT 3"
    assert "run_status" in plan(page)
    assert "TEMP B-TREE" not in plan(page)
    assert "label_value" in plan("SELECT run FROM label WHERE name = 'name' AND value >= 'x' AND value < 'y'")
