"""The steps of simple XPath expressions (names, attributes, `//`), to tell whether a path can lead anywhere.

Predicates are left out: they only find less. What is not simple (functions, operators, axes) has no steps.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAME = r"[^\W\d][\w.\-]*"
_STEP = re.compile(rf"(//?|^)(\.|\*|text\(\)|(@?)(?:({_NAME}):)?({_NAME}|\*))")


@dataclass(frozen=True, slots=True)
class Move:
    """One step. anywhere: `//` before it. name: local, or `*`, or `.`."""

    name: str
    anywhere: bool = False
    is_attribute: bool = False
    prefix: str = ""

    @property
    def shown(self) -> str:
        return f"@{self.name}" if self.is_attribute else self.name


def branches(expression: str) -> list[str]:
    """The alternatives of a path: what stands between `|`, without predicates and blanks around."""
    text = _without_predicates(expression)
    return [] if text is None else [part.strip() for part in text.split("|")]


def _without_predicates(text: str) -> str | None:
    kept: list[str] = []
    depth, quote = 0, ""
    for letter in text:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
            if depth == 0:
                return None  # a text outside of predicates: no path
        elif letter == "[":
            depth += 1
            continue
        elif letter == "]":
            depth -= 1
            continue
        if depth == 0:
            kept.append(letter)
    return "".join(kept) if depth == 0 and not quote else None


def moves(branch: str) -> list[Move] | None:
    """The steps of one alternative without predicates; None when it is not simple."""
    found: list[Move] = []
    position = 0
    while position < len(branch):
        match = _STEP.match(branch, position)
        if match is None or (position > 0 and not match[1]):
            return None
        anywhere = match[1] == "//"
        if match[2] == "text()":
            return found if match.end() == len(branch) and found else None
        if match[2] == ".":
            found.append(Move(".", anywhere))
        else:
            found.append(Move(match[5] or match[2], anywhere, bool(match[3]), match[4] or ""))
        position = match.end()
    if any(move.is_attribute for move in found[:-1]) or any(move.name == "." and move.anywhere for move in found):
        return None
    return found or None
