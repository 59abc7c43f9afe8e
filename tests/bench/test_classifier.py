"""The page that the benchmark writes."""

from __future__ import annotations

from bench.classifier import page
from tests.records.learnt import model


def test_the_page_says_what_was_measured() -> None:
    one = {"held_out": 10, "accuracy": 0.9, "top3": 1.0, "named": 0.8, "precision": 1.0}
    said = page(180, 3.0, model(), [("held-out layouts", one)], {"slips": 0.97})
    assert "| held-out layouts | 10 | 90.0% | 100.0% | 80.0% | 100.0% | 20.0% |" in said
    assert "- slips: abstained 97.0%" in said
    assert "2 cores" in said or "cores" in said
