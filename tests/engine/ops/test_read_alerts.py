"""Alerts as they are shown."""

from __future__ import annotations

from sqlalchemy import Connection

from engine.alerts import book
from engine.ops import read_alerts
from engine.store.database import Store


def test_open_ones_first_then_what_ended_last(store: Store) -> None:
    def rows(conn: Connection) -> None:
        for number in range(1, 6):
            book.begin(conn, ("desk", "connection", f"c{number}"), "", number)
        for number, at in ((2, 100), (1, 200), (3, 150)):
            book.end(conn, number, at, quiet=False)

    store.write_now(rows)
    found = store.read_now(read_alerts.alerts)
    assert [(row.subject, row.state) for row in found] == [
        ("c5", "open"), ("c4", "open"), ("c1", "ended"), ("c3", "ended"), ("c2", "ended"),
    ]  # fmt: skip


def test_counted_by_rule(store: Store) -> None:
    def rows(conn: Connection) -> None:
        for rule in ("desk", "desk", "night"):
            book.begin(conn, (rule, "connection", "a"), "", 1)
            book.begin(conn, (rule, "connection", "b"), "", 1)

    store.write_now(rows)

    def count(*rules: str) -> int:
        return store.read_now(lambda conn: read_alerts.open_count(conn, rules, 5))

    assert (count("desk"), count("desk", "night"), count()) == (2, 4, 0)
