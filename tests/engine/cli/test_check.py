"""`waybill check`."""

import json
import os

import pytest

from engine.cli.check import state
from engine.cli.main import FINDINGS, GOOD, main

SITE = """\
connections:
  peer: {type: access, driver: SQLite3, file: var/none.sqlite, password: {secret: db}}
policies: {default: {first: 1s}}
"""


@pytest.fixture
def check(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("WAYBILL_STATE", raising=False)
    (tmp_path / "routes.yaml").write_text(SITE)

    def run(*words):
        status = main(["check", "--site", str(tmp_path), "--offline", *words])
        return status, capsys.readouterr().out

    return run


def test_faults_of_the_text_come_first(check, tmp_path):
    (tmp_path / "routes.yaml").write_text("a: 1")
    status, shown = check()
    assert status == FINDINGS
    assert "WB-6003" in shown


def test_secrets(check, tmp_path):
    status, shown = check()
    assert status == FINDINGS
    assert "BAD   secret db: WB-6031 the secret db is not there" in shown
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/db").write_text("hunter2")
    (tmp_path / "secrets/db").chmod(0o644)
    status, shown = check("--json")
    assert status == FINDINGS
    assert "hunter2" not in shown
    (bad,) = [line for line in json.loads(shown)["checks"] if not line["good"]]
    assert bad["code"] == "WB-6031"
    assert "chmod 600" in bad["reason"]
    (tmp_path / "secrets/db").chmod(0o600)
    status, shown = check()
    assert status == GOOD
    assert "good  secret db" in shown


def test_the_state_folder(tmp_path, monkeypatch):
    monkeypatch.delenv("WAYBILL_STATE", raising=False)
    assert state(tmp_path).good
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setenv("WAYBILL_STATE", str(file / "below"))
    line = state(tmp_path)
    assert not line.good
    assert line.code == "WB-6030"
    assert os.fspath(file) in line.reason
