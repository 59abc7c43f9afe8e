"""Who a page says it is about: numbers, names and birth dates that stand behind their usual words, and where.

Works on what was read of a page, in English, Spanish and Chinese. It only points: a person decides.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from records import days, names
from records.words import is_han

Kind = Literal["number", "name", "birth_date"]
Box = tuple[float, float, float, float]

MOST_BYTES = 8 << 20
"""Of a page's words once unpacked."""
LONGEST_LINE = 400

_GAP = r"[\s.:：;_-]{0,6}"
_LABELS: dict[Kind, str] = {
    "number": (
        r"病\s?[历案]\s?号|住\s?院\s?号|门\s?诊\s?号|登\s?记\s?号|患\s?者\s?编\s?号|患\s?者\s?ID"
        r"|n[uú]mero\s(?:de\s)?(?:paciente|historia)|n[.ºo°]{1,3}\s?(?:de\s)?historia(?:\scl[ií]nica)?|historia\scl[ií]nica|\bNHC"
        r"|patient\s(?:number|no|id)\b|hospital\s(?:number|no)\b|record\s(?:id|number|no)\b|\bMRN\b"
    ),
    "name": (
        r"(?:患\s?者|病\s?人)?\s?姓\s?名|患\s?者(?=[\s.:：])"
        r"|nombre\sy\sapellidos|apellidos\sy\snombre|\bnombre\b|\bpaciente\b"
        r"|name\sof\spatient|full\sname|patient(?:'s)?\sname|\bname\b|\bpatient\b"
    ),
    "birth_date": (
        r"出\s?生\s?(?:日\s?期|年\s?月\s?日?)?|生\s?日"
        r"|fecha\sde\snacimiento|nacid[oa]\sel|f\.?\s?(?:de\s)?nac\.?|nacimiento"
        r"|date\sof\sbirth|birth\s?date|\bborn\b|\bd\.?o\.?b\b"
    ),
}
_FIND = re.compile("|".join(f"(?P<{kind}>(?:{label}))" for kind, label in _LABELS.items()), re.IGNORECASE)
_NUMBER = re.compile(rf"{_GAP}(?P<v>[A-Z]{{0,4}}[-/]?\d[\dA-Z]*(?:[-/.]?[\dA-Z]+)*)", re.IGNORECASE)
_HAN_NAME = re.compile(rf"{_GAP}(?P<v>[\u3400-\u9fff](?:\s?[\u3400-\u9fff·•]){{1,11}})")
_WORD = r"[^\W\d_](?:[^\W\d_]|['’.-])*"
_LATIN_NAME = re.compile(rf"{_GAP}(?P<v>{_WORD}(?:,?\s?{_WORD}){{0,6}})")
_HAN_NEXT = re.compile("性别|性 别|年龄|出生|病历|住院|科室|床号|男|女")
"""What follows a Chinese name on the same line."""
_LATIN_NEXT = re.compile(
    r"\s(?:sex|sexo|age|edad|born|dob|date|fecha|mrn|nhc|record|department|servicio|ward|hospital|number|n[uú]mero|f)\b",
    re.IGNORECASE,
)
_PARTICLES = frozenset(
    {"de", "del", "la", "las", "los", "y", "da", "dos", "van", "von", "der", "den", "al", "el", "bin"}
)
LEAST_NUMBER = 4
"""Characters of a number; shorter ones are of something else."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a page says, where in its text (begin, end), and where on the page, in parts of it, once known."""

    kind: Kind
    value: str = field(repr=False)
    begin: int
    end: int
    place: Box | None = None


def said(text: str) -> list[Said]:
    """All that stands behind its word on the same line, in the text's order."""
    found: list[Said] = []
    begin = 0
    for line in text.split("\n"):
        if len(line) <= LONGEST_LINE:
            found += _of_line(line, begin)
        begin += len(line) + 1
    return found


