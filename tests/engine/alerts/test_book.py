"""The rows of alerts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.alerts import book
from engine.store.database import Store

KEY = ("desk", "connection", "a")
DAY = 86_400_000


@pytest.fixture(name="store")
def fixture_store(tmp_path: Path, reactor: Any) -> Iterator[Store]:
    store = Store(tmp_path / "waybill.sqlite", reactor, durable=False)
    store.open()
    yield store
    store.close()


def live(store: Store) -> list[book.Row]:
    return store.read_now(book.live)


def test_it_begins_once_however_often_it_is_said(store: Store) -> None:
    for now in (1, 2, 3):
        store.write_now(lambda conn, now=now: book.begin(conn, KEY, "down", now))  # type: ignore[misc]
    assert [(row.key, row.began_at) for row in live(store)] == [(KEY, 1)]


def test_told_when_every_target_is(store: Store) -> None:
    store.write_now(lambda conn: book.begin(conn, KEY, "", 1))
    both = ("email", "webhook")
    store.write_now(lambda conn: book.told(conn, [(1, "begin")], "email", both, 5))
    assert live(store)[0].told_begin_at is None
    store.write_now(lambda conn: book.told(conn, [(1, "begin")], "webhook", both, 6))
    assert live(store)[0].told_begin_at == 6
    store.write_now(lambda conn: book.end(conn, 1, 7, quiet=False))
    for target in both:
        assert len(live(store)) == 1
        store.write_now(lambda conn, to=target: book.told(conn, [(1, "end")], to, both, 8))  # type: ignore[misc]
    assert live(store) == []


def test_a_quiet_end_is_told_nobody(store: Store) -> None:
    store.write_now(lambda conn: book.begin(conn, KEY, "", 1))
    store.write_now(lambda conn: book.end(conn, 1, 2, quiet=True))
    assert live(store) == []


def test_what_was_put_off_wakes_once(store: Store) -> None:
    store.write_now(lambda conn: book.begin(conn, KEY, "", 1, ["email"]))
    store.write_now(lambda conn: book.told(conn, [(1, "begin")], "email", ["email"], 2))
    store.write_now(lambda conn: conn.exec_driver_sql("UPDATE alert SET snoozed_until = 10"))
    assert store.write_now(lambda conn: book.wake(conn, 9)) == 0
    assert store.write_now(lambda conn: book.wake(conn, 10)) == 1
    assert (live(store)[0].told, live(store)[0].told_begin_at) == (frozenset(), None)
    store.write_now(lambda conn: book.told(conn, [(1, "begin")], "email", ["email"], 11))
    assert store.write_now(lambda conn: book.wake(conn, 12)) == 0


def test_old_ones_are_forgotten_but_no_open_one(store: Store) -> None:
    for name in ("a", "b"):
        store.write_now(lambda conn, name=name: book.begin(conn, ("desk", "connection", name), "", 1))  # type: ignore[misc]
    store.write_now(lambda conn: book.end(conn, 1, 2, quiet=True))
    store.write_now(lambda conn: book.forget(conn, 400 * DAY))
    count = "SELECT count(*) FROM alert"
    assert store.read_now(lambda conn: conn.exec_driver_sql(count).scalar_one()) == 2
    store.write_now(lambda conn: book.forget(conn, 401 * DAY))
    assert [row.subject for row in live(store)] == ["b"]
    assert store.read_now(lambda conn: conn.exec_driver_sql(count).scalar_one()) == 1
