"""`waybill find`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from engine.cli import _office
from engine.cli.main import FINDINGS, GOOD, USAGE, main
from tests.engine.ops import seed


@pytest.fixture(name="state")
def fixture_state(tmp_path: Path) -> Path:
    def rows(conn: Connection) -> None:
        for number in range(5):
            message = seed.message(conn)
            seed.run(conn, seed.labels(order=f"175||{number}"), message_id=message, state="dead", reason="no")
        seed.message(conn, outcome="invalid", code="WB-1007", reason="breaks a rule")

    with _office.alone(tmp_path) as store:
        store.write_now(rows)
    return tmp_path


def find(state: Path, *words: str) -> int:
    return main(["find", "--site", str(state), "--state", str(state), *words])


def audit(state: Path) -> list[tuple[Any, ...]]:
    sql = "SELECT act, subject, origin FROM audit ORDER BY seq"
    return _office.read(state, lambda conn: [tuple(row) for row in conn.exec_driver_sql(sql)])


def test_runs_are_found_masked_and_it_is_written(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert find(state, "--label", "order_id=175||3") == GOOD
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert "dead  exam_report/patient  no" in out
    assert "name=示**" in out
    assert audit(state) == [("find.read", "label order_id", "command line")]


def test_a_patients_label_needs_open(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert find(state, "--label", f"name={seed.NAME}") == FINDINGS
    assert find(state, "--open", "--label", f"name={seed.NAME}", "--json") == GOOD
    assert len(json.loads(capsys.readouterr().out)["items"]) == 5
    assert audit(state)[-1] == ("find.open", "label name", "command line")
    assert seed.NAME not in str(audit(state))


def test_pages_go_on(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert find(state, "--json", "--limit", "3") == GOOD
    first = json.loads(capsys.readouterr().out)
    assert find(state, "--json", "--after", first["next"]) == GOOD
    second = json.loads(capsys.readouterr().out)
    assert [len(first["items"]), len(second["items"]), second["next"]] == [3, 2, None]
    assert find(state, "--limit", "3") == GOOD
    assert first["next"] in capsys.readouterr().err


def test_messages_and_counts(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert find(state, "--messages", "--outcome", "invalid") == GOOD
    assert "his_in/AddRisAppBillRt  WB-1007 breaks a rule" in capsys.readouterr().out
    assert find(state, "--in-state", "dead", "--count") == GOOD
    assert capsys.readouterr().out == "5\n"
    assert find(state, "--in-state", "done", "--count", "--json") == FINDINGS
    assert json.loads(capsys.readouterr().out) == {"count": 0}


def test_wrong_use_and_no_store(state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert find(state, "--state-is", "x") == USAGE
    assert find(state, "--label", "x") == USAGE
    assert find(tmp_path / "none") == FINDINGS
    assert "WB-7411" in capsys.readouterr().err
