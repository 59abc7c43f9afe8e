"""The words of invented paper records: what stands on a page of a kind, in English, Spanish or Chinese.

Everything is invented, and follows from the seed: the same arguments give the same words.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

DATA = Path(__file__).parent / "data" / "paper"
LANGUAGES = ("en", "es", "zh")
KINDS = (
    "discharge", "laboratory", "operation", "anaesthesia", "consent", "ecg", "radiology", "referral", "nursing",
    "admission", "pathology", "medication",
)  # fmt: skip
AMBIGUOUS = "note"
"""A slip that says nothing of its kind: a classifier should abstain."""
HELD_OUT = (4, 5)
"""Layouts whose titles, headings and looks no other layout has: for testing what was learnt."""
LAYOUTS = 6
FIRST, LAST = date(2009, 1, 5), date(2025, 11, 20)
BLANK = re.compile(r"<(-?\d+(?:\.\d)?)-(-?\d+(?:\.\d)?)>|<date>|<author>")


@dataclass(frozen=True, slots=True)
class Patient:
    """An invented patient. birth_date: YYYY-MM-DD. sex: F, M or U."""

    number: str
    name: str
    birth_date: str
    sex: str


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with sentences below it, or with a table."""

    head: str
    lines: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Content:
    """What stands on one page. fields: (label, value). about: what a clerk would index the page with."""

    hospital: str
    street: str
    title: str
    fields: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    foot: str
    trace: bool
    about: Mapping[str, Any]


def patient(language: str, seed: int) -> Patient:
    """The invented patient of a seed."""
    words, chance = vocabulary(language), random.Random(f"patient {language} {seed}")
    sex = chance.choice("FM")
    name = words["name"].format(
        given=chance.choice(words["given_f" if sex == "F" else "given_m"]),
        family=chance.choice(words["family"]),
        family2=chance.choice(words["family"]),
    )
    born = date(1928, 1, 1) + timedelta(days=chance.randrange(78 * 365))
    return Patient(f"{1_000_000 + seed * 37 % 9_000_000}", name, born.isoformat(), sex)


def content(
    kind: str, language: str, who: Patient, seed: int, layout: int, *, number: int = 1, pages: int = 1
) -> Content:
    """The words of page `number` of a document: pages of one seed have date, department and author in common."""
    words, chance = vocabulary(language), random.Random(f"page {kind} {language} {seed} {layout}")
    known, held = words["kinds"][kind], layout in HELD_OUT
    told = Teller(words, chance, layout)
    title = known["titles"][3] if held else chance.choice(known["titles"][:3])
    department = chance.choice(known["departments"])
    laboratory = f"L{told.day:%y}-{chance.randrange(10_000, 99_999)}" if known.get("laboratory_number") else ""
    fields = told.fields(who, words["departments"][department], laboratory)
    about = {
        "kind": kind, "language": language, "layout": layout, "title": title, "date": told.day.isoformat(),
        "department": department, "department_name": words["departments"][department],
        "laboratory_number": laboratory, "author": told.author, "patient": who, "page": number, "pages": pages,
    }  # fmt: skip
    told.chance = random.Random(f"part {kind} {language} {seed} {layout} {number}")
    return Content(
        hospital=chance.choice(words["hospitals"]), street=chance.choice(words["street"]), title=title, fields=fields,
        sections=tuple(told.section(one) for one in known["sections"]), foot=f"{number} / {pages}",
        trace=bool(known.get("trace")), about=about,
    )  # fmt: skip


class Teller:
    """Chooses words and fills their blanks."""

    def __init__(self, words: Mapping[str, Any], chance: random.Random, layout: int) -> None:
        self.words, self.chance, self.layout = words, chance, layout
        self.day = FIRST + timedelta(days=chance.randrange((LAST - FIRST).days))
        self.author = chance.choice(words["authors"])

    def date(self, day: date) -> str:
        """A day as this layout writes it."""
        form: str = self.words["dates"][self.layout % 4]
        return form.format(d=day.day, m=day.month, y=day.year, month=self.words["months"][day.month - 1])

    def fields(self, who: Patient, department: str, laboratory: str) -> tuple[tuple[str, str], ...]:
        """The labelled values at the head of the page."""
        values = {
            "number": who.number, "name": who.name, "birth_date": self.date(date.fromisoformat(who.birth_date)),
            "sex": self.words["sexes"][who.sex], "date": self.date(self.day), "department": department,
            "laboratory_number": laboratory, "author": self.author,
        }  # fmt: skip
        variant = 3 if self.layout in HELD_OUT else self.layout % 3
        return tuple((self.words["labels"][name][variant], value) for name, value in values.items() if value)

    def section(self, known: Mapping[str, Any]) -> Section:
        """One section, with as many of its sentences or rows as it takes, in their order."""
        chance = self.chance
        head = known["heads"][2] if self.layout in HELD_OUT else chance.choice(known["heads"][:2])
        if "columns" in known:
            rows = [tuple(self.filled(cell) for cell in row) for row in self.some(known["rows"], known["take"])]
            return Section(head, columns=tuple(known["columns"]), rows=tuple(rows))
        return Section(head, lines=tuple(self.filled(line) for line in self.some(known["say"], known["take"])))

    def some(self, of: list[Any], take: int) -> list[Any]:
        """At most `take`, in their order."""
        places = sorted(self.chance.sample(range(len(of)), min(take, len(of))))
        return [of[place] for place in places]

    def filled(self, text: str) -> str:
        """A sentence with its numbers, days and names."""
        return BLANK.sub(self._blank, text)

    def _blank(self, found: re.Match[str]) -> str:
        if found[0] == "<date>":
            return self.date(self.day - timedelta(days=self.chance.randrange(1, 20)))
        if found[0] == "<author>":
            return str(self.chance.choice(self.words["authors"]))
        if "." in found[1]:
            return f"{self.chance.uniform(float(found[1]), float(found[2])):.1f}"
        low, high = int(found[1]), int(float(found[2]))
        return str(self.chance.randint(low, high))


@lru_cache(maxsize=len(LANGUAGES))
def vocabulary(language: str) -> Mapping[str, Any]:
    """All words of a language."""
    words: Mapping[str, Any] = yaml.safe_load((DATA / f"{language}.yaml").read_text("utf-8"))
    return words
