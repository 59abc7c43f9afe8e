"""`waybill retry`."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.cli import _office
from engine.cli.main import FINDINGS, GOOD
from tests.engine.cli.test__acts import act, fixture_ids, states

__all__ = ["fixture_ids"]


def test_the_step_at_which_it_stopped_or_an_earlier_one(tmp_path: Path, ids: list[str]) -> None:
    assert act(tmp_path, "retry", ids[0]) == GOOD
    assert act(tmp_path, "retry", ids[1], "--from", "look") == GOOD
    sql = "SELECT step, generation FROM run WHERE state = 'ready' ORDER BY seq"
    found = _office.read(tmp_path, lambda conn: [tuple(row) for row in conn.exec_driver_sql(sql)])
    assert found == [("send", 0), ("look", 1)]
    assert act(tmp_path, "retry", ids[2], "--from", "none") == FINDINGS


def test_many_from_a_step(tmp_path: Path, ids: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert act(tmp_path, "retry", "--in-state", "dead", "--from", "signed") == GOOD
    assert "retry_from: 250 of 250" in capsys.readouterr().out
    assert act(tmp_path, "retry", "--in-state", "dead", "--from", "signed", "--yes") == GOOD
    assert states(tmp_path) == {"done": 1, "ready": 250}
