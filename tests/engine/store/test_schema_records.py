"""Tables of the paper record: what is asked often has its index; the full-text index keeps no text."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from engine.store.schema import DOCUMENT_DAY
from engine.store.schema_records import metadata


@pytest.fixture(name="db")
def fixture_db(tmp_path: Path) -> sqlite3.Connection:
    engine = create_engine(f"sqlite:///{tmp_path / 'x.sqlite'}")
    metadata.create_all(engine)
    engine.dispose()
    return sqlite3.connect(tmp_path / "x.sqlite")


@pytest.mark.parametrize(
    ("question", "index"),
    [
        ("SELECT * FROM page WHERE batch = 1 ORDER BY position", "page_batch"),
        ("SELECT * FROM page WHERE master = 'x'", "page_master"),
        ("SELECT * FROM page WHERE patient = 1 ORDER BY id", "page_patient"),
        ("SELECT * FROM batch WHERE state = 'open' ORDER BY id", "batch_state"),
        ("SELECT * FROM scan_file WHERE state = 'taken' AND state != 'joined' ORDER BY id", "scan_file_state"),
        ("SELECT * FROM reading WHERE state = 'queued' ORDER BY priority, page", "reading_due"),
        ("SELECT * FROM outbox WHERE handed_at IS NULL ORDER BY id", "outbox_due"),
        ("SELECT * FROM appointment WHERE day = 'd' AND department = 'x'", "appointment_day"),
        ("SELECT document FROM document_page WHERE page = 1", "document_page_page"),
        ("SELECT * FROM document_flag WHERE document = 1 ORDER BY id", "document_flag_document"),
        ("SELECT * FROM document_flag WHERE answered_at IS NULL AND id > 5 ORDER BY id", "document_flag_open"),
        (f"SELECT id FROM document ORDER BY {DOCUMENT_DAY} DESC, id DESC", "document_day"),
        ("SELECT id, state FROM document WHERE kind = 'k' AND state = 'current' ORDER BY id DESC", "document_kind"),
    ],
)
def test_questions_have_an_index(db: sqlite3.Connection, question: str, index: str) -> None:
    plan = " ".join(str(row[3]) for row in db.execute(f"EXPLAIN QUERY PLAN {question}"))
    assert index in plan
    assert "USE TEMP B-TREE" not in plan


def test_the_text_index_folds_and_keeps_nothing(db: sqlite3.Connection) -> None:
    db.execute("INSERT INTO page_find(rowid, text) VALUES (1, 'Anestesia GARCÍA 内 科')")
    assert db.execute("SELECT rowid FROM page_find WHERE page_find MATCH 'garcia'").fetchall() == [(1,)]
    assert db.execute("SELECT rowid FROM page_find WHERE page_find MATCH '\"内 科\"'").fetchall() == [(1,)]
    assert db.execute("SELECT text FROM page_find").fetchall() == [(None,)]
