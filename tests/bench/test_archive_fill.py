"""The store of the archive's benchmark fits together."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from bench import archive_fill
from engine.store import verify
from engine.store.database import Store
from records import search
from records.search import Asked


def test_a_filled_store_is_one_that_the_product_could_have_made(tmp_path: Path) -> None:
    path = tmp_path / "waybill.sqlite"
    archive_fill.fill(path, 120, 3)
    store = Store(path, None, durable=False)
    store.open()
    try:
        assert not list(store.read_now(lambda conn: list(verify.damage(conn))))
        found = store.read_now(lambda conn: search.search(conn, Asked(archive_fill.rare(100)), None, 5))
        assert [(hit.key, hit.page) for hit in found.items] == [(34, 1)]
        assert store.read_now(lambda conn: search.search(conn, Asked(patient=1), None, 5)).items[0].key == 97
    finally:
        store.close()
    with sqlite3.connect(path) as db:
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        assert db.execute("SELECT count(*) FROM page_text").fetchone()[0] == 360
        assert db.execute("SELECT count(DISTINCT text) FROM page_text").fetchone()[0] == 360
    db.close()
