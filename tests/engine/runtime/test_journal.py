"""Writer functions over runs: one move at a time, labels, claims in order, parents."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from engine.message import Unavailable
from engine.runtime import journal
from engine.runtime.states import IllegalMove, State
from engine.store.database import Store


@pytest.fixture(name="conn")
def fixture_conn(tmp_path: Path, reactor: Any) -> Iterator[Connection]:
    """A connection inside one writer operation's place: nothing else writes."""
    store = Store(tmp_path / "s.sqlite", reactor, durable=False)
    store.open()
    with store._engine.connect() as conn:
        yield conn
    store.close()


def new(state: State = State.READY, **more: Any) -> journal.NewRun:
    return journal.NewRun("m", "r", "1", "one", "Pending", state, {"id": ("7", False)}, **more)


def test_create_and_claim_in_order_of_their_numbers(conn: Connection) -> None:
    made = [journal.create(conn, new(), 10) for _ in range(5)]
    assert [run.seq for run in made] == [1, 2, 3, 4, 5]
    assert [run.seq for run in journal.claim_ready(conn, 3)] == [1, 2, 3]
    claimed = journal.claim_ready(conn, 3)
    assert [(run.seq, run.attempts, run.root) for run in claimed] == [(4, 1, 4), (5, 1, 5)]
    assert journal.claim_ready(conn, 3) == []


def test_the_claim_of_ready_runs_uses_its_index(conn: Connection) -> None:
    sql = journal._CLAIM_READY.sql
    plan = conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", {**journal._CLAIM_READY.defaults, "most": 1}).fetchall()
    assert "run_ready" in " ".join(str(tuple(row)) for row in plan)


def test_due_runs(conn: Connection) -> None:
    for due in (30, 10, 20):
        run = journal.create(conn, new(State.RUNNING), 1)
        journal.move(conn, journal.state_of(conn, run.seq), State.WAITING, 2, due_at=due)
    assert journal.next_due(conn) == 10
    assert [run.seq for run in journal.claim_due(conn, 20, 10)] == [2, 3]
    assert journal.next_due(conn) == 30


def test_a_row_that_was_read_too_early_does_not_move(conn: Connection) -> None:
    run = journal.create(conn, new(), 1)
    stale = journal.state_of(conn, run.seq)
    journal.move(conn, stale, State.RUNNING, 2)
    with pytest.raises(AssertionError):
        journal.move(conn, stale, State.HELD, 3)
    with pytest.raises(IllegalMove):
        journal.move(conn, {**dict(stale), "state": "done"}, State.READY, 3)  # type: ignore[arg-type]


def test_a_final_run_says_nothing_of_older_trouble_and_closes_its_entries(conn: Connection) -> None:
    run = journal.create(conn, new(State.RUNNING), 1)
    journal.move(conn, journal.state_of(conn, run.seq), State.DEAD, 2, code="WB-3001", reason="down", due_at=9)
    journal.add_attention(conn, "dead", 2, "WB-3001", "down", run=run.seq)
    journal.move(conn, journal.state_of(conn, run.seq), State.CANCELLED, 3)
    row = journal.state_of(conn, run.seq)
    assert (row["code"], row["reason"], row["due_at"], row["ended_at"]) == ("", "", None, 3)
    assert conn.exec_driver_sql("SELECT closed_at, answer FROM attention").fetchall()[0] == (3, "cancelled")


def test_going_on_leaves_nothing_of_the_step_before(conn: Connection) -> None:
    run = journal.create(conn, new(State.RUNNING), 1)
    journal.move(conn, journal.state_of(conn, run.seq), State.WAITING, 2, waits_for="a retry", code="WB-1", reason="x")
    journal.move(conn, journal.state_of(conn, run.seq), State.RUNNING, 3, attempts=4)
    journal.following(conn, run.seq, "two", "Processing", 4)
    row = journal.state_of(conn, run.seq)
    assert (row["step"], row["status"], row["attempts"], row["first_try_at"]) == ("two", "Processing", 1, 4)
    assert (row["waits_for"], row["code"], row["reason"]) == ("", "", "")
    run.step, run.status = "three", "Processing"
    journal.at_step(conn, run, 5)
    assert journal.state_of(conn, run.seq)["step"] == "three"
    journal.move(conn, journal.state_of(conn, run.seq), State.HELD, 6)
    with pytest.raises(Unavailable, match="WB-3008"):
        journal.at_step(conn, run, 7)


def test_the_last_child_ends_the_parent_and_its_parent(conn: Connection) -> None:
    grand = journal.create(conn, new(State.RUNNING), 1)
    parent = journal.create(conn, new(State.RUNNING, parent=grand.seq, root=grand.seq), 1)
    children = [journal.create(conn, new(State.RUNNING, parent=parent.seq, root=grand.seq), 1) for _ in range(2)]
    for seq, count in ((grand.seq, 1), (parent.seq, 2)):
        conn.exec_driver_sql("UPDATE run SET children = ?, open_children = ? WHERE seq = ?", (count, count, seq))
        journal.move(conn, journal.state_of(conn, seq), State.WAITING, 2)
    journal.move(conn, journal.state_of(conn, children[0].seq), State.DONE, 3)
    assert journal.state_of(conn, parent.seq)["state"] == "waiting"
    journal.move(conn, journal.state_of(conn, children[1].seq), State.CANCELLED, 4)
    assert journal.state_of(conn, parent.seq)["reason"] == "2 parts: 1 cancelled, 1 done"
    assert journal.state_of(conn, grand.seq)["state"] == "done"


def test_values_and_labels_are_replaced(conn: Connection) -> None:
    run = journal.create(conn, new(part=("xml", b"<p/>")), 1)
    journal.put_value(conn, run.seq, "a", ("text", b"1"), None, 1)
    journal.put_value(conn, run.seq, "a", ("xml", b"<a/>"), "ab" * 32, 2)
    found = {row["name"]: (row["kind"], row["data"], row["blob"]) for row in journal.values_of(conn, run.seq)}
    assert found == {"a": ("xml", None, "ab" * 32), "body": ("xml", b"<p/>", None)}
    journal.drop_values(conn, run.seq, ["a", "unheard"])
    assert [row["name"] for row in journal.values_of(conn, run.seq)] == ["body"]
    journal.put_labels(conn, run.seq, {"id": ("x" * 500, False)})
    assert conn.exec_driver_sql("SELECT length(value) FROM label").scalar() == 400
