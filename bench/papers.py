"""Texts of invented papers as reading would give them, for what classifies: the words alone, with letters misread."""

from __future__ import annotations

import random
from collections.abc import Sequence

from simulators import paper_text

LETTERS = "abcdefghijklmnopqrstuvwxyz "


def text(kind: str, language: str, seed: int, layout: int, misread: float = 0.02) -> tuple[str, str]:
    """(text, patient's number) of the first page of a document."""
    who = paper_text.patient(language, seed)
    words = paper_text.content(kind, language, who, seed, layout)
    lines = [words.hospital, words.street, words.title, *(f"{label}: {value}" for label, value in words.fields)]
    for section in words.sections:
        lines += [section.head, *section.lines]
        lines += ["  ".join(row) for row in (section.columns, *section.rows) if row]
    return misreading("\n".join(lines), random.Random(f"{kind} {language} {seed} {layout}"), misread), who.number


def misreading(said: str, chance: random.Random, share: float) -> str:
    """So many letters are others."""
    return "".join(_another(letter, chance) if chance.random() < share else letter for letter in said)


def _another(letter: str, chance: random.Random) -> str:
    return chr(ord(letter) + 1) if ord(letter) > 0x2E80 else chance.choice(LETTERS)


def papers(
    count: int,
    layouts: Sequence[int],
    *,
    first: int = 0,
    kinds: Sequence[str] = paper_text.KINDS,
    misread: float = 0.02,
) -> list[tuple[str, str, str]]:
    """(kind, patient, text): all kinds, languages and layouts in turn, a patient each."""
    made = []
    for number in range(count):
        kind = kinds[number % len(kinds)]
        language = paper_text.LANGUAGES[number // len(kinds) % 3]
        layout = layouts[number % len(layouts)]
        said, patient = text(kind, language, first + number, layout, misread)
        made.append((kind, patient, said))
    return made


def mixtures(count: int, first: int = 50_000) -> list[str]:
    """Pages on which the lines of two kinds stand in turn: nobody could say which of the two they are."""
    chance = random.Random(first)
    made = []
    for number in range(count):
        one, other = chance.sample(paper_text.KINDS, 2)
        language = paper_text.LANGUAGES[number % 3]
        left = text(one, language, first + number, number % 6)[0].splitlines()
        right = text(other, language, first + number, (number + 1) % 6)[0].splitlines()
        body = [line for pair in zip(left[11:], right[11:], strict=False) for line in pair]
        made.append("\n".join([*left[:2], *left[3:11], *body]))
    return made
