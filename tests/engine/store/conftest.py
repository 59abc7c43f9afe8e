"""A store's tables on a connection in memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import StaticPool

from engine.store.schema import metadata
from engine.store.sql import raw


@pytest.fixture(name="conn")
def fixture_conn() -> Iterator[Connection]:
    """Each statement commits, as on the writer's connection."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    metadata.create_all(engine)
    with engine.connect() as conn:
        raw(conn).row_factory = sqlite3.Row
        raw(conn).isolation_level = None
        yield conn
    engine.dispose()
