"""How many ways a regular expression may try to share out one text among its repeats.

`(.*)(.*)(.*)x` tries every way to cut a text into three, `a?a?a?...aaa` every choice of letters: a page of letters
takes years. `.*CT.*` tries each place of the cut once, which ends soon. So the heaviest chain is sought of repeats and
alternatives of which each next one can take letters from the one before. What is asked is whether letters overlap,
never which words; so it may find a chain where there is none.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from itertools import combinations
from re import _constants as words  # type: ignore[attr-defined] # the tree of a pattern has no public door
from typing import Any

Letters = frozenset[int]
Chains = dict[Letters, float]
"""What follows each other and shares out a text: its weight, by the letters of its last link."""

LOOP = 10.0
"""The weight of a repeat without an end; a choice of n weighs as many bits."""

MANY = 16
"""Repeats of at most so many do not add up to a stop."""
END = 0x110000
"""Behind the last letter that there is."""
STEPS = 20_000
"""Of the search at most; a pattern that takes more is as good as one without an end."""
_SAMPLES = frozenset((*range(128), *map(ord, "\x85\xa0¼ÀÉßéñÿİıſΩЖа٣中文：，０Ａｚ")))
"""Letters that stand for all others, beside those that a pattern names and their neighbours."""
_CATEGORIES = {
    words.CATEGORY_DIGIT: r"\d", words.CATEGORY_NOT_DIGIT: r"\D", words.CATEGORY_SPACE: r"\s",
    words.CATEGORY_NOT_SPACE: r"\S", words.CATEGORY_WORD: r"\w", words.CATEGORY_NOT_WORD: r"\W",
}  # fmt: skip
_REPEATS = (words.MAX_REPEAT, words.MIN_REPEAT, words.POSSESSIVE_REPEAT)
_LOOKS = (words.ASSERT, words.ASSERT_NOT)


def heaviest(tree: Any) -> float:
    """The weight of the heaviest chain in a parsed pattern: 10 for `a*`, 30 for `(.*)(.*)(.*)x`; `STEPS` if finding it
    takes too long."""
    try:
        return _Search(_samples(tree)).sought(tree)
    except _TooFar:
        return STEPS


class _TooFar(Exception):
    """The search would take long itself."""


class _Search:
    def __init__(self, alphabet: Letters) -> None:
        self._alphabet = alphabet
        self._most = 0.0
        self._left = STEPS

    def sought(self, tree: Any) -> float:
        self._walk(tree, {})
        return self._most

    def _walk(self, tree: Any, chains: Chains) -> Chains:
        """The chains behind the tree, of those before it."""
        for operation, argument in tree:
            self._left -= 1 + len(chains)
            if self._left < 0:
                raise _TooFar
            chains = self._item(operation, argument, chains)
        return chains

    def _item(self, operation: Any, argument: Any, chains: Chains) -> Chains:
        if operation in _REPEATS:
            return self._repeat(operation, argument, chains)
        if operation is words.SUBPATTERN:
            return self._walk(argument[3], chains)
        if operation is words.BRANCH:
            return self._branch(argument[1], chains)
        if operation is words.ATOMIC_GROUP:
            return self._closed(argument, chains)
        if operation in _LOOKS:
            self._walk(argument[1], {})
            return chains
        if operation is words.GROUPREF_EXISTS:
            return _joined([chains, *(self._walk(part, chains) for part in argument[1:] if part is not None)])
        if operation in (words.AT, words.GROUPREF):
            return chains
        letters = self._letters(operation, argument)
        return {known: weight for known, weight in chains.items() if known & letters}

    def _repeat(self, operation: Any, argument: tuple[int, int, Any], chains: Chains) -> Chains:
        least, most, inner = argument
        if operation is words.POSSESSIVE_REPEAT or (least == most and most > MANY):
            behind = self._closed(inner, chains)
        elif most > MANY:
            self._walk(inner, {})
            behind = _joined([self._link(self._any_of(inner), LOOP, chains), self._over(inner, chains)])
        else:
            behind = self._few(least, most, inner, chains)
        return _joined([behind, chains]) if least == 0 else behind

    def _few(self, least: int, most: int, inner: Any, chains: Chains) -> Chains:
        """As if it were written so many times."""
        behind, walked = Chains(), chains
        for count in range(1, most + 1):
            walked = self._walk(inner, walked)
            behind = _joined([behind, walked]) if count >= least else behind
        if least == most:
            return behind
        return _joined([behind, self._link(self._any_of(inner), math.log2(most - least + 1), chains)])

    def _branch(self, alternatives: Any, chains: Chains) -> Chains:
        behind = _joined(self._walk(one, chains) for one in alternatives)
        if not any(alike(one, other) for one, other in combinations(alternatives, 2)):
            return behind
        letters = frozenset().union(*(self._any_of(one) for one in alternatives))
        return _joined([behind, self._link(letters, math.log2(len(alternatives)), chains)])

    def _link(self, letters: Letters, weight: float, chains: Chains) -> Chains:
        """The heaviest chain that can give letters to this, or take some from it, goes on with it; or one begins."""
        heaviest = weight + max((before for known, before in chains.items() if known & letters), default=0.0)
        self._most = max(self._most, heaviest)
        return {letters: heaviest}

    def _closed(self, inner: Any, chains: Chains) -> Chains:
        """What takes its text in one way is no link of a chain, though a chain may reach over it."""
        self._walk(inner, {})
        return self._over(inner, chains)

    def _over(self, inner: Any, chains: Chains) -> Chains:
        """Chains that reach over this, as if it were any of its letters once."""
        mine = self._any_of(inner)
        return {known: weight for known, weight in chains.items() if not mine or known & mine}

    def _any_of(self, tree: Any) -> Letters:
        """All letters that may be in what fits."""
        found: set[int] = set()
        for operation, argument in tree:
            parts = parts_of(operation, argument)
            if operation in (words.GROUPREF, words.GROUPREF_EXISTS):
                return self._alphabet
            if operation is words.AT or operation in _LOOKS:
                continue
            for part in parts:
                found |= self._any_of(part)
            if not parts:
                found |= self._letters(operation, argument)
        return frozenset(found)

    def _letters(self, operation: Any, argument: Any) -> Letters:
        """Those of the alphabet that one letter of a pattern fits, small or large."""
        if operation is words.LITERAL:
            return _cases([argument])
        if operation is words.IN:
            return self._in(argument)
        return self._alphabet - {argument} if operation is words.NOT_LITERAL else self._alphabet

    def _in(self, items: Any) -> Letters:
        found: set[int] = set()
        negated = False
        for operation, argument in items:
            if operation is words.NEGATE:
                negated = True
            elif operation is words.LITERAL:
                found.add(argument)
            elif operation is words.RANGE:
                found |= {letter for letter in self._alphabet if argument[0] <= letter <= argument[1]}
            elif operation is words.CATEGORY:
                fits = re.compile(_CATEGORIES[argument])
                found |= {letter for letter in self._alphabet if fits.match(chr(letter))}
        return self._alphabet - found if negated else _cases(found)


def parts_of(operation: Any, argument: Any) -> list[Any]:
    """The trees inside one item of a tree."""
    if operation in _REPEATS:
        return [argument[2]]
    if operation is words.SUBPATTERN:
        return [argument[3]]
    if operation is words.ATOMIC_GROUP:
        return [argument]
    if operation is words.BRANCH:
        return list(argument[1])
    if operation in _LOOKS:
        return [argument[1]]
    if operation is words.GROUPREF_EXISTS:
        return [part for part in argument[1:] if part is not None]
    return []


def alike(one: Any, other: Any) -> bool:
    """Whether two alternatives may begin with the same letter: only two different letters surely do not."""
    if not len(one) or not len(other):
        return True
    (first, letter), (second, another) = one[0], other[0]
    return not (first is second is words.LITERAL and letter != another)


def _joined(many: Iterable[Chains]) -> Chains:
    found: Chains = {}
    for chains in many:
        for known, weight in chains.items():
            found[known] = max(found.get(known, 0.0), weight)
    return found


def _cases(letters: Iterable[int]) -> Letters:
    """With their large and small forms: a pattern may say that these are the same."""
    said = {form for letter in letters for form in (chr(letter), chr(letter).upper(), chr(letter).lower())}
    return frozenset(ord(form) for form in said if len(form) == 1)


def _samples(tree: Any) -> Letters:
    """The alphabet: the samples, and the letters that the pattern names with those beside them."""
    named: set[int] = set()

    def look(tree: Any) -> None:
        for operation, argument in tree:
            if operation in (words.LITERAL, words.NOT_LITERAL):
                named.add(argument)
            elif operation is words.IN:
                look(argument)
            elif operation is words.RANGE:
                named.update(argument)
            for part in parts_of(operation, argument):
                look(part)

    look(tree)
    near = {letter + step for letter in named for step in (-1, 0, 1)}
    return _SAMPLES | _cases(letter for letter in near if 0 <= letter < END)
