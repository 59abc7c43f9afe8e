"""`waybill show`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from engine.cli import _office
from engine.cli.main import FINDINGS, GOOD, USAGE, main
from engine.cli.show import lines_of
from tests.engine.ops import seed


@pytest.fixture(name="ids")
def fixture_ids(tmp_path: Path) -> dict[str, str]:
    def rows(conn: Connection) -> dict[str, str]:
        seed.patient(conn)
        message = seed.message(conn)
        number, run_id = seed.run(conn, seed.labels(), message_id=message, state="dead", code="WB-3003", reason="no")
        seed.value(conn, number, "order", "xml", f"<name>{seed.NAME}</name>".encode())
        seed.effect(conn, number, state="refused", attempts=2)
        seed.attention(conn, run=number)
        seed.event(conn, run=number, text="settled")
        bad = seed.message(conn, outcome="invalid", code="WB-1007")
        return {"run": run_id, "message": message, "bad": bad}

    with _office.alone(tmp_path) as store:
        made: dict[str, str] = store.write_now(rows)
    return made


def show(state: Path, *words: str) -> int:
    return main(["show", "--site", str(state), "--state", str(state), *words])


def audit(state: Path) -> list[tuple[Any, ...]]:
    sql = "SELECT act, patient, run, origin FROM audit ORDER BY seq"
    return _office.read(state, lambda conn: [tuple(row) for row in conn.exec_driver_sql(sql)])


@pytest.mark.parametrize("which", ["run", "message", "label"])
def test_a_run_is_shown_masked_and_the_look_is_written(
    tmp_path: Path, ids: dict[str, str], which: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--label", "order_id=175||3125"] if which == "label" else [ids[which]]
    assert show(tmp_path, *words) == GOOD
    out = capsys.readouterr().out
    assert "dead, at patient: WB-3003 no" in out
    assert "name = 示**" in out
    assert seed.NAME not in out
    assert "RegisterDocumentRt refused x2" in out
    assert "ATTENTION dead" in out
    assert "you may: retry, retry_from, edit, cancel" in out
    assert audit(tmp_path) == [("run.read", 1, 1, "command line")]


def test_open_shows_values_and_is_written_as_that(
    tmp_path: Path, ids: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert show(tmp_path, "--open", ids["run"]) == GOOD
    out = capsys.readouterr().out
    assert f"<name>{seed.NAME}</name>" in out
    assert "--- body" in out
    assert audit(tmp_path) == [("run.open", 1, 1, "command line")]
    assert show(tmp_path, "--json", "--open", ids["run"]) == GOOD
    row = json.loads(capsys.readouterr().out)[0]
    assert row["values"]["order"]["kind"] == "xml"


def test_a_message_without_a_run(tmp_path: Path, ids: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert show(tmp_path, ids["bad"]) == GOOD
    assert "invalid: WB-1007" in capsys.readouterr().out
    assert show(tmp_path, "--open", ids["bad"]) == GOOD
    assert seed.NAME in capsys.readouterr().out
    assert [row[0] for row in audit(tmp_path)] == ["message.read", "message.open"]


def test_nothing_and_wrong_use(tmp_path: Path, ids: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert show(tmp_path, "unknown") == FINDINGS
    assert "WB-7412" in capsys.readouterr().err
    assert show(tmp_path) == USAGE
    assert show(tmp_path, "--label", "order_id") == USAGE
    assert show(tmp_path, ids["run"], "--label", "a=b") == USAGE
    assert audit(tmp_path) == []


def test_a_resent_run_says_from_which(tmp_path: Path, ids: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    with _office.alone(tmp_path) as store:
        _, again = store.write_now(lambda conn: seed.run(conn, message_id=ids["message"], origin=1))
    assert show(tmp_path, again) == GOOD
    assert f"resent from {ids['run']} dead" in capsys.readouterr().out


def test_segments_stand_below_each_other():
    assert lines_of("MSH|1\rPID|1\r") == "MSH|1\nPID|1\n"
    assert lines_of("a\r\nb\n") == "a\nb\n"
