"""Reads the text of one page with Tesseract. For worker processes of the crew `reading`."""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import re
import signal
import sys
import tempfile
import time
import zlib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import pytesseract
from pytesseract import pytesseract as program

from engine.message import Refused
from records import images, picture, recipe, words
from records.preprocess import Turn, prepared

FAILED = "WB-8401"  # Tesseract could not read the page
SLOW = "WB-8402"  # reading the page took longer than its limit
UNKNOWN = "WB-8403"  # a language of the station is not installed
LIMIT = 240.0
"""Seconds for one page, at the lowest priority beside others; the crew ends the worker after 300."""
MOST_WORDS = 20_000
LEAST_SAME = 40
"""Characters of text below which two pages are not called the same."""
PR_SET_PDEATHSIG = 1

os.environ["OMP_THREAD_LIMIT"] = "1"


class Word(NamedTuple):
    """x, y, width and height in parts of the page; confidence 0 to 100. line: words of one line have it in common."""

    x: float
    y: float
    width: float
    height: float
    confidence: int
    text: str
    line: str


def page(
    master: str, given: Mapping[str, Any], languages: str, options: Mapping[str, Any], folder: str
) -> dict[str, Any]:
    """What stands on a page as its recipe shows it: {text, words, confidence, same, folded, languages, engine, ms}.

    languages: as Tesseract writes them, `chi_sim+eng`. options: the station's (`preprocessing`, `psm`: how Tesseract
    divides a page), and `skew`, the degrees by which the master lies turned. folder: for what must not outlive the
    job. words: zlib of JSON [[x, y, width, height, confidence, text], ...]. confidence: the mean.
    """
    began = time.monotonic()
    known(languages)
    with tempfile.TemporaryDirectory(dir=folder) as own:
        file = Path(own) / "page.pgm"
        turn = _write(Path(master), recipe.clean(given), options, file)
        found = parsed(_tesseract(file, languages, options), turn)
    text = joined(found)
    folded = words.fold(text)
    return {
        "text": text,
        "words": packed(found),
        "confidence": round(sum(word.confidence for word in found) / len(found), 1) if found else 0.0,
        "same": same(folded),
        "folded": folded,
        "languages": languages,
        "engine": engine(),
        "ms": round((time.monotonic() - began) * 1000),
    }


def same(folded: str) -> str:
    """16 hex digits that pages with the same words share; empty when there is too little text."""
    return hashlib.sha256(folded.encode()).hexdigest()[:16] if len(folded) >= LEAST_SAME else ""


def packed(found: Iterable[Word]) -> bytes:
    """The words as `page_text` keeps them."""
    rows = [word[:6] for word in found]
    return zlib.compress(json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode())


def parsed(table: str, turn: Turn) -> list[Word]:
    """The words of Tesseract's table (TSV): level, page, block, paragraph, line, word, box, confidence, text."""
    found: list[Word] = []
    for row in table.splitlines()[1:]:
        cells = row.split("\t", 11)
        if len(cells) == 12 and cells[0] == "5" and cells[11].strip() and len(found) < MOST_WORDS:
            box = turn.back((float(cells[6]), float(cells[7]), float(cells[8]), float(cells[9])))
            line = ".".join(cells[2:5])
            found.append(Word(*box, min(100, max(0, round(float(cells[10])))), cells[11].strip(), line))
    return found


def joined(found: Iterable[Word]) -> str:
    """The words as text: a line each, a gap between blocks, no space between Chinese characters."""
    lines, block = [], ""
    for line, row in groupby(found, key=lambda word: word.line):
        if block and line.split(".")[0] != block:
            lines.append("")
        block = line.split(".")[0]
        text = ""
        for word in row:
            glue = "" if not text or (words.is_han(text[-1]) and words.is_han(word.text[0])) else " "
            text += glue + word.text
        lines.append(text)
    return "\n".join(lines)


def known(languages: str) -> None:
    """Raises `Refused` for languages that Tesseract does not have here."""
    missing = [name for name in languages.split("+") if name not in installed()]
    if missing or not re.fullmatch(r"\w+(\+\w+){0,5}", languages):
        raise Refused(UNKNOWN, "a language of the station is not installed: Debian's tesseract-ocr-... has it")


@lru_cache(maxsize=1)
def installed() -> frozenset[str]:
    """The languages that this computer's Tesseract has."""
    return frozenset(pytesseract.get_languages())


@lru_cache(maxsize=1)
def engine() -> str:
    """Name and version of what reads."""
    return f"tesseract {pytesseract.get_tesseract_version()}"[:60]


def _write(master: Path, used: Mapping[str, Any], options: Mapping[str, Any], file: Path) -> Turn:
    """The page as it is to be read, without a coding that would cost time."""
    with images.read(master) as opened:
        dpi = images.dpi_of(opened)
        whole = picture.applied(images.plain(opened), used)
    left = float(options.get("skew", 0.0)) - used.get("deskew", 0.0)
    made, turn = prepared(whole, options, left, dpi)
    made.save(file)
    return turn


def _tesseract(file: Path, languages: str, options: Mapping[str, Any]) -> str:
    psm = options.get("psm", 3)
    config = f"--dpi 300 --psm {psm if psm in (1, 3, 4, 6, 11, 12) else 3}"
    tempfile.tempdir = str(file.parent)  # what Tesseract writes, too: it is of a patient
    program.subprocess_args = _ending_with_us
    try:
        table: str = pytesseract.image_to_data(
            str(file), lang=languages, config=config, timeout=LIMIT, output_type=pytesseract.Output.STRING
        )
    except pytesseract.TesseractError as error:
        raise Refused(FAILED, f"Tesseract could not read the page (status {error.status})") from None
    except RuntimeError:  # of its time limit
        raise Refused(SLOW, f"the page was not read within {LIMIT:g} s") from None
    finally:
        tempfile.tempdir = None
    return table


_arguments = program.subprocess_args


def _ending_with_us(include_stdout: bool = True) -> dict[str, Any]:
    """How Tesseract is started: killed by the kernel when this worker is, which is how a worker over its time ends."""
    return {**_arguments(include_stdout), "preexec_fn": _die_with(os.getpid())}


def _die_with(parent: int) -> Any:
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl

    def ask() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return ask
