"""The world of these tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.web.api.world import World


@pytest.fixture(name="world")
def fixture_world(tmp_path: Path, reactor: Any) -> Iterator[World]:
    world = World(tmp_path, reactor)
    world.store.open()
    yield world
    world.store.close()
