"""`waybill train`: learns from a real store, reports, keeps the model; too little is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from bench.papers import papers
from engine.cli import _office
from engine.cli.main import FINDINGS, GOOD, main
from engine.ops import models
from records import lists
from tests.records import seed
from tests.records.test_examples import filed


def documents(state: Path, count: int) -> None:
    def rows(conn: Connection) -> None:
        lists.begin(conn)
        for kind, number, text in papers(count, range(4), kinds=("consent", "laboratory")):
            filed(conn, seed.patient(conn, number), [text], kind=kind)

    with _office.alone(state) as store:
        store.write_now(rows)


def test_learnt_reported_and_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    documents(tmp_path, 40)
    assert main(["train", "--state", str(tmp_path), "--dry-run"]) == GOOD
    assert "40 documents of 40 patients" in capsys.readouterr().out
    assert _office.read(tmp_path, models.active) is None
    assert main(["train", "--state", str(tmp_path), "--json"]) == GOOD
    told: Any = json.loads(capsys.readouterr().out)
    assert told["report"]["by_kind"] == {"consent": 20, "laboratory": 20}
    active = _office.read(tmp_path, models.active)
    assert active is not None
    assert (told["model"]["id"], told["model"]["state"]) == (active.id, "active")
    assert list((tmp_path / "tmp").iterdir()) == [], "no example stays"


def test_too_little(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    documents(tmp_path, 4)
    assert main(["train", "--state", str(tmp_path)]) == FINDINGS
    assert "WB-8502" in capsys.readouterr().err
    assert main(["train", "--state", str(tmp_path / "nowhere")]) == FINDINGS
