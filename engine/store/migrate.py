"""The schema's version: a new file is created whole, an older one is backed up online and migrated."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

from sqlalchemy.engine import Engine

from engine.store.schema_records import metadata

HEAD = "0010"
"""The newest migration in `migrations/versions`; a test holds the two together."""


class TooNew(Exception):
    """The file was written by a newer Waybill; it is not touched."""


def prepare(path: Path, engine: Engine, progress: Callable[[str], None]) -> None:
    """Bring the file at `path` to `HEAD`."""
    found = version(path)
    if found == HEAD:
        return
    if found is None:
        progress("creating the store")
        _give_space_back(path)
        with engine.connect() as conn:
            conn.exec_driver_sql("BEGIN IMMEDIATE")
            metadata.create_all(conn)
            conn.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
            conn.exec_driver_sql("INSERT INTO alembic_version VALUES (?)", (HEAD,))
            conn.exec_driver_sql("COMMIT")
        return
    if found > HEAD:
        raise TooNew(f"the store is of version {found}, this Waybill knows up to {HEAD}")
    progress(f"backing up the store of version {found}")
    back_up(path, path.with_name(f"{path.name}.{found}.backup"))
    progress(f"migrating the store from {found} to {HEAD}")
    upgrade(path)


def _give_space_back(path: Path) -> None:
    """Pages that pruning empties can go back to the disk: decided before the first page, and before the WAL."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
    finally:
        connection.close()


def version(path: Path) -> str | None:
    """The file's version; None for a file that is missing or empty."""
    if not path.exists() or path.stat().st_size == 0:
        return None
    connection = sqlite3.connect(path)
    try:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.OperationalError:
        return None
    finally:
        connection.close()
    return str(row[0]) if row else None


def back_up(source: Path, target: Path) -> None:
    """SQLite's online backup: consistent while others write."""
    read, written = sqlite3.connect(source), sqlite3.connect(target)
    try:
        read.backup(written)
    finally:
        written.close()
        read.close()


def upgrade(path: Path, to: str = "head") -> None:
    """Alembic is imported only here: most starts have nothing to migrate."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["path"] = str(path)
    command.upgrade(config, to)
