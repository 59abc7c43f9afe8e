"""How text becomes words for the index, and what a person typed becomes a question to it.

Letters are folded: compatibility forms, case and accents do not count. Latin words stand as they are. Chinese and
Japanese have no spaces, so a run of such characters goes in as its overlapping pairs (`出院记录` as `出院 院记 记录`),
and once more, at the end of the page, as its single characters: two characters are one rare word, one character is a
word too, and longer ones are a phrase of pairs.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

_HAN = (
    "\u3005-\u3007\u3021-\u3029\u3038-\u303b\u3040-\u309f\u30a1-\u30fa\u30fc-\u30ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
_NONE = "\u19b0-\u19c9\u1cf2\u1cf3"
"""Letters to Python that the index takes for marks."""
_TOKEN = re.compile(rf"[{_HAN}]+|[^\W_{_HAN}{_NONE}]+")
_APART = re.compile(rf"(?<=[{_HAN}])\s+(?=[{_HAN}])")
_IS_HAN = re.compile(rf"[{_HAN}]")
_QUOTED = re.compile(r'["“”„«»「」『』]([^"“”„«»「」『』]*)["“”„«»「」『』]|(\S+)')
LONGEST = 200
"""Characters of a question that are looked at."""
MOST = 24
"""Words of a question that are looked for."""
LEAST_PREFIX = 3
NOTHING = '""'
"""A question that nothing answers."""


def fold(text: str) -> str:
    """What goes into the index for this text; the same text always gives the same."""
    found: list[str] = []
    single: dict[str, None] = {}
    for token in _tokens(text):
        if _IS_HAN.match(token):
            single.update(dict.fromkeys(token))
            found += _pairs(token)
        else:
            found.append(token)
    # After all pairs, so that they stay neighbours.
    return " ".join([*found, *single])


def query(text: str) -> str:
    """The FTS5 question for what a person typed: all words, `"..."` as a phrase, `pneu*` as a beginning.

    Whatever was typed, it is a question without an error; `NOTHING` when it has no word.
    """
    return " AND ".join(phrase for word in asked(text) for phrase in _phrases(*word)) or NOTHING


def asked(text: str) -> list[tuple[tuple[str, ...], bool]]:
    """The words and phrases of a question: folded tokens, and whether the last is only a beginning."""
    words: list[tuple[tuple[str, ...], bool]] = []
    for phrase, word in _QUOTED.findall(text[:LONGEST]):
        tokens = tuple(_tokens(phrase or word))
        if tokens:
            short = word.endswith("*") and len(tokens[-1]) >= LEAST_PREFIX and not _IS_HAN.match(tokens[-1])
            words.append((tokens, short))
    return words[:MOST]


def found(text: str, question: str) -> Iterator[tuple[int, int]]:
    """Where in a text the words of a question stand: (start, end), in order, not overlapping."""
    pattern = _pattern(question)
    if pattern is not None:
        for hit in pattern.finditer(slim(text)):
            yield hit.span()


def is_han(letter: str) -> bool:
    """Whether a character is of a script without spaces."""
    return _IS_HAN.match(letter) is not None


def slim(text: str) -> str:
    """The text folded letter by letter, so that every letter keeps its place."""
    return text.lower() if text.isascii() else text.translate(_SLIM)


@lru_cache(maxsize=64)
def _pattern(question: str) -> re.Pattern[str] | None:
    parts = [_as_pattern(*word) for word in asked(question)]
    # The longest first: a phrase rather than its first word.
    return re.compile("|".join(sorted(set(parts), key=len, reverse=True))) if parts else None


def _as_pattern(tokens: tuple[str, ...], short: bool) -> str:
    made = []
    for token in tokens:
        if _IS_HAN.match(token):
            made.append(r"\s*".join(map(re.escape, token)))
        else:
            made.append(rf"(?<![^\W_{_HAN}]){re.escape(token)}(?![^\W_{_HAN}])")
    if short:
        made[-1] = made[-1].removesuffix(rf"(?![^\W_{_HAN}])") + rf"[^\W_{_HAN}]*"
    return r"[\W_]*".join(made)


def _phrases(tokens: tuple[str, ...], short: bool) -> Iterator[str]:
    """One phrase; but a single character at its edge may be half of a pair in the text, so it stands for itself."""
    inner = list(tokens)
    edges: list[str] = []
    for place in (-1, 0):
        if len(inner) > 1 and len(inner[place]) == 1 and _IS_HAN.match(inner[place]):
            edges += inner.pop(place)
    words = [word for token in inner for word in (_pairs(token) if _IS_HAN.match(token) else [token])]
    yield f'"{" ".join(words)}"' + (" *" if short else "")
    for character in edges:
        yield f'"{character}"'


def _pairs(run: str) -> list[str]:
    return [run[place : place + 2] for place in range(len(run) - 1)] or [run]


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(_APART.sub("", _folded(text)))


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    # Some signs become capitals when they are taken apart, and some letters come apart when they become small.
    return _taken_apart(_taken_apart(text).casefold())


def _taken_apart(text: str) -> str:
    return unicodedata.normalize("NFKD", text).translate(_MARKS)


class _Marks(dict[int, int | None]):
    """What is left of each character of a text without its accents; filled as characters are met."""

    def __missing__(self, code: int) -> int | None:
        self[code] = None if unicodedata.category(chr(code)) == "Mn" else code
        return self[code]


class _Slim(dict[int, str]):
    """The one letter that each character becomes."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        made = _folded(letter)
        self[code] = made if len(made) == 1 else letter
        return self[code]


_MARKS = _Marks()
_SLIM = _Slim()
