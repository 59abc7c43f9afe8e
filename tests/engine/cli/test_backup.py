"""`waybill backup`: whole or not at all, whenever it is killed; and beside a daemon that writes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.cli import _office
from engine.cli.main import FINDINGS, GOOD, main
from tests.engine.store.full import full_state

ROOT = Path(__file__).resolve().parents[3]


def command(*words: str | Path, kill: str = "") -> subprocess.CompletedProcess[str]:
    """A command in a process of its own, killed with SIGKILL at a point."""
    environment = {**os.environ, "WAYBILL_KILL": kill}
    line = [sys.executable, "-m", "engine.cli", *map(str, words)]
    return subprocess.run(line, cwd=ROOT, env=environment, check=False, capture_output=True, text=True, timeout=120)


def test_a_backup_and_who_made_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = tmp_path / "var"
    full_state(state)
    words = ["backup", "--site", str(tmp_path), "--state", str(state)]
    assert main([*words, str(tmp_path / "copy")]) == GOOD
    assert "3 files" in capsys.readouterr().out
    assert main([*words, "--json", str(tmp_path / "second")]) == GOOD
    assert json.loads(capsys.readouterr().out)["blobs"] == 1
    acts = _office.read(state, lambda conn: conn.exec_driver_sql("SELECT act FROM audit").fetchall())
    assert [row[0] for row in acts] == ["store.backup"] * 2
    assert main([*words, str(tmp_path / "copy")]) == FINDINGS
    assert "WB-7511" in capsys.readouterr().err


@pytest.mark.parametrize("point", ["backup.pages", "backup.database", "backup.copied"])
def test_a_killed_backup_is_no_backup_and_harms_nothing(tmp_path: Path, point: str) -> None:
    state, target = tmp_path / "var", tmp_path / "copy"
    full_state(state)
    killed = command("backup", "--site", tmp_path, "--state", state, target, kill=point)
    assert killed.returncode == -signal.SIGKILL
    refused = command("restore", "--state", tmp_path / "new", target)
    assert (refused.returncode, "never finished" in refused.stderr) == (FINDINGS, True)
    assert command("verify", "--state", state).returncode == GOOD
    assert command("backup", "--site", tmp_path, "--state", state, tmp_path / "again").returncode == GOOD
