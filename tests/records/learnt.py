"""One small model, learnt once for all tests that ask it something."""

from __future__ import annotations

from functools import lru_cache

from bench.classifier import KNOWN, examples
from bench.papers import papers
from records.classifier import Model
from records.train import fit

KINDS = ("discharge", "laboratory", "operation", "consent", "ecg")


@lru_cache(maxsize=1)
def model() -> Model:
    return fit(examples(papers(180, KNOWN, kinds=KINDS)))
