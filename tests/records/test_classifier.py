"""A trained model: right on layouts that it has not seen, silent on what is ambiguous, the same after a save."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.papers import papers
from engine.message import Refused
from records.classifier import load
from simulators.paper_text import AMBIGUOUS, HELD_OUT, LANGUAGES
from tests.records.learnt import KINDS, model


def test_layouts_that_it_has_not_seen() -> None:
    rows = papers(90, HELD_OUT, first=9_000, kinds=KINDS)
    said = [(kind, model().say(text)) for kind, _, text in rows]
    assert sum(one.kinds[0][0] == kind for kind, one in said) >= 88
    assert sum(not one.abstained for _, one in said) >= 70
    assert all(one.kinds[0][0] == kind for kind, one in said if not one.abstained)


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_says_nothing_of_a_slip(language: str) -> None:
    rows = [row for place, row in enumerate(papers(90, range(6), first=7_000, kinds=[AMBIGUOUS]))
            if LANGUAGES[place % 3] == language]  # fmt: skip
    assert sum(model().say(text).abstained for _, _, text in rows) >= 0.95 * len(rows)


def test_three_are_offered_best_first() -> None:
    [(_, _, text)] = papers(1, HELD_OUT, first=8_000, kinds=["ecg"])
    said = model().say(text)
    assert len(said.kinds) == 3
    assert [chance for _, chance in said.kinds] == sorted((chance for _, chance in said.kinds), reverse=True)


def test_a_person_s_threshold_counts() -> None:
    [(_, _, text)] = papers(1, HELD_OUT, first=8_000, kinds=["ecg"])
    assert model().say(text).abstained is False
    assert model().say(text, {"ecg": 1.0}).abstained is True


@pytest.mark.parametrize("text", ["", "ok", "12345 67890", "的"])
def test_too_little_text(text: str) -> None:
    said = model().say(text)
    assert (said.kinds, said.abstained) == ([], True)


def test_saved_and_loaded(tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(model().save())
    again = load(tmp_path / "m")
    for _, _, text in papers(6, HELD_OUT, kinds=KINDS):
        assert again.say(text) == model().say(text)
    assert not any("example" in word or word.isdigit() for word in again.vocabulary)


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("not a model")
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    for path in (tmp_path / "text", tmp_path / "other.npz", tmp_path / "missing"):
        with pytest.raises(Refused, match="cannot be read"):
            load(path)
