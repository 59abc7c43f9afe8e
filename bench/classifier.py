"""How well documents are told apart: learnt from some layouts, judged on layouts that were not among them.

python -m bench.classifier [--documents 1200]   writes docs/classification-results.md
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.machine import about, line
from bench.papers import mixtures, papers
from records.classifier import Model
from records.train import Example, fit, judge
from simulators import paper_text

TARGET = Path(__file__).resolve().parent.parent / "docs" / "classification-results.md"
KNOWN = [layout for layout in range(paper_text.LAYOUTS) if layout not in paper_text.HELD_OUT]


def examples(rows: Sequence[tuple[str, str, str]]) -> list[Example]:
    """As clerks' decisions."""
    return [Example(kind, patient, said) for kind, patient, said in rows]


def measure(documents: int) -> tuple[Model, list[tuple[str, dict[str, Any]]], dict[str, float]]:
    """The model, the reports by set, and the share of ambiguous texts of which it says nothing."""
    model = fit(examples(papers(documents, KNOWN)))
    held = papers(720, paper_text.HELD_OUT, first=100_000)
    sets = [("known layouts, new patients", papers(360, KNOWN, first=200_000)), ("held-out layouts", held)]
    for place, language in enumerate(paper_text.LANGUAGES):
        mine = [row for number, row in enumerate(held) if number // len(paper_text.KINDS) % 3 == place]
        sets.append((f"held-out layouts, {language}", mine))
    for share in (0.05, 0.10):
        badly = papers(360, paper_text.HELD_OUT, first=100_000, misread=share)
        sets.append((f"held-out layouts, {share:.0%} of the letters misread", badly))
    reports = [(name, judge(model, examples(rows))) for name, rows in sets]
    slips = [said for _, _, said in papers(300, range(paper_text.LAYOUTS), first=300_000, kinds=["note"])]
    unsaid = {"slips that say nothing of a kind": slips, "lines of two kinds in turn": mixtures(300)}
    return model, reports, {name: _abstained(model, texts) for name, texts in unsaid.items()}


def _abstained(model: Model, texts: Sequence[str]) -> float:
    return sum(model.say(said).abstained for said in texts) / len(texts)


def page(documents: int, seconds: float, model: Model, reports: Any, unsaid: dict[str, float]) -> str:
    """The page for docs/."""
    rows = [
        f"| {name} | {one['held_out']} | {one['accuracy']:.1%} | {one['top3']:.1%} | {one['named']:.1%} | "
        f"{one['precision']:.1%} | {1 - one['named']:.1%} |\n"
        for name, one in reports
    ]
    size = len(model.save()) // 1024
    head = f"""# Classification: results

Written by `python -m bench.classifier`, {datetime.now(UTC):%Y-%m-%d}; {line(about(TARGET.parent))}.

Invented papers of {len(paper_text.KINDS)} kinds in English, Spanish and Chinese, 2 % of the letters misread unless
another share is named. Real papers are harder: `waybill train` reports on yours.

Learnt from {documents} documents of four layouts: {len(model.vocabulary):,} features, {size} KB.
Learnt and judged in {seconds:.0f} s. The held-out layouts have titles, headings and labels of their own.

| texts | documents | best is right | right among three | named by itself | of these right | abstained |
|---|---:|---:|---:|---:|---:|---:|
"""
    ambiguous = "".join(f"- {name}: abstained {share:.1%}\n" for name, share in unsaid.items())
    return f"{head}{''.join(rows)}\nTexts of which nothing may be named (wanted: at least 95 %):\n\n{ambiguous}"


def main(arguments: list[str]) -> int:
    """0; the figures are in the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=1200)
    options = parser.parse_args(arguments)
    began = time.monotonic()
    model, reports, unsaid = measure(options.documents)
    text = page(options.documents, time.monotonic() - began, model, reports, unsaid)
    TARGET.write_text(text, "utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
