"""`waybill cancel`; what it shares with retry and resend is tested in test__acts.py."""

from __future__ import annotations

from pathlib import Path

from engine.cli.main import GOOD
from tests.engine.cli.test__acts import act, fixture_ids, states

__all__ = ["fixture_ids"]


def test_one_and_the_rest(tmp_path: Path, ids: list[str]) -> None:
    assert act(tmp_path, "cancel", ids[0], "--note", "ordered twice") == GOOD
    assert act(tmp_path, "cancel", "--label", "order_id=175||1*", "--in-state", "dead", "--yes") == GOOD
    assert states(tmp_path)["cancelled"] == 1 + 1 + 10 + 100
