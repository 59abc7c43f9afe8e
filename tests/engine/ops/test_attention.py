"""Entries for a person: seen, closed, and the answers to a repeat with other content."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.message import Refused
from engine.ops import attention
from engine.runtime import journal
from engine.runtime.states import State
from engine.store.database import Store


@pytest.fixture(name="store")
def fixture_store(tmp_path: Path, reactor: Any) -> Iterator[Store]:
    store = Store(tmp_path / "s.sqlite", reactor, durable=False)
    store.open()
    yield store
    store.close()


def entry(store: Store, kind: str, state: str = "held") -> int:
    def operation(conn: Any) -> int:
        new = journal.NewRun("m", "r", "1", "out", None, State.RUNNING, {})
        seq = journal.create(conn, new, 1).seq
        conn.exec_driver_sql("UPDATE run SET state = ?, code = 'WB-1008' WHERE seq = ?", (state, seq))
        journal.add_attention(conn, kind, 1, "WB-1008", "why", run=seq)
        return int(conn.exec_driver_sql("SELECT max(id) FROM attention").scalar() or 0)

    return store.write_now(operation)


def found(store: Store, sql: str) -> list[Any]:
    return store.read_now(lambda conn: [tuple(row) for row in conn.exec_driver_sql(sql).fetchall()])


def test_seen_stays_open(store: Store) -> None:
    number = entry(store, "conflict")
    store.write_now(lambda conn: attention.acknowledge(conn, number, "op", "asking the ward"))
    store.write_now(lambda conn: attention.acknowledge(conn, number, "op2", ""))
    assert found(store, "SELECT acknowledged_by, note, closed_at FROM attention") == [("op2", "asking the ward", None)]


def test_closed_once(store: Store) -> None:
    number = entry(store, "conflict")
    store.write_now(lambda conn: attention.close(conn, number, "told the sender", "op", "by phone"))
    assert found(store, "SELECT answer, closed_by, note FROM attention") == [("told the sender", "op", "by phone")]
    with pytest.raises(Refused, match="WB-7302"):
        store.write_now(lambda conn: attention.close(conn, number, "again", "op", ""))
    with pytest.raises(Refused, match="WB-7302"):
        store.write_now(lambda conn: attention.acknowledge(conn, number, "op", ""))


@pytest.mark.parametrize("kind", ["dead", "held", "doubt", "stopped", "bug"])
def test_trouble_of_a_run_is_not_only_closed(store: Store, kind: str) -> None:
    number = entry(store, kind)
    with pytest.raises(Refused, match="WB-7303"):
        store.write_now(lambda conn: attention.close(conn, number, "ok", "op", ""))
    assert found(store, "SELECT closed_at FROM attention") == [(None,)]


@pytest.mark.parametrize(("answer", "state", "generation"), [("anew", "ready", 1), ("ignore", "filtered", 0)])
def test_a_repeat_with_other_content(store: Store, answer: str, state: str, generation: int) -> None:
    number = entry(store, "update")
    with pytest.raises(Refused, match="WB-7304"):
        store.write_now(lambda conn: attention.close(conn, number, "perhaps", "op", ""))
    store.write_now(lambda conn: attention.close(conn, number, answer, "op", ""))
    assert found(store, "SELECT state, generation FROM run") == [(state, generation)]
    assert found(store, "SELECT answer FROM attention") == [(answer,)]


def test_a_late_update_is_only_noted(store: Store) -> None:
    number = entry(store, "update", "done")
    store.write_now(lambda conn: attention.close(conn, number, "told the ward", "op", ""))
    assert found(store, "SELECT state FROM run") == [("done",)]
