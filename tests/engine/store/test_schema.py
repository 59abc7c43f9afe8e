"""Habits of the tables: the writer's own numbers, indexes for what is asked often, no column that may stay unsaid."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from engine.store.schema import metadata


@pytest.fixture(name="db")
def fixture_db(tmp_path: Path) -> sqlite3.Connection:
    engine = create_engine(f"sqlite:///{tmp_path / 'x.sqlite'}")
    metadata.create_all(engine)
    engine.dispose()
    return sqlite3.connect(tmp_path / "x.sqlite")


@pytest.mark.parametrize("table", ["message", "run", "event"])
def test_numbers_are_the_writers(db: sqlite3.Connection, table: str) -> None:
    sql = db.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()[0]
    assert "seq INTEGER NOT NULL" in sql


@pytest.mark.parametrize(
    ("question", "index"),
    [
        ("SELECT * FROM run WHERE state = 'ready' ORDER BY seq", "run_ready"),
        ("SELECT * FROM run INDEXED BY run_open WHERE ended_at IS NULL AND state = 'running'", "run_open"),
        ("SELECT * FROM effect WHERE run = 1", "effect_run"),
        ("SELECT * FROM run WHERE due_at <= 5 AND state = 'waiting' ORDER BY due_at", "run_due"),
        ("SELECT * FROM run WHERE route = 'r' AND child_key = 'k' ORDER BY seq", "run_child"),
        ("SELECT * FROM run WHERE parent = 7", "run_parent"),
        ("SELECT run FROM label WHERE name = 'a' AND value = 'b'", "label_value"),
        ("SELECT * FROM signal WHERE run = 1 AND applied_at IS NULL ORDER BY seq", "signal_open"),
        ("SELECT * FROM wait WHERE match_key = 'x'", "wait_match"),
        ("SELECT * FROM file WHERE connection = 'c' AND path = 'p'", "file_path"),
    ],
)
def test_what_is_asked_often_has_an_index(db: sqlite3.Connection, question: str, index: str) -> None:
    plan = " ".join(row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {question}"))
    assert index in plan
