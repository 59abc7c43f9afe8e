"""The benchmark of taking pages: its queue, and what it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, func, select

from bench import capture
from engine.message import Blob
from engine.store.schema import metadata
from engine.store.schema_records import page, reading

RESULT: dict[str, Any] = {
    "pages": 120, "queued": 10_000, "pages_per_s": 2.0, "read_meanwhile": 44, "p50_ms": 300, "p95_ms": 612.5,
    "max_ms": 900,
}  # fmt: skip


def test_so_many_pages_wait_to_be_read(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'a.sqlite'}")
    metadata.create_all(engine)
    with engine.begin() as conn:
        capture.queue(conn, [Blob("0" * 64, 1), Blob("1" * 64, 1)], capture.PIECE + 3, 1)
        for table in (page, reading):
            assert conn.execute(select(func.count()).select_from(table)).scalar() == capture.PIECE + 3
        assert set(conn.execute(select(page.c.master)).scalars()) == {"0" * 64, "1" * 64}
    engine.dispose()


def test_the_figures_stand_in_one_line() -> None:
    (line,) = capture.lines(RESULT)
    assert "p95 612.5 ms" in line
    assert "10,000 queued" in line


async def test_a_few_pages_are_taken_and_shown(reactor: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture, "KINDS", 2)
    result = await capture.measure(reactor, tmp_path, 2, 0, 50.0)
    assert result["pages"] == 2
    assert 0 < result["p50_ms"] <= result["max_ms"]
