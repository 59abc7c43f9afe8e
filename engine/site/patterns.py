"""Regular expressions of a site: they run in the engine itself, on texts from outside, and nothing can stop one.

`(a+)+` tries every way to cut a text into pieces when it does not match: forty letters take years. So a repeat without
an end holds nothing that fits in several ways, unless it is possessive (`(?:\\d+,)*+`), which tries one way only.
"""

from __future__ import annotations

import re
from itertools import combinations
from re import _constants as words  # type: ignore[attr-defined] # the tree of a pattern has no public door
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

from engine.message import Refused

LONGEST = 10_000
"""Characters of a text that a pattern is tried on."""
TOO_LONG = "WB-2311"
"""A text is too long to be compared with a regular expression."""
MANY = 16
"""Repeats of at most so many do not add up to a stop."""

_REPEATS = (words.MAX_REPEAT, words.MIN_REPEAT)
_CLOSED = (words.POSSESSIVE_REPEAT, words.ATOMIC_GROUP)


def fault(pattern: str) -> str:
    """What is wrong with a pattern, in a few words; empty when it may be used."""
    try:
        re.compile(pattern)
        tree = parser.parse(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        return f"not a regular expression: {error}"
    return "a repeat inside a repeat, which may never end: write the outer one `*+` or `++`" if _runs_away(tree) else ""


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
        if any(_runs_away(inner) for inner in _inside(operation, argument)):
            return True
    return False


def _varies(tree: Any) -> bool:
    """Whether the same text may fit in more than one way, or in more than one length."""
    for operation, argument in tree:
        if operation in _CLOSED:
            continue
        if operation in _REPEATS and argument[0] != argument[1]:
            return True
        if operation is words.BRANCH and any(_alike(one, other) for one, other in combinations(argument[1], 2)):
            return True
        if any(_varies(inner) for inner in _inside(operation, argument)):
            return True
    return False


def _alike(one: Any, other: Any) -> bool:
    """Whether two alternatives may begin with the same letter: only two different letters surely do not."""
    if not len(one) or not len(other):
        return True
    (first, letter), (second, another) = one[0], other[0]
    return not (first is second is words.LITERAL and letter != another)


def _inside(operation: Any, argument: Any) -> list[Any]:
    if operation in (*_REPEATS, words.POSSESSIVE_REPEAT):
        return [argument[2]]
    if operation is words.SUBPATTERN:
        return [argument[3]]
    if operation is words.ATOMIC_GROUP:
        return [argument]
    if operation is words.BRANCH:
        return list(argument[1])
    if operation in (words.ASSERT, words.ASSERT_NOT):
        return [argument[1]]
    if operation is words.GROUPREF_EXISTS:
        return [part for part in argument[1:] if part is not None]
    return []
