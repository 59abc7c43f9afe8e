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


def test_acknowledged(conn: Store) -> None:
    conn.write_now(lambda c: alerts.acknowledge(c, 1, "op", "I look", "10.0.0.1"))
    assert (one(conn).state, one(conn).acknowledged_by, one(conn).note) == ("acknowledged", "op", "I look")
    row = conn.read_now(lambda c: c.exec_driver_sql("SELECT user, act, subject, origin FROM audit").one())
    assert tuple(row) == ("op", "alert.acknowledge", "1 desk connection his_out", "10.0.0.1")
    assert conn.read_now(lambda c: read_alerts.open_count(c, ["desk"], now_ms())) == 0


def test_put_off_and_acknowledged_after_all(conn: Store) -> None:
    until = now_ms() + HOUR
    conn.write_now(lambda c: alerts.snooze(c, 1, until, "op", "works"))
    assert (one(conn).state, one(conn).snoozed_until) == ("open", until)
    for now, count in ((until - 1, 0), (until, 1)):
        assert conn.read_now(lambda c, now=now: read_alerts.open_count(c, ["desk"], now)) == count
    conn.write_now(lambda c: alerts.acknowledge(c, 1, "op"))
    assert (one(conn).snoozed_until, one(conn).note) == (None, "works")


@pytest.mark.parametrize("ahead", [-1, 0, 31 * 24 * HOUR])
def test_a_time_that_is_none(conn: Store, ahead: int) -> None:
    with pytest.raises(Refused, match="WB-7803"):
        conn.write_now(lambda c: alerts.snooze(c, 1, now_ms() + ahead, "op"))


def test_what_is_over_or_was_never_there(conn: Store) -> None:
    conn.write_now(lambda c: book.end(c, 1, now_ms(), quiet=False))

    def acknowledge(number: int) -> None:
        conn.write_now(lambda c: alerts.acknowledge(c, number, "op"))

    for number in (1, 2):
        with pytest.raises(Refused, match="no such open alert"):
            acknowledge(number)


def test_acts_are_commands() -> None:
    assert all(callable(getattr(alerts, name)) for name in alerts.ACTS)
