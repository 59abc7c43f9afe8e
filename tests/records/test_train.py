"""Training: nothing of one patient in a model, a report about patients set aside, too few decisions refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.papers import papers
from engine.message import Refused
from records.classifier import load
from records.train import Example, fit, judge, train
from tests.records.learnt import KINDS


def write(path: Path, rows: list[tuple[str, str, str]]) -> str:
    with path.open("w") as out:
        for kind, group, text in rows:
            out.write(json.dumps({"kind": kind, "group": group, "text": text}) + "\n")
    return str(path)


def test_a_report_and_a_model(tmp_path: Path) -> None:
    rows = papers(75, range(4), kinds=KINDS[:3]) + papers(3, range(4), first=900, kinds=["consent"])
    report = train(write(tmp_path / "x", rows), str(tmp_path / "m"))
    assert report["documents"] == 75
    assert report["left_out"] == {"consent": 3}
    assert report["held_out"] >= 10
    assert report["accuracy"] >= 0.9
    assert set(report["kinds"]) == set(KINDS[:3])
    assert load(tmp_path / "m").kinds == sorted(KINDS[:3])
    assert json.loads(json.dumps(report)) == report


@pytest.mark.parametrize(
    "rows",
    [
        [],
        papers(20, range(4), kinds=KINDS[:1]),
        papers(10, range(4), kinds=KINDS[:2]),
        [(kind, "the same patient", text) for kind, _, text in papers(40, range(4), kinds=KINDS[:2])],
    ],
)
def test_too_few_decisions(tmp_path: Path, rows: list[tuple[str, str, str]]) -> None:
    with pytest.raises(Refused, match="at least 2 kinds"):
        train(write(tmp_path / "x", rows), str(tmp_path / "m"))
    assert not (tmp_path / "m").exists()


def test_a_word_of_one_patient_is_not_learnt() -> None:
    """However often it stands in that patient's documents."""
    rows = papers(40, range(4), kinds=KINDS[:2])
    marked = [Example(kind, "1", f"{text} zzyzxname zzyzxname") for kind, _, text in rows[:10]]
    rest = [Example(kind, patient, f"{text} sharedword") for kind, patient, text in rows[10:]]
    model = fit(marked + rest)
    assert "sharedword" in model.vocabulary
    assert not [word for word in model.vocabulary if "zyzx" in word]


def test_judging_counts() -> None:
    rows = papers(40, range(4), kinds=KINDS[:2])
    model = fit([Example(*row) for row in rows])
    wrong = [Example(KINDS[1] if kind == KINDS[0] else KINDS[0], patient, text) for kind, patient, text in rows]
    report = judge(model, wrong)
    assert report["accuracy"] == 0.0
    assert report["precision"] == 0.0
    assert sum(count for _, _, count in report["confused"]) == 40
