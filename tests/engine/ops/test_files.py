"""Files that a person decides on; the whole way is in tests/engine/runtime/test_filebook.py."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.message import Blob, Refused
from engine.ops import files
from engine.runtime import journal
from engine.runtime.filebook import keep_blob
from engine.runtime.states import State
from engine.runtime.values import decode
from engine.store.database import Store

SHA = "ab" * 32


@pytest.fixture(name="store")
def fixture_store(tmp_path: Path, reactor: Any) -> Iterator[Store]:
    store = Store(tmp_path / "s.sqlite", reactor, durable=False)
    store.open()
    store.write_now(lambda conn: keep_blob(conn, Blob(SHA, 9, "application/pdf", "r.pdf"), 1))
    yield store
    store.close()


def waits(store: Store, folder: str, connection: str = "drop") -> str:
    def operation(conn: Any) -> str:
        born = journal.create(conn, journal.NewRun("m", "r", "1", "report", None, State.RUNNING, {}), 1)
        journal.move(conn, journal.state_of(conn, born.seq), State.WAITING, 2)
        conn.exec_driver_sql(
            "INSERT INTO wait (run, kind, step, connection, folder, pattern, armed_at, match)"
            " VALUES (?, 'file', 'report', ?, ?, '*.pdf', 1, ?)",
            (born.seq, connection, folder, json.dumps({"after": None, "into": "pdf"})),
        )
        return born.id

    return store.write_now(operation)


def file(store: Store, path: str, state: str = "unmatched", blob: str | None = SHA) -> int:
    def operation(conn: Any) -> int:
        done = conn.exec_driver_sql(
            "INSERT INTO file (connection, path, size, mtime_ns, inode, state, reason, blob, first_seen, changed_at,"
            " moved, decided_by) VALUES ('drop', ?, 9, 1, 1, ?, '', ?, 1, 1, 0, '')",
            (path, state, blob),
        )
        return int(done.lastrowid or 0)

    return store.write_now(operation)


def test_the_likeliest_run_comes_first(store: Store) -> None:
    far, near, same = waits(store, "p9/1"), waits(store, "p1/2"), waits(store, "p1/1")
    waits(store, "p1/1", "another")
    number = file(store, "p1/1/r.pdf")
    found = store.read_now(lambda conn: files.candidates(conn, number))
    assert [entry["run_id"] for entry in found] == [same, near, far]
    assert [entry["why"] for entry in found] == ["the same folder", "the same patient's folder", "waits for a file"]


def test_the_oldest_of_many_waits_can_be_chosen(store: Store) -> None:
    oldest = waits(store, "p0/0")
    for number in range(205):
        waits(store, f"p{number}/1")
    chosen = file(store, "wrong/r.pdf")
    store.write_now(lambda conn: files.choose(conn, chosen, oldest, "op"))
    ((kind, data),) = store.read_now(lambda conn: conn.exec_driver_sql("SELECT kind, data FROM value").fetchall())
    assert decode(kind, data) == Blob(SHA, 9, "application/pdf", "r.pdf")
    state = store.read_now(lambda conn: conn.exec_driver_sql("SELECT state FROM run WHERE seq = 1").scalar())
    assert state == "ready"
    left = store.read_now(lambda conn: conn.exec_driver_sql("SELECT count(*) FROM wait WHERE run = 1").scalar())
    assert left == 0


def test_what_cannot_be_chosen(store: Store) -> None:
    run_id, other = waits(store, "a"), waits(store, "a", "another")
    whole, half, taken = file(store, "a/r.pdf"), file(store, "a/h.pdf", blob=None), file(store, "a/t.pdf", "taken")
    for number, chosen, code in ((whole, other, "WB-7305"), (half, run_id, "WB-7306"), (taken, run_id, "WB-7302")):
        with pytest.raises(Refused, match=code):
            store.write_now(lambda conn, n=number, c=chosen: files.choose(conn, n, c, "op"))  # type: ignore[misc]
