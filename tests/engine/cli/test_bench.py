"""`waybill bench`, over its whole length."""

import json

import pytest

from engine.cli.main import main


def test_json(capsys):
    assert main(["bench", "--json", "--route", "http", "--connections", "2", "--count", "30", "--in-flight", "2"]) == 0
    told = json.loads(capsys.readouterr().out)
    (part,) = told["parts"]
    assert (part["route"], part["in_flight"]) == ("http", 2)
    assert (part["rows"][0]["accepted"], part["rows"][0]["delivered"]) == (30, 30)
    assert told["machine"]["fsync_ms"] > 0


def test_rows_for_a_person_and_a_site_that_is_kept(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert main(["bench", "--route", "mllp", "--connections", "2", "--count", "30", "--keep"]) == 0
    out = capsys.readouterr().out
    assert "MLLP in, three fields changed by a mapping table, MLLP out" in out
    assert "fsync" in out
    assert "LOST" not in out
    (folder,) = tmp_path.iterdir()
    assert str(folder) in out
    assert (folder / "var/waybill.sqlite").exists()


@pytest.mark.parametrize(
    "words", [["--route", "fax"], ["--connections", "0"], ["--connections", "x"], ["--count", "5", "--seconds", "1"]]
)
def test_wrong_use(words, capsys):
    assert main(["bench", *words]) == 2
    assert capsys.readouterr().err
