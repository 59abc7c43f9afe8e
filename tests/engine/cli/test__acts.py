"""What retry, cancel and resend share: one run or many, shown first."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import Connection

from engine.cli import _office
from engine.cli._acts import shown
from engine.cli.main import FINDINGS, GOOD, USAGE, main
from tests.engine.ops import seed
from tests.engine.ops.test_texts import deploy


@pytest.fixture(name="ids")
def fixture_ids(tmp_path: Path) -> list[str]:
    """250 dead runs and one that is done."""

    def rows(conn: Connection) -> list[str]:
        deploy(conn)
        made = []
        for number in range(251):
            state = "dead" if number < 250 else "done"
            words = {"state": state, "step": "send", "ended_at": None if number < 250 else 1}
            made.append(seed.run(conn, seed.labels(f"175||{number}"), message_id=seed.message(conn), **words)[1])
        return made

    with _office.alone(tmp_path) as store:
        ids: list[str] = store.write_now(rows)
    return ids


def act(state: Path, *words: str) -> int:
    return main([words[0], "--site", str(state), "--state", str(state), *words[1:]])


def states(state: Path) -> dict[str, int]:
    sql = "SELECT state, count(*) FROM run GROUP BY state"
    return _office.read(state, lambda conn: dict(tuple(row) for row in conn.exec_driver_sql(sql)))


def test_many_are_shown_first_and_then_done_in_pieces(
    tmp_path: Path, ids: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert act(tmp_path, "cancel", "--in-state", "dead") == GOOD
    out = capsys.readouterr().out
    assert "cancel: 250 of 250 runs" in out
    assert "Nothing was done." in out
    assert states(tmp_path) == {"dead": 250, "done": 1}
    assert act(tmp_path, "cancel", "--in-state", "dead", "--yes", "--preview") == GOOD
    assert states(tmp_path) == {"dead": 250, "done": 1}
    capsys.readouterr()
    assert act(tmp_path, "cancel", "--in-state", "dead", "--yes", "--json") == GOOD
    assert json.loads(capsys.readouterr().out)["done"] == 250
    assert states(tmp_path) == {"cancelled": 250, "done": 1}
    assert act(tmp_path, "cancel", "--in-state", "dead") == FINDINGS
    assert act(tmp_path, "cancel", "--route", "exam_report", "--yes") == FINDINGS


def test_one_by_its_id(tmp_path: Path, ids: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert act(tmp_path, "cancel", ids[0], "--json") == GOOD
    assert json.loads(capsys.readouterr().out) == {"id": ids[0]}
    assert act(tmp_path, "cancel", ids[0]) == FINDINGS
    assert "WB-7301" in capsys.readouterr().err
    assert act(tmp_path, "cancel", ids[0], "--json") == FINDINGS
    assert json.loads(capsys.readouterr().out)["code"] == "WB-7301"


def test_by_a_patients_label_only_with_open(tmp_path: Path, ids: list[str]) -> None:
    label = ["--label", f"name={seed.NAME}"]
    assert act(tmp_path, "cancel", *label, "--yes") == GOOD
    assert states(tmp_path)["dead"] == 250
    assert act(tmp_path, "cancel", *label, "--yes", "--open") == FINDINGS
    assert states(tmp_path) == {"cancelled": 250, "done": 1}


def test_wrong_use(tmp_path: Path, ids: list[str]) -> None:
    assert act(tmp_path, "cancel") == USAGE
    assert act(tmp_path, "cancel", ids[0], "--in-state", "dead") == USAGE
    assert act(tmp_path, "cancel", "--in-state", "asleep") == USAGE


def test_what_is_sent_again_is_said() -> None:
    preview = {
        "act": "resend", "runs": 5, "able": 5, "all_seen": False, "examples": ["0198"], "top": 9,
        "groups": [{"route": "r", "state": "done", "able": True, "count": 5}],
        "again": [{"step": "send", "connection": "his_out", "operation": "Register", "count": 5}],
    }  # fmt: skip
    assert "5  send: his_out Register" in shown(preview)
    assert "5 of at least 5 runs" in shown(preview)
