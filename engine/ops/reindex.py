"""The index of the pages' text is built anew: ordered here, built by the records' own background work."""

from __future__ import annotations

from sqlalchemy import Connection

from engine.ops.read_audit import record
from engine.store.clock import now_ms
from engine.store.schema_records import FIND
from engine.store.sql import raw

ACTS = ("begin",)
NEW = "page_find_new"
"""That this table exists is the order; the old one answers until it is complete. See `records.texts`."""


def begin(conn: Connection, user: str, origin: str = "") -> None:
    """Begin a new index; one that was begun before is begun again."""
    driver = raw(conn)
    driver.execute(f"DROP TABLE IF EXISTS {NEW}")
    driver.execute(FIND.replace("page_find", NEW))
    record(conn, now_ms(), user, "reindex", origin=origin)
