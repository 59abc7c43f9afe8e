"""The schema's version: made whole, migrated after a backup, refused when newer; migrations make the same tables."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from engine.store import migrate
from engine.store.database import Store
from engine.store.schema_records import metadata

SHADOW = re.compile("page_find(_|$)")
"""Tables that SQLite keeps behind a full-text index."""
MIGRATIONS = Path(migrate.__file__).with_name("migrations")


def tables(path: Path) -> dict[str, str]:
    with sqlite3.connect(path) as db:
        rows = db.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name != 'alembic_version'")
        return {name: re.sub(r"[\s\"]+", " ", sql).strip() for name, sql in rows}


def fresh(path: Path) -> Path:
    migrate.prepare(path, create_engine(f"sqlite:///{path}", isolation_level="AUTOCOMMIT"), lambda _: None)
    return path


def test_the_head_is_the_newest_migration() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_current_head() == migrate.HEAD


def test_migrations_make_the_tables_of_the_schema(tmp_path: Path) -> None:
    migrate.upgrade(tmp_path / "migrated.sqlite")
    created = fresh(tmp_path / "created.sqlite")
    assert migrate.version(tmp_path / "migrated.sqlite") == migrate.version(created) == migrate.HEAD
    engine = create_engine(f"sqlite:///{tmp_path / 'migrated.sqlite'}")
    with engine.connect() as conn:
        options = {
            "compare_type": True,
            "include_name": lambda name, kind, _: not (kind == "table" and SHADOW.match(name)),
        }
        assert compare_metadata(MigrationContext.configure(conn, opts=options), metadata) == []
    engine.dispose()
    migrated, made = tables(tmp_path / "migrated.sqlite"), tables(created)
    assert migrated.keys() == made.keys()
    # Indexes word by word: autogenerate does not compare the condition of a partial one.
    indexes = [name for name in made if made[name].startswith(("CREATE INDEX", "CREATE UNIQUE"))]
    assert {name: plain(migrated[name]) for name in indexes} == {name: plain(made[name]) for name in indexes}


def plain(sql: str) -> str:
    return sql.replace("(", " ").replace(")", " ").replace("  ", " ").strip()


def test_a_newer_store_is_refused_and_untouched(tmp_path: Path, reactor: Any) -> None:
    path = fresh(tmp_path / "waybill.sqlite")
    with sqlite3.connect(path) as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
    before = path.read_bytes()
    with pytest.raises(migrate.TooNew, match="9999"):
        Store(path, reactor).open()
    assert path.read_bytes() == before


def test_an_older_store_is_backed_up_and_migrated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, said = fresh(tmp_path / "waybill.sqlite"), list[str]()
    with sqlite3.connect(path) as db:
        db.execute("INSERT INTO blob VALUES ('abc', 1, 'a/b', '', 0)")
        db.execute("UPDATE alembic_version SET version_num = '0000'")
    upgraded: list[Path] = []
    monkeypatch.setattr(migrate, "upgrade", upgraded.append)
    migrate.prepare(path, create_engine(f"sqlite:///{path}"), said.append)
    assert upgraded == [path]
    assert len(said) == 2
    with sqlite3.connect(tmp_path / "waybill.sqlite.0000.backup") as db:
        assert db.execute("SELECT sha256 FROM blob").fetchall() == [("abc",)]


def test_a_store_of_this_version_is_left_alone(tmp_path: Path) -> None:
    path, said = fresh(tmp_path / "waybill.sqlite"), list[str]()
    migrate.prepare(path, create_engine(f"sqlite:///{path}"), said.append)
    assert said == []


def test_the_version_of_nothing(tmp_path: Path) -> None:
    assert migrate.version(tmp_path / "none.sqlite") is None
    (tmp_path / "empty.sqlite").touch()
    assert migrate.version(tmp_path / "empty.sqlite") is None


def test_a_new_store_can_give_space_back(tmp_path: Path) -> None:
    with sqlite3.connect(fresh(tmp_path / "waybill.sqlite")) as db:
        assert db.execute("PRAGMA auto_vacuum").fetchone() == (2,)
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_effects_of_an_older_store_come_to_lie_by_the_number_of_their_root(tmp_path: Path) -> None:
    path = tmp_path / "waybill.sqlite"
    migrate.upgrade(path, "0004")
    columns = "id, message_id, route, revision, state, waits_for, code, reason, blocked, since, created_at"
    counted = "children, open_children, generation, attempts, starts"
    with sqlite3.connect(path) as db:
        for seq, root in ((1, None), (2, 1), (3, None)):
            db.execute(
                f"INSERT INTO run (seq, root, {columns}, {counted})"
                " VALUES (?, ?, ?, 'm', 'r', '1', 'done', '', '', '', '', 0, 0, 0, 0, 0, 1, 0)",
                (seq, root, f"id{seq}"),
            )
        for key, run in (("a", 1), ("b", 2), ("c", 3), ("d", 9)):  # run 9 is no more
            db.execute(
                'INSERT INTO effect ("key", run, step, connection, operation, generation, state, attempts, at, code,'
                " reason) VALUES (?, ?, 's', 'c', 'o', 0, 'done', 2, 5, '', 'why')",
                (key, run),
            )
    migrate.upgrade(path)
    with sqlite3.connect(path) as db:
        rows = db.execute('SELECT root, "key", run, attempts, reason FROM effect ORDER BY root, "key"').fetchall()
    assert rows == [(1, "a", 1, 2, "why"), (1, "b", 2, 2, "why"), (3, "c", 3, 2, "why"), (9, "d", 9, 2, "why")]


def put(db: sqlite3.Connection, table: str, **values: Any) -> None:
    """A row; columns that must have a value and are not named have none to speak of."""
    columns = {
        name: 0 if kind.startswith(("INT", "BIG", "FLOAT")) else ""
        for _, name, kind, required, default, _ in db.execute(f"PRAGMA table_info({table})")
        if required and default is None
    }
    row = columns | values
    db.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", tuple(row.values()))


def test_pages_of_an_older_store_that_wait_to_be_read_come_into_the_order_of_their_batches(tmp_path: Path) -> None:
    path = tmp_path / "waybill.sqlite"
    migrate.upgrade(path, "0006")
    with sqlite3.connect(path) as db:
        put(db, "box", id=5, code="b")
        for key, state, box in ((1, "open", None), (2, "closed", 5), (3, "filed", None), (4, "stopped", None)):
            put(db, "batch", id=key, public_id=f"b{key}", state=state, box=box)
            put(db, "scan_file", id=key, key=f"f{key}", batch=key)
            put(db, "page", id=key, public_id=f"p{key}", batch=key, file=key, number=1)
            put(db, "reading", page=key, state="failed" if key == 4 else "queued")
    migrate.upgrade(path)
    with sqlite3.connect(path) as db:
        rows = db.execute("SELECT page, priority FROM reading ORDER BY page").fetchall()
    assert rows == [(1, 2), (2, 1), (3, 0), (4, 0)]


def test_identities_of_an_older_store_are_told_from_new_ones(tmp_path: Path) -> None:
    path = tmp_path / "waybill.sqlite"
    migrate.upgrade(path, "0009")
    with sqlite3.connect(path) as db:
        for number in range(3):
            db.execute(
                "INSERT INTO identity VALUES ('his_in/ORM', ?, 'c', ?, x'', 7)", (f"{number:064x}", f"m{number}")
            )
    migrate.upgrade(path)
    with sqlite3.connect(path) as db:
        rows = db.execute("SELECT scope, key, message_id FROM identity ORDER BY key").fetchall()
    assert rows == [("~his_in/ORM", f"{number:064x}", f"m{number}") for number in range(3)]
