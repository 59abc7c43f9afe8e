"""Finds values on pages that were read: the day, the department, a laboratory number, each with its place.

A page is its words with their boxes, `[x, y, width, height, confidence, text]` in parts of the page, as `records.read`
gives them. Works in a worker process: patterns are a site's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from records import days
from records.rules import Form, Rule

Word = Sequence[Any]
MOST_WORDS = 5000
"""Of one page; more are not looked at."""
LONGEST_LINE = 1000
"""Characters of a line in which a site's pattern is tried."""
LINE = 0.6
"""Words stand in one line when their middles are nearer than this part of their height."""

COMMON = (
    Rule("date", form=Form.DATE, after=(
        "Date of report", "Report date", "Dated", "Date", "Con fecha", "Fecha del informe", "Fecha", "Día", "报告日期",
        "记录日期", "填写日期", "日期",
    )),
    Rule("department", form=Form.DEPARTMENT),
    Rule("author", after=(
        "Signed by", "Physician", "Clinician", "Responsible doctor", "Firmado por", "Médico responsable", "Facultativo",
        "Médico", "医师签名", "报告医师", "主治医师", "医生",
    )),
)  # fmt: skip
"""Looked for on pages of every kind, unless the kind has a rule of that name."""
NOT_OF_THE_REPORT = ("birth", "born", "dob", "nacimiento", "nacida", "nacido", "nac.", "出生", "生日")
"""Words before a day that is the patient's, not the paper's."""
UNTIL = re.compile(r"\s{2,}|[|;；]|$")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a page: its text, and for each character the word that it is of (-1: a gap)."""

    text: str
    words: tuple[int, ...]


def found(
    pages: Sequence[tuple[str, Sequence[Word]]], rules: Sequence[Rule], departments: Mapping[str, Sequence[str]]
) -> list[dict[str, Any]]:
    """The first find of each rule: `{name, value, page, box}`.

    pages: (id, words) in their order. departments: code -> names in all languages.
    """
    own = {rule.name for rule in rules}
    wanted = [*rules, *(rule for rule in COMMON if rule.name not in own)]
    values: dict[str, dict[str, Any]] = {}
    for page, words in pages:
        lines = list(lines_of(words[:MOST_WORDS]))
        for rule in wanted:
            if rule.name not in values and (hit := _first(rule, lines, words, departments)):
                values[rule.name] = {"name": rule.name, "value": hit[0], "page": page, "box": hit[1]}
    return list(values.values())


def lines_of(words: Sequence[Word]) -> Iterator[Line]:
    """Words of one height beside each other; a wide gap between them is two spaces."""
    rows: list[list[int]] = []
    for place in sorted(range(len(words)), key=lambda place: words[place][1] + words[place][3] / 2):
        middle, height = words[place][1] + words[place][3] / 2, words[place][3]
        last = words[rows[-1][-1]] if rows else None
        if last is not None and abs(middle - (last[1] + last[3] / 2)) < LINE * max(height, last[3]):
            rows[-1].append(place)
        else:
            rows.append([place])
    for row in rows:
        yield _line(sorted(row, key=lambda place: float(words[place][0])), words)


def _line(row: list[int], words: Sequence[Word]) -> Line:
    text = ""
    places: list[int] = []
    for before, place in zip([None, *row], row, strict=False):
        if before is not None:
            end, height = words[before][0] + words[before][2], max(words[before][3], 1e-4)
            gap = "  " if words[place][0] - end > 2.5 * height else " "
            gap = "" if _cjk(text[-1:]) and _cjk(str(words[place][5])[:1]) and len(gap) == 1 else gap
            text, places = text + gap, places + [-1] * len(gap)
        word = str(words[place][5])
        text, places = text + word, places + [place] * len(word)
    return Line(text, tuple(places))


def _cjk(letter: str) -> bool:
    return "\u2e80" <= letter <= "\uffef"


def _first(
    rule: Rule, lines: Sequence[Line], words: Sequence[Word], departments: Mapping[str, Sequence[str]]
) -> tuple[str, list[float]] | None:
    inside = [line for line in lines if not rule.zone or _within(_box(line, 0, len(line.text), words), rule.zone)]
    for behind in (True, False) if rule.after else (False,):
        if not behind and rule.after and rule.form is Form.TEXT and not rule.pattern:
            return None  # what stands behind no label could be anything
        for line in inside:
            for begin, end, value in _matches(rule, line.text, departments, behind):
                return value, _box(line, begin, end, words)
    return None


def _matches(
    rule: Rule, text: str, departments: Mapping[str, Sequence[str]], behind: bool
) -> Iterator[tuple[int, int, str]]:
    starts = list(_after(rule, text)) if behind else [0]
    for start in starts:
        for begin, end, value in _values(rule, text, start, departments):
            near = not text[start:begin].strip(" :：.#-")
            if (near or not behind) and not (rule.form is Form.DATE and _is_birth(text[:begin])):
                yield begin, end, value


def _after(rule: Rule, text: str) -> Iterator[int]:
    low = text.casefold()
    if len(low) != len(text):  # a letter that is two when it is small: places would be wrong
        low = text.lower() if len(text.lower()) == len(text) else text
    for label in rule.after:
        place = -1
        while (place := low.find(label.casefold(), place + 1)) >= 0:
            yield place + len(label)


def _is_birth(before: str) -> bool:
    near = re.split(r"\d", before)[-1].casefold()
    return any(word in near for word in NOT_OF_THE_REPORT)


def _values(
    rule: Rule, text: str, start: int, departments: Mapping[str, Sequence[str]]
) -> Iterator[tuple[int, int, str]]:
    if rule.form is Form.DATE:
        yield from (hit for hit in days.found(text) if hit[0] >= start)
    elif rule.form is Form.DEPARTMENT:
        yield from _departments(text, start, departments)
    elif rule.pattern:
        hits = re.finditer(rule.pattern, text[:LONGEST_LINE])
        yield from ((hit.start(), hit.end(), hit[0]) for hit in hits if hit.start() >= start)
    else:
        rest = text[start:].lstrip(" :：")
        begin = len(text) - len(rest)
        end = begin + (UNTIL.search(rest) or re.search("$", rest)).start()  # type: ignore[union-attr]
        if value := text[begin:end].strip():
            yield begin, begin + len(value), value[:200]


def _departments(text: str, start: int, departments: Mapping[str, Sequence[str]]) -> Iterator[tuple[int, int, str]]:
    low = text.casefold()
    hits = [
        (place, len(name), code)
        for code, names in departments.items() for name in names
        if name and (place := low.find(name.casefold(), start)) >= 0
    ]  # fmt: skip
    # `Neurology` inside a longer name is that longer department.
    for place, length, code in sorted(hits, key=lambda hit: (hit[0], -hit[1])):
        if not any(other[0] <= place and place + length < other[0] + other[1] for other in hits):
            yield place, place + length, code


def _box(line: Line, begin: int, end: int, words: Sequence[Word]) -> list[float]:
    inside = [words[place] for place in sorted({place for place in line.words[begin:end] if place >= 0})]
    if not inside:
        return [0.0, 0.0, 0.0, 0.0]
    left, top = min(word[0] for word in inside), min(word[1] for word in inside)
    right, bottom = max(word[0] + word[2] for word in inside), max(word[1] + word[3] for word in inside)
    return [round(float(part), 4) for part in (left, top, right - left, bottom - top)]


def _within(box: Sequence[float], zone: Sequence[float]) -> bool:
    x, y = box[0] + box[2] / 2, box[1] + box[3] / 2
    return zone[0] <= x <= zone[0] + zone[2] and zone[1] <= y <= zone[1] + zone[3]
