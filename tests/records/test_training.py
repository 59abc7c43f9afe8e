"""When training is due, and that its examples are nobody else's to read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import Connection

from records import lists, training
from tests.records import seed
from tests.records.test_examples import filed

DAY = 24 * 3_600_000


@pytest.mark.parametrize(
    ("documents", "last", "hour", "due"),
    [
        (training.NEW, 0, 2, True),
        (training.NEW, 0, 12, False),
        (training.NEW - 1, 0, 2, False),
        (training.NEW, seed.NOW + DAY - 1000, 2, False),
        (training.NEW, seed.NOW + 1, 2, False),
    ],
)
def test_due(conn: Connection, documents: int, last: int, hour: int, due: bool) -> None:
    who = seed.patient(conn)
    for _ in range(documents):
        filed(conn, who, ["x"])
    assert training.is_due(conn, last=last, at=seed.NOW + DAY, hour=hour) is due


def test_examples_are_ours_alone(conn: Connection, tmp_path: Path) -> None:
    lists.begin(conn)
    filed(conn, seed.patient(conn), ["示例"])
    path = tmp_path / "x.jsonl"
    path.write_text("left by a crash")
    assert training.write_examples(conn, path) == 1
    assert path.stat().st_mode & 0o777 == 0o600
    assert [json.loads(line)["text"] for line in path.read_text("utf-8").splitlines()] == ["示例"]