def _of_line(line: str, at: int) -> Iterator[Said]:
    free = 0
    for label in _FIND.finditer(line):
        if label.start() < free:
            continue
        kind: Kind = label.lastgroup  # type: ignore[assignment]
        for begin, end, value in _values(kind, line, label.end()):
            yield Said(kind, value, at + begin, at + end)
            free = end


def _values(kind: Kind, line: str, start: int) -> Iterator[tuple[int, int, str]]:
    """What stands at this place; at most one."""
    if kind == "birth_date":
        for begin, end, day in days.found(line[start:])[:1]:
            if not line[start : start + begin].strip(" .:：;_-"):
                yield start + begin, start + end, day
        return
    for pattern, is_name in ((_NUMBER, False),) if kind == "number" else ((_HAN_NAME, True), (_LATIN_NAME, True)):
        if match := pattern.match(line, start):
            value = _cut(match["v"]) if is_name else match["v"]
            if len(value) >= (2 if is_name else LEAST_NUMBER):
                yield match.start("v"), match.start("v") + len(value), value
                return


def _cut(name: str) -> str:
    """Without what follows a name on its line."""
    if is_han(name[0]):
        following = _HAN_NEXT.search(name, 1)
        return (name[: following.start()] if following else name).rstrip(" ·•")
    following = _LATIN_NEXT.search(name)
    kept = ""
    for word in re.split(r"(?<=\s)", name[: following.start()] if following else name):
        # In a sentence ("the patient was ...") small letters follow.
        if not word[0].isupper() and not (kept and word.strip().lower() in _PARTICLES):
            break
        kept += word
    return kept.rstrip(" ,.-")


def unpacked(words: bytes) -> list[list[Any]]:
    """The words of a page as `page_text` keeps them: [x, y, width, height, confidence, text]."""
    opened = zlib.decompressobj()
    data = opened.decompress(words, MOST_BYTES)
    return [] if opened.unconsumed_tail else list(json.loads(data))


def marks(rows: Sequence[Sequence[Any]]) -> list[Said]:
    """As `said`, of a page's words, with the place of each."""
    text, letters = _text(rows)
    found = []
    for one in said(text):
        places = sorted({place for place in letters[one.begin : one.end] if place >= 0})
        box = _around([rows[place] for place in places])
        found.append(Said(one.kind, one.value, one.begin, one.end, box))
    return found


def numbers(rows: Sequence[Sequence[Any]]) -> list[tuple[str, Box]]:
    """Every word that may be a number of somebody, with its place: it has a digit, and is long enough."""
    made = []
    for row in rows:
        key = names.number_key(str(row[5]))
        if len(key) > LEAST_NUMBER and sum(letter.isdigit() for letter in key) >= LEAST_NUMBER:
            made.append((key, _around([row]) or (0.0, 0.0, 0.0, 0.0)))
    return made


def _text(rows: Sequence[Sequence[Any]]) -> tuple[str, list[int]]:
    """The words as lines, and for each character of them the word that it is of (-1: of none)."""
    text, letters = "", []
    for place, row in enumerate(rows):
        word = str(row[5])
        if place:
            glue = _glue(rows[place - 1], row)
            text += glue
            letters += [-1] * len(glue)
        text += word
        letters += [place] * len(word)
    return text, letters


def _glue(before: Sequence[Any], row: Sequence[Any]) -> str:
    """A new line where a word does not stand beside the one before; no space between Chinese characters."""
    middle, height = row[1] + row[3] / 2, max(before[3], row[3], 1e-6)
    if row[0] < before[0] or abs(middle - before[1] - before[3] / 2) > height * 0.6:
        return "\n"
    return "" if is_han(str(before[5])[-1:]) and is_han(str(row[5])[:1]) else " "


def _around(rows: Sequence[Sequence[Any]]) -> Box | None:
    if not rows:
        return None
    left, top = min(row[0] for row in rows), min(row[1] for row in rows)
    right, low = max(row[0] + row[2] for row in rows), max(row[1] + row[3] for row in rows)
    return float(left), float(top), float(right - left), float(low - top)
