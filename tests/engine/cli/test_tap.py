"""`waybill tap`: lines while they pass, beside the daemon and over its restarts."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from engine.cli import _office
from engine.cli.main import FINDINGS, USAGE, main
from tests.engine.cli.test_backup import ROOT
from tests.engine.ops.test_follow import rows


def test_lines_over_two_daemons(tmp_path: Path) -> None:
    with _office.alone(tmp_path):
        pass
    line = [sys.executable, "-m", "engine.cli", "tap", "--state", str(tmp_path), "--json", "--for", "120"]
    tap = subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert tap.stdout is not None
        seen: list[str] = []
        more = threading.Event()

        def read() -> None:
            assert tap.stdout is not None
            for text in tap.stdout:
                seen.append(json.loads(text)["what"])
                more.set()

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        for round_ in (1, 2):
            before, tries = len(seen), 0
            while "accepted" not in seen[before:] and tries < 200:  # until it has begun to follow
                with _office.alone(tmp_path) as store:
                    store.write_now(rows)
                more.wait(0.3)
                tries += 1
            assert "accepted" in seen[before:], round_
            more.clear()
    finally:
        tap.terminate()
        tap.wait()
    assert {"accepted", "effect", "step", "error", "invalid"} >= set(seen)


def test_wrong_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tap", "--state", str(tmp_path), "--label", "x"]) == USAGE
    assert main(["tap", "--state", str(tmp_path), "--for", "0.1"]) == FINDINGS
    with _office.alone(tmp_path):
        pass
    assert main(["tap", "--state", str(tmp_path), "--for", "0.1", "--open"]) == 0
    acts = _office.read(tmp_path, lambda conn: conn.exec_driver_sql("SELECT act FROM audit").fetchall())
    assert [row[0] for row in acts] == ["tap.open"]
