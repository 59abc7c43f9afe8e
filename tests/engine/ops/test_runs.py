"""What a person does to one run, and what is refused in which state."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.message import Refused
from engine.ops import runs
from engine.runtime import journal, ledger
from engine.runtime.outcome import EffectEnd
from engine.runtime.states import State
from engine.store.database import Store


@pytest.fixture(name="store")
def fixture_store(tmp_path: Path, reactor: Any) -> Iterator[Store]:
    store = Store(tmp_path / "s.sqlite", reactor, durable=False)
    store.open()
    yield store
    store.close()


def put(store: Store, state: str, **columns: Any) -> str:
    """A run in this state; its id."""

    def operation(conn: Any) -> str:
        born = journal.create(conn, journal.NewRun("m", "r", "1", "out", None, State.RUNNING, {}), 1)
        for name, text in {"state": state, **columns}.items():
            conn.exec_driver_sql(f"UPDATE run SET {name} = ? WHERE seq = ?", (text, born.seq))
        return born.id

    return store.write_now(operation)


def row(store: Store, run_id: str) -> Any:
    return store.read_now(lambda conn: dict(runs.by_id(conn, run_id)))


def test_an_unknown_run(store: Store) -> None:
    with pytest.raises(Refused, match="WB-7302"):
        store.write_now(lambda conn: runs.retry(conn, "unheard", "op"))


@pytest.mark.parametrize(("state", "due", "may"), [
    ("dead", None, True), ("held", None, True), ("waiting", 99, True), ("waiting", None, False), ("ready", None, False),
    ("running", None, False), ("done", None, False), ("cancelled", None, False), ("filtered", None, False),
])  # fmt: skip
def test_what_may_be_retried(store: Store, state: str, due: int | None, may: bool) -> None:
    run_id = put(store, state, due_at=due, attempts=7, code="WB-3001", reason="down")
    if not may:
        with pytest.raises(Refused, match="WB-7301"):
            store.write_now(lambda conn: runs.retry(conn, run_id, "op"))
        return
    store.write_now(lambda conn: runs.retry(conn, run_id, "op", "the peer is back"))
    found = row(store, run_id)
    assert (found["state"], found["attempts"], found["code"], found["due_at"]) == ("ready", 1, "", None)
    told = store.read_now(lambda conn: conn.exec_driver_sql("SELECT text, user FROM event ORDER BY seq DESC").first())
    assert tuple(told or ()) == ("retry: the peer is back", "op")


@pytest.mark.parametrize(("state", "children", "may"), [
    ("dead", 0, True), ("held", 0, True), ("waiting", 0, True), ("ready", 0, True), ("waiting", 2, False),
    ("running", 0, False), ("done", 0, False), ("cancelled", 0, False),
])  # fmt: skip
def test_what_may_be_cancelled(store: Store, state: str, children: int, may: bool) -> None:
    run_id = put(store, state, open_children=children)
    if not may:
        with pytest.raises(Refused, match="WB-7301"):
            store.write_now(lambda conn: runs.cancel(conn, run_id, "op", "wrong order"))
        return
    store.write_now(lambda conn: runs.cancel(conn, run_id, "op", "wrong order"))
    assert (row(store, run_id)["state"], row(store, run_id)["reason"]) == ("cancelled", "cancelled by op")


def test_a_doubt_needs_its_answer_and_not_a_retry(store: Store) -> None:
    run_id = put(store, "held", code="WB-3002")

    def doubt(conn: Any) -> None:
        run = journal.from_row(runs.by_id(conn, run_id))
        ledger.intend(conn, run, ledger.Intent("k", "sink", "send"), 1)
        ledger.end(conn, run, EffectEnd("k", "doubt"), 2)
        journal.add_attention(conn, "doubt", 2, "WB-3002", "no answer", run=run.seq)

    store.write_now(doubt)
    with pytest.raises(Refused, match="in doubt"):
        store.write_now(lambda conn: runs.retry(conn, run_id, "op"))
    with pytest.raises(Refused, match="answers are"):
        store.write_now(lambda conn: runs.answer_doubt(conn, run_id, "perhaps", "op", ""))
    store.write_now(lambda conn: runs.answer_doubt(conn, run_id, "arrived", "op", "seen there"))
    assert row(store, run_id)["state"] == "ready"
    answer = store.read_now(lambda conn: conn.exec_driver_sql("SELECT answer, closed_by FROM attention").first())
    assert tuple(answer or ()) == ("answered: it arrived", "op")
    with pytest.raises(Refused, match="nothing is in doubt"):
        store.write_now(lambda conn: runs.answer_doubt(conn, run_id, "again", "op", ""))
