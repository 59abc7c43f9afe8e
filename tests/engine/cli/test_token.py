"""`waybill token`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.cli.main import FINDINGS, GOOD, USAGE, main


def token(state: Path, *words: str) -> int:
    return main(["token", "--state", str(state), *words])


def test_from_made_to_revoked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert token(tmp_path, "list") == FINDINGS  # there is no store yet
    assert token(tmp_path, "add", "--name", "scanner PC", "--station", "admission") == GOOD
    shown = capsys.readouterr()
    assert shown.out.startswith("wbt_")
    assert len(shown.out.splitlines()) == 1  # so that it can be written into a file
    assert token(tmp_path, "list") == GOOD
    line = capsys.readouterr().out
    assert "scanner PC" in line
    assert "not used yet" in line
    assert shown.out.strip() not in line
    assert token(tmp_path, "revoke", line.split()[0]) == GOOD
    assert token(tmp_path, "revoke", line.split()[0]) == FINDINGS
    assert "WB-8612" in capsys.readouterr().err
    token(tmp_path, "list")
    assert "revoked" in capsys.readouterr().out


def test_json_and_wrong_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["token", "--json", "--state", str(tmp_path), "add", "--name", "pc"]) == GOOD
    made = json.loads(capsys.readouterr().out)
    assert set(made) == {"id", "token"}
    assert main(["token", "--json", "--state", str(tmp_path), "list"]) == GOOD
    (row,) = json.loads(capsys.readouterr().out)
    assert row["id"] == made["id"]
    assert token(tmp_path, "add", "--name", "pc", "--scope", "everything") == USAGE
