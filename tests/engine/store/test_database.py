"""The store: answers after COMMIT, reads beside writes, an end to reads that take too long."""

from __future__ import annotations

import sqlite3
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection
from twisted.internet.defer import CancelledError

from engine.message import Refused, Unavailable
from engine.store import database
from engine.store.database import Store


@pytest.fixture(name="store")
def fixture_store(tmp_path: Path, reactor: Any) -> Iterator[Store]:
    store = Store(tmp_path / "var" / "waybill.sqlite", reactor, durable=False)
    store.open()
    yield store
    store.close()


def add(conn: Connection, key: str) -> int:
    conn.exec_driver_sql("INSERT INTO blob VALUES (?, 1, 'a/b', '', 0)", (key,))
    return len(keys(conn))


def keys(conn: Connection) -> list[str]:
    return [row[0] for row in conn.exec_driver_sql("SELECT sha256 FROM blob ORDER BY sha256")]


async def test_a_write_answers_when_others_can_read_it(store: Store) -> None:
    assert await store.write(lambda conn: add(conn, "a")) == 1
    with sqlite3.connect(store.path) as other:
        assert other.execute("SELECT count(*) FROM blob").fetchone() == (1,)
    assert await store.read(keys) == ["a"]


async def test_each_caller_gets_its_own_outcome(store: Store) -> None:
    def refuse(conn: Connection) -> None:
        add(conn, "x")
        raise Refused("WB-7301", "not now")

    one, two = store.write(lambda conn: add(conn, "a")), store.write(refuse)
    three = store.write(lambda conn: add(conn, "b"))
    assert await one == 1
    with pytest.raises(Refused):
        await two
    assert await three == 2


async def test_a_waiter_that_is_cancelled_leaves_the_write(store: Store) -> None:
    waiting = store.write(lambda conn: add(conn, "a"))
    waiting.cancel()
    with pytest.raises(CancelledError):
        await waiting
    await store.write(lambda conn: None)
    assert store.read_now(keys) == ["a"]


def test_other_threads_write_and_wait(store: Store) -> None:
    results: list[int] = []
    threads = [
        threading.Thread(target=lambda key=key: results.append(store.write_now(lambda conn: add(conn, key))))
        for key in "abcd"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert sorted(results) == [1, 2, 3, 4]

    def refuse(conn: Connection) -> None:
        raise Refused("WB-7301", "not now")

    with pytest.raises(Refused):
        store.write_now(refuse)


def test_a_read_that_takes_too_long_ends(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "READ_LIMIT", 0.05)
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    with pytest.raises(Unavailable):
        store.read_now(lambda conn: conn.exec_driver_sql(endless).fetchall())
    assert store.read_now(keys) == []


def test_a_wrong_question_is_a_bug_and_not_the_disk(store: Store) -> None:
    with pytest.raises(Exception, match="no such table") as caught:
        store.read_now(lambda conn: conn.exec_driver_sql("SELECT * FROM nowhere").fetchall())
    assert not isinstance(caught.value, Unavailable)


def test_a_read_does_not_write(store: Store) -> None:
    store.write_now(lambda conn: add(conn, "a"))

    def two_looks(conn: Connection) -> tuple[list[str], list[str]]:
        before = keys(conn)
        store.write_now(lambda writing: add(writing, "b"))
        return before, keys(conn)

    assert store.read_now(two_looks) == (["a"], ["a"])


def test_closing_empties_the_log_of_writes(tmp_path: Path, reactor: Any) -> None:
    store = Store(tmp_path / "waybill.sqlite", reactor, durable=False)
    store.open()
    store.write_now(lambda conn: add(conn, "a"))
    assert store.wal_bytes() > 0
    assert store.queued() == 0
    store.close()
    assert store.wal_bytes() == 0
    with sqlite3.connect(store.path) as db:
        assert db.execute("SELECT count(*) FROM blob").fetchone() == (1,)


def test_durable_is_full_synchronous(tmp_path: Path, reactor: Any) -> None:
    store = Store(tmp_path / "waybill.sqlite", reactor)
    store.open()
    try:
        pragmas = ("synchronous", "journal_mode", "foreign_keys")
        found = [store.read_now(lambda conn, p=p: conn.exec_driver_sql(f"PRAGMA {p}").scalar()) for p in pragmas]  # type: ignore[misc]
        assert found == [2, "wal", 1]
        assert store.write_now(lambda conn: conn.exec_driver_sql("PRAGMA synchronous").scalar()) == 2
    finally:
        store.close()


def test_a_long_log_is_checkpointed_aside(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "CHECKPOINT_AT", 0)
    for number in range(70):  # the checkpointer is woken every 64 groups
        store.write_now(lambda conn, n=number: add(conn, str(n)))  # type: ignore[misc]
    assert len(store.read_now(keys)) == 70


def test_the_log_does_not_grow_while_there_is_always_somebody_who_writes(
    tmp_path: Path, reactor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "CHECKPOINT_AT", 0)
    monkeypatch.setattr(database, "RESTART_AT", 1 << 20)
    store = Store(tmp_path / "waybill.sqlite", reactor, durable=False)
    store.open()

    def write(part: int) -> None:
        for number in range(1000):
            store.write_now(lambda conn, n=number: add(conn, f"{part}-{n}"))  # type: ignore[misc]

    writers = [threading.Thread(target=write, args=(part,)) for part in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(store.read_now(keys)) == 3000
    groups, _ = store.written()
    assert groups > 1000
    assert store.wal_bytes() < 6 << 20
    store.close()


def test_the_file_is_its_owners_alone(tmp_path: Path, reactor: Any) -> None:
    path = tmp_path / "waybill.sqlite"
    path.touch(mode=0o644)
    store = Store(path, reactor, durable=False)
    store.open()
    store.write_now(lambda conn: add(conn, "a"))
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    store.close()
    assert len(modes) == 3
    assert set(modes.values()) == {0o600}
