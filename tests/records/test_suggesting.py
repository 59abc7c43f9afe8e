"""The worker's half of suggestions: with a model, without one, by the clerk's kind."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

from bench.papers import papers
from records.suggesting import suggest
from tests.records.learnt import KINDS, model

RULES = {
    "laboratory": [{"name": "laboratory_number", "pattern": "[A-Z]\\d\\d-\\d+"}],
    "ecg": [{"name": "rate", "pattern": "\\d+ bpm"}],
}


def packed(text: str) -> bytes:
    words = [
        [0.1 * place, 0.03 * row, 0.09, 0.02, 90.0, word]
        for row, line in enumerate(text.splitlines())
        for place, word in enumerate(line.split())
    ]
    return zlib.compress(json.dumps(words).encode())


def test_a_kind_and_its_values(tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(model().save())
    [(_, _, text)] = papers(1, [0], first=600, kinds=["laboratory"], misread=0.0)
    [said] = suggest(str(tmp_path / "m"), [(7, "", [("p1", text, packed(text))])], RULES, {}, {}).values()
    assert said["abstained"] is False
    assert said["kinds"][0]["code"] == "laboratory"
    values = {one["name"]: one for one in said["values"]}
    assert values["laboratory_number"]["page"] == "p1"
    assert values["date"]["value"][:2] in ("19", "20")
    assert json.loads(json.dumps(said)) == said


def test_a_pattern_from_before_such_ones_were_refused_is_left_out() -> None:
    number = {"name": "number", "pattern": "L[0-9]{4}"}
    by_kind = {"lab": [{"name": "bad", "pattern": "(.*)(.*)(.*)x"}, number]}
    pages = [("p1", "Report L1234", packed("Report L1234"))]
    said = suggest("", [(1, "lab", pages)], by_kind, {}, {})[1]
    assert [(one["name"], one["value"]) for one in said["values"]] == [("number", "L1234")]


def test_nothing_is_learnt_yet() -> None:
    text = "Rate 72 bpm L20-12345"
    said = suggest("", [(7, "", [("p1", text, packed(text))]), (8, "ecg", [("p2", text, packed(text))])], RULES, {}, {})
    assert (said[7]["kinds"], said[7]["abstained"], said[7]["why"]) == ([], True, "nothing learnt yet")
    assert said[7]["values"] == []
    assert [one["value"] for one in said[8]["values"]] == ["72 bpm"], "by the kind that the clerk said"


def test_a_threshold_of_the_list_counts(tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(model().save())
    [(kind, _, text)] = papers(1, [0], first=600, kinds=KINDS[:1])
    pages = [("p1", text, packed(text))]
    [said] = suggest(str(tmp_path / "m"), [(7, "", pages)], {}, {kind: 1.0}, {}).values()
    assert said["abstained"] is True
    assert said["kinds"][0]["code"] == kind
