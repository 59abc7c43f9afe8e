"""A store operation's connection on a real, empty database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine

from engine.store.schema import metadata


@pytest.fixture(name="conn")
def fixture_conn(tmp_path: Path) -> Iterator[Connection]:
    engine = create_engine(f"sqlite:///{tmp_path / 'records.sqlite'}")
    metadata.create_all(engine)
    with engine.begin() as connection:
        yield connection
    engine.dispose()
