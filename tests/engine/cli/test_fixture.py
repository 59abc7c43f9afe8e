"""`waybill fixture`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.cli import _office
from engine.cli.main import FINDINGS, GOOD, main
from tests.engine.cli.test_try_ import ROOT
from tests.engine.rehearsal.hall import Hall, order
from tests.engine.rehearsal.test_making import NAME


async def test_a_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    hall = Hall(tmp_path)
    (run,) = await hall.play(order(1, NAME))
    words = ["fixture", run["id"], "--site", str(hall.site), "--out", str(tmp_path / "out"), "--name", "order"]
    assert main(words) == GOOD
    shown = capsys.readouterr().out
    assert shown.startswith(f"{tmp_path / 'out' / 'order.xml'}\n")
    assert "1 texts of persons replaced, 0 documents" in shown
    assert NAME not in (tmp_path / "out" / "order.xml").read_text()
    rows = _office.read(hall.state, lambda conn: conn.exec_driver_sql("SELECT act, subject FROM audit").fetchall())
    assert [tuple(row) for row in rows] == [("fixture.open", run["message_id"])]


@pytest.mark.limit(120)
async def test_as_a_test_that_is_run(tmp_path: Path):
    import subprocess
    import sys

    hall = Hall(tmp_path)
    (run,) = await hall.play(order(1, NAME))
    command = [sys.executable, "-m", "engine.cli", "fixture", run["id"], "--site", str(hall.site), "--as-test",
               "--out", str(tmp_path / "out"), "--json"]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == GOOD, done.stderr + done.stdout
    said = json.loads(done.stdout)
    assert said["test"] == "good"
    assert [Path(name).suffix for name in said["files"]] == [".xml", ".yaml"]


async def test_an_id_of_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    hall = Hall(tmp_path)
    await hall.play(order(1))
    assert main(["fixture", "none", "--site", str(hall.site), "--out", str(tmp_path / "out")]) == FINDINGS
    assert "WB-7704" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
