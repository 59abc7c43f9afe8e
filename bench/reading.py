"""Reading of generated pages: how many a minute, and how many characters are wrong.

python -m bench.reading [--pages 24] [--strength 0.3] [--docs FILE]

As the daemon does it: two processes at the lowest priority, each one page after the other, one thread each. Wrong: the
edits (insert, delete, replace) that make what was read into what stands on the page, spaces left out, line by line in
the best order, as parts of the page's characters. --docs: write the figures into this page.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from bench import machine
from bench.archive import put
from simulators.paper_text import KINDS, LAYOUTS

LANGUAGES = {"en": "eng", "es": "spa", "zh": "chi_sim"}
WANTED = {"en": 40, "es": 40, "zh": 15}
"""Pages a minute on 2 cores."""
AT_ONCE, NICEST = 2, 19
BEGIN, END = "<!-- bench.reading -->", "<!-- /bench.reading -->"


def draw(folder: str, language: str, number: int, strength: float) -> tuple[str, float]:
    """Draw and wear page `number`; where it is, and how far it lies turned, as taking it in measures it."""
    from records import ink, skew
    from simulators.paper import page, patient
    from simulators.wear import wear

    kind, layout = KINDS[number % len(KINDS)], number % LAYOUTS
    image, text, _ = page(kind, language, patient(language, number), number, layout)
    path = Path(folder) / f"{language}-{number:04}.jpg"
    worn = wear(image, number, strength)
    worn.save(path, "JPEG", quality=85, dpi=(300, 300))
    path.with_suffix(".txt").write_text(text, "utf-8")
    return str(path), skew.measure(ink.of(worn, 300))


def read(path: str, skew: float, languages: str) -> tuple[float, float, float, float]:
    """(seconds, share of wrong characters, confidence, processor seconds) of one page."""
    from records.read import page

    if os.nice(0) < NICEST:
        os.nice(NICEST - os.nice(0))
    before = sum(os.times()[:4])
    answer = page(path, {}, languages, {"skew": skew}, str(Path(path).parent))
    spent = sum(os.times()[:4]) - before
    true = Path(path).with_suffix(".txt").read_text("utf-8")
    return answer["ms"] / 1000, wrong(true, answer["text"]), answer["confidence"], spent


def wrong(true: str, said: str) -> float:
    """Edits by which what was read differs, in parts of what is true; the order of the lines does not count."""
    left = [bare(line) for line in said.splitlines() if bare(line)]
    edits = total = 0
    for line in sorted((bare(line) for line in true.splitlines()), key=len, reverse=True):
        total += len(line)
        best = min(range(len(left)), key=lambda place: distance(line, left[place]), default=None)
        if best is None or distance(line, left[best]) > len(line):
            edits += len(line)
        else:
            edits += distance(line, left.pop(best))
    return (edits + sum(map(len, left))) / max(1, total)


def bare(line: str) -> str:
    """Without spaces, and without lines for a signature."""
    return "".join(letter for letter in line if not letter.isspace() and letter != "_")


def distance(one: str, other: str) -> int:
    """Insertions, deletions and replacements (Levenshtein)."""
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        now = [row]
        for place, given in enumerate(other, 1):
            now.append(min(last[place] + 1, now[-1] + 1, last[place - 1] + (letter != given)))
        last = now
    return last[-1]


def measure(language: str, pages: int, strength: float) -> dict[str, Any]:
    """All pages of a language."""
    with (
        tempfile.TemporaryDirectory(prefix="waybill-reading-") as folder,
        ProcessPoolExecutor(AT_ONCE, mp_context=get_context("spawn")) as pool,
    ):
        drawn = [pool.submit(draw, folder, language, number, strength) for number in range(pages)]
        paths = [one.result() for one in drawn]  # drawn before the clock starts
        began = time.monotonic()
        jobs = [pool.submit(read, path, turned, LANGUAGES[language]) for path, turned in paths]
        done = [job.result() for job in jobs]
        took = time.monotonic() - began
    errors = [share for _, share, _, _ in done]
    return {
        "language": language, "pages": pages, "per_minute": round(pages / took * 60, 1),
        "seconds": round(statistics.median(seconds for seconds, _, _, _ in done), 2),
        "cpu": round(statistics.mean(spent for _, _, _, spent in done), 2),
        "cer": round(100 * sum(errors) / pages, 2), "cer_median": round(100 * statistics.median(errors), 2),
        "cer_worst": round(100 * max(errors), 1), "confidence": round(sum(one for _, _, one, _ in done) / pages, 1),
    }  # fmt: skip


def lines(results: Sequence[dict[str, Any]], strength: float, about: dict[str, Any]) -> list[str]:
    """The figures as a page has them."""
    names = ("pages", "per_minute", "seconds", "cpu", "cer", "cer_median", "cer_worst", "confidence")
    rows = [
        " | ".join(["| " + LANGUAGES[one["language"]], *(str(one[name]) for name in names)]) + " |" for one in results
    ]
    heads = ("language", "pages", "pages a minute", "s a page", "CPU s a page", "wrong characters, %", "median",
             "worst page", "confidence")  # fmt: skip
    return [
        f"{datetime.now(UTC):%Y-%m-%d}; {machine.line(about)}, load {about['load']}; wear {strength:g} of 1.",
        "",
        f"| {' | '.join(heads)} |",
        "|---" + "|---:" * len(names) + "|",
        *rows,
        "",
        *(f"- {'reached' if good else 'NOT reached'}: {said}" for said, good in targets(results)),
        *(f"- {LANGUAGES[one['language']]}: two cores of its own could read {alone(one)} a minute" for one in results),
    ]


def alone(one: dict[str, Any]) -> int:
    """Pages a minute by processor time: beside others, and at the lowest priority, the clock tells of the others."""
    return round(AT_ONCE * 60 / max(float(one["cpu"]), 0.01))


def targets(results: Sequence[dict[str, Any]]) -> list[tuple[str, bool]]:
    """What is wanted, and whether it was reached."""
    wanted = [(one, WANTED[one["language"]]) for one in results]
    return [
        (
            f"{LANGUAGES[one['language']]}: {one['per_minute']} pages a minute (wanted {least})",
            one["per_minute"] >= least,
        )
        for one, least in wanted
    ]


def main(words: Sequence[str]) -> int:
    """0 when all targets are reached."""
    parser = argparse.ArgumentParser(prog="python -m bench.reading", description=__doc__)
    parser.add_argument("--pages", type=int, default=24)
    parser.add_argument("--strength", type=float, default=0.3)
    parser.add_argument("--languages", type=lambda text: text.split(","), default=list(LANGUAGES))
    parser.add_argument("--docs", type=Path)
    options = parser.parse_args(words)
    about = machine.about(Path(tempfile.gettempdir()))
    results = [measure(language, options.pages, options.strength) for language in options.languages]
    said = lines(results, options.strength, about)
    print("\n".join(said))
    if options.docs is not None:
        put(options.docs, said, BEGIN, END)
    return 0 if all(good for _, good in targets(results)) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
