"""`waybill verify`."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from engine.cli.main import FINDINGS, GOOD, main
from tests.engine.store.full import full_state, old_blob


def test_good_then_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    full_state(tmp_path)
    words = ["verify", "--state", str(tmp_path)]
    assert main(words) == GOOD
    assert capsys.readouterr().out == "all is good\n"
    loose = old_blob(tmp_path)
    assert main(words) == GOOD
    assert f"note WB-7526 1 blobs that nothing names: prune removes them: {loose}" in capsys.readouterr().out
    with sqlite3.connect(tmp_path / "waybill.sqlite") as db:
        db.execute("UPDATE run SET state = 'asleep' WHERE state = 'ready'")
    assert main([*words, "--json", "--no-blobs"]) == FINDINGS
    told = json.loads(capsys.readouterr().out)
    assert (told["good"], [one["code"] for one in told["found"]]) == (False, ["WB-7522"])


def test_no_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "--state", str(tmp_path)]) == FINDINGS
    assert "WB-7411" in capsys.readouterr().err
