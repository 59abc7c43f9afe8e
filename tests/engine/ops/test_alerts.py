"""Alerts: acknowledged and put off by a person, recorded in the audit."""

from __future__ import annotations

import pytest

from engine.alerts import book
from engine.message import Refused
from engine.ops import alerts, read_alerts
from engine.store.clock import now_ms
from engine.store.database import Store

KEY = ("desk", "connection", "his_out")
HOUR = 3_600_000


@pytest.fixture(name="conn")
def fixture_conn(store: Store) -> Store:
    store.write_now(lambda conn: book.begin(conn, KEY, "down", now_ms()))
    return store


def one(store: Store) -> read_alerts.AlertRow:
    return store.read_now(read_alerts.alerts)[0]


def counts(store: Store, now: int) -> int:
    return store.read_now(lambda conn: read_alerts.open_count(conn, ["desk"], now))


def test_acknowledged(conn: Store) -> None:
    conn.write_now(lambda c: alerts.acknowledge(c, 1, "op", "I look", "10.0.0.1"))
    assert (one(conn).state, one(conn).acknowledged_by, one(conn).note) == ("acknowledged", "op", "I look")
    row = conn.read_now(lambda c: c.exec_driver_sql("SELECT user, act, subject, origin FROM audit").one())
    assert tuple(row) == ("op", "alert.acknowledge", "1 desk connection his_out", "10.0.0.1")
    assert counts(conn, now_ms()) == 0


def test_put_off_and_acknowledged_after_all(conn: Store) -> None:
    conn.write_now(lambda c: alerts.snooze(c, 1, 60, "op", "works"))
    until = one(conn).snoozed_until
    assert until is not None
    assert (one(conn).state, round((until - now_ms()) / HOUR)) == ("open", 1)
    assert counts(conn, until - 1) == 0
    assert counts(conn, until) == 1
    conn.write_now(lambda c: alerts.acknowledge(c, 1, "op"))
    assert (one(conn).snoozed_until, one(conn).note) == (None, "works")


@pytest.mark.parametrize("ahead", [-1, 0, 30 * 24 * 60 + 1])
def test_a_time_that_is_none(conn: Store, ahead: int) -> None:
    with pytest.raises(Refused, match="WB-7803"):
        conn.write_now(lambda c: alerts.snooze(c, 1, ahead, "op"))


def test_what_is_over_or_was_never_there(conn: Store) -> None:
    conn.write_now(lambda c: book.end(c, 1, now_ms(), quiet=False))

    def acknowledge(number: int) -> None:
        conn.write_now(lambda c: alerts.acknowledge(c, number, "op"))

    for number in (1, 2):
        with pytest.raises(Refused, match="no such open alert"):
            acknowledge(number)


def test_acts_are_commands() -> None:
    assert all(callable(getattr(alerts, name)) for name in alerts.ACTS)
