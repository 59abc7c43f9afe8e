"""The benchmark of the look-up on few patients: every question is asked, and finds somebody where it should."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from bench import lookup as bench
from engine.store.schema import metadata
from records.lookup import lookup


def test_all_questions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'lookup.sqlite'}")
    metadata.create_all(engine)
    with engine.begin() as conn:
        bench.fill(conn, 300)
        found = {kind: len(lookup(conn, ask(random.Random(3)))) for kind, ask in bench.questions(300)}
        middle, high, most = bench.measure(conn, next(bench.questions(300))[1], 20)
    engine.dispose()
    assert found["number"] == 1
    assert found["one character"] > 1
    assert found["two words of nobody"] == 0
    assert 0 < middle <= high <= most


def test_it_prints_a_row_a_question(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.main(["50"]) in (0, 1)
    assert capsys.readouterr().out.count("p95") == len(list(bench.questions(50)))
