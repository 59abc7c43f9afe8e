"""Texts of invented papers: of the kind they say, the same again, with as many letters misread as asked."""

from __future__ import annotations

import random

from bench.papers import misreading, mixtures, papers, text
from simulators.paper_text import KINDS


def test_all_kinds_in_turn_and_the_same_again() -> None:
    rows = papers(36, range(4))
    assert [kind for kind, _, _ in rows[:12]] == list(KINDS)
    assert rows == papers(36, range(4))
    assert len({patient for _, patient, _ in rows}) == 36


def test_so_many_letters_are_others() -> None:
    clean, _ = text("consent", "en", 1, 0, 0.0)
    worn, _ = text("consent", "en", 1, 0, 0.1)
    assert len(clean) == len(worn)
    differ = sum(one != other for one, other in zip(clean, worn, strict=True)) / len(clean)
    assert 0.04 < differ < 0.16
    assert misreading("abc", random.Random(1), 0.0) == "abc"


def test_mixtures_hold_lines_of_two() -> None:
    assert all(len(mixed.splitlines()) > 10 for mixed in mixtures(5))
