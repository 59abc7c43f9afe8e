"""Rows for tests of the paper record: people, patients, a batch with files, pages and drafts.

Each function returns the table's own number. Masters are names of blobs that no store holds unless `put` made them.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from typing import Any

from sqlalchemy import Connection, Table, create_engine, func, insert, select

from engine.store.schema import patient as patient_table
from engine.store.schema_records import batch as batch_table
from engine.store.schema_records import box as box_table
from engine.store.schema_records import draft as draft_table
from engine.store.schema_records import metadata, scan_file, station
from engine.store.schema_records import page as page_table
from tests.engine.ops.seed import NOW as NOW
from tests.engine.ops.seed import user as user

_numbers = count(1)


@contextmanager
def fresh() -> Iterator[Connection]:
    """An operation's connection on an empty database of its own in memory: hundreds of them take no time."""

    def connect() -> sqlite3.Connection:
        made = sqlite3.connect(":memory:", check_same_thread=False)
        _empty().backup(made)
        made.execute("PRAGMA foreign_keys = ON")
        return made

    engine = create_engine("sqlite://", creator=connect)
    with engine.begin() as conn:
        yield conn
    engine.dispose()


@cache
def _empty() -> sqlite3.Connection:
    made = sqlite3.connect(":memory:", check_same_thread=False)
    metadata.create_all(create_engine("sqlite://", creator=lambda: made))
    return made


def fake(word: str) -> str:
    """64 characters that could name a blob."""
    return hashlib.sha256(word.encode()).hexdigest()


def patient(conn: Connection, number: str = "0009000001", name: str = "示例甲", **changes: Any) -> int:
    row = {
        "public_id": f"P{number[-19:]}",
        "number": number,
        "name": name,
        "birth_date": "1988-04-12",
        "sex": "F",
        "details": {},
        "created_at": NOW,
        "updated_at": NOW,
    } | changes
    return _add(conn, patient_table, row)


def desk(conn: Connection, code: str = "desk-1", **changes: Any) -> str:
    """A station."""
    row = {"code": code, "title": code.title(), "languages": "eng", "options": {}} | changes
    conn.execute(insert(station).values(row))
    return code


def box(conn: Connection, code: str = "BOX-1", **changes: Any) -> int:
    return _add(conn, box_table, {"code": code, "created_at": NOW} | changes)


def batch(conn: Connection, **changes: Any) -> int:
    """An open batch of station `desk-1`."""
    number = next(_numbers)
    row = {
        "public_id": f"B{number:09}",
        "state": "open",
        "station": "desk-1",
        "created_at": NOW,
        "changed_at": NOW,
    } | changes
    return _add(conn, batch_table, row)


def file(conn: Connection, batch: int | None, **changes: Any) -> int:
    """A joined file; give `state`, `code` and `reason` for others."""
    number = next(_numbers)
    row = {
        "key": fake(f"key {number}"),
        "batch": batch,
        "station": "desk-1",
        "name": f"scan{number}.tif",
        "blob": fake(f"file {number}"),
        "size": 1000,
        "content_type": "image/tiff",
        "state": "joined",
        "meta": {},
        "at": NOW,
    } | changes
    return _add(conn, scan_file, row)


def pages(conn: Connection, batch: int, count: int, *, file: int | None = None, **changes: Any) -> list[int]:
    """Kept pages at the end of the batch, of one file (a new one if none is named)."""
    if not count:
        return []
    source = file if file is not None else _file(conn, batch, count)
    where = page_table.c.batch == batch
    last = conn.execute(select(func.coalesce(func.max(page_table.c.position), 0.0)).where(where)).scalar_one()
    first = conn.execute(select(func.count()).where(page_table.c.file == source)).scalar_one()
    rows = [_page(batch, source, first + n, last + n) | changes for n in range(1, count + 1)]
    conn.execute(insert(page_table), rows)
    mine = select(page_table.c.id).where(page_table.c.batch == batch).order_by(page_table.c.id.desc()).limit(count)
    return sorted(conn.execute(mine).scalars())


def draft(conn: Connection, batch: int, pages: list[int] | None = None, **changes: Any) -> int:
    """An open draft behind the others, of these pages."""
    number = next(_numbers)
    where = draft_table.c.batch == batch
    last = conn.execute(select(func.coalesce(func.max(draft_table.c.position), 0.0)).where(where)).scalar_one()
    row = {
        "public_id": f"D{number:09}",
        "batch": batch,
        "position": last + 1,
        "details": {},
        "suggested": {},
        "created_at": NOW,
        "changed_at": NOW,
    } | changes
    key = _add(conn, draft_table, row)
    if pages:
        conn.execute(page_table.update().where(page_table.c.id.in_(pages)).values(draft=key))
    return key


def public(conn: Connection, table: Table, *keys: int) -> list[str]:
    """Their public ids, in this order."""
    known = {
        row.id: row.public_id for row in conn.execute(select(table.c.id, table.c.public_id).where(table.c.id.in_(keys)))
    }
    return [known[key] for key in keys]


def _file(conn: Connection, batch_: int, count_: int) -> int:
    return file(conn, batch_, pages=count_, taken=count_)


def _page(batch_: int, source: int, number: int, position: float) -> dict[str, Any]:
    unique = next(_numbers)
    return {
        "public_id": f"G{unique:09}",
        "batch": batch_,
        "file": source,
        "number": number,
        "position": position,
        "state": "kept",
        "master": fake(f"page {unique}"),
        "media_type": "image/png",
        "width": 1240,
        "height": 1754,
        "dpi": 150,
        "recipe": {},
        "flags": [],
        "codes": [],
        "created_at": NOW,
        "changed_at": NOW,
    }


def _add(conn: Connection, table: Table, row: dict[str, Any]) -> int:
    key = conn.execute(insert(table).values(row)).inserted_primary_key
    assert key is not None
    return int(key[0])
