"""Fixtures of the signing tests."""

from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.transform.pool import Pool
from tests.signing.desk import Desk


@pytest.fixture(name="desk")
def fixture_desk(tmp_path: Path) -> Desk:
    """A CA, a report and the gate's policy."""
    return Desk(tmp_path)


@pytest.fixture(name="pool")
def fixture_pool(reactor: Any, drive: Callable[[Coroutine[Any, Any, Any]], Any]) -> Iterator[Pool]:
    """The engine's worker processes, as small as they can be."""
    pool = Pool(reactor, size=1, preload=())
    pool.start()
    yield pool
    drive(pool.stop())
