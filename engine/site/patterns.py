"""Regular expressions of a site: they run in the engine itself, on texts from outside, and nothing can stop one.

`(a+)+` tries every way to cut a text into pieces when it does not match: forty letters take years. So a repeat without
an end holds nothing that fits in several ways, unless it is possessive (`(?:\\d+,)*+`), which tries one way only; and
of repeats in a row no more than two fit the same letters (`engine.site.overlaps`).
"""

from __future__ import annotations

import re
from itertools import combinations
from re import _constants as words  # type: ignore[attr-defined] # the tree of a pattern has no public door
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

from engine.message import Refused
from engine.site.overlaps import MANY, alike, heaviest, parts_of

LONGEST = 10_000
"""Characters of a text that a pattern is tried on."""
TOO_LONG = "WB-2311"
"""A text is too long to be compared with a regular expression."""
HEAVIEST = 24.0
"""Of what may share out a text: two repeats without an end and 16 ways, or one and 16,000, or 16 million ways."""

_REPEATS = (words.MAX_REPEAT, words.MIN_REPEAT)
_CLOSED = (words.POSSESSIVE_REPEAT, words.ATOMIC_GROUP)


def fault(pattern: str) -> str:
    """What is wrong with a pattern, in a few words; empty when it may be used."""
    try:
        re.compile(pattern)
        tree = parser.parse(pattern)
        if _runs_away(tree):
            return "a repeat inside a repeat, which may never end: write the outer one `*+` or `++`"
        if heaviest(tree) > HEAVIEST:
            return "repeats that share out the same text, which may never end: say what stands between, or write `*+`"
    except (re.error, RecursionError, OverflowError) as error:
        return f"not a regular expression: {error}"
    return ""


def whole(pattern: str, text: str) -> re.Match[str] | None:
    """The match of the whole text. Raises `Refused` WB-2311 for one that is too long."""
    if len(text) > LONGEST:
        raise Refused(TOO_LONG, f"a text of more than {LONGEST} characters is not compared with a pattern")
    return re.fullmatch(pattern, text)


def _runs_away(tree: Any) -> bool:
    """Whether a repeat without an end, which is not possessive, holds what fits in several ways."""
    for operation, argument in tree:
        if operation in _REPEATS and argument[1] > MANY and _varies(argument[2]):
            return True
        if any(_runs_away(inner) for inner in parts_of(operation, argument)):
            return True
    return False


def _varies(tree: Any) -> bool:
    """Whether the same text may fit in more than one way, or in more than one length."""
    for operation, argument in tree:
        if operation in _CLOSED:
            continue
        if operation in _REPEATS and argument[0] != argument[1]:
            return True
        if operation is words.BRANCH and any(alike(one, other) for one, other in combinations(argument[1], 2)):
            return True
        if any(_varies(inner) for inner in parts_of(operation, argument)):
            return True
    return False
