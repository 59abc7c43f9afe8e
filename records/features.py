"""What a classification sees of a text: words, pieces of words and runs of Chinese characters; no digit, no accent.

Pieces forgive what reading got wrong; runs of one to three characters are words where nothing is between words.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator

MOST_CHARACTERS = 6000
"""Of a document's text: the kind is said at its beginning."""
HEAD = 400
"""Characters at the beginning whose words count once more, for themselves: title and letterhead."""
PIECE = 4

_RUNS = re.compile(r"[a-z]+|[\u3400-\u9fff]+")


def folded(text: str) -> str:
    """Small letters without accents, compatibility forms as their plain ones."""
    plain = unicodedata.normalize("NFKD", text[:MOST_CHARACTERS])
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).lower()


def counted(text: str) -> Counter[str]:
    """How often each feature is there."""
    low = folded(text)
    found = Counter(_pieces(low))
    found.update(f"^{word}" for word in _words(low[:HEAD]))
    return found


def _words(low: str) -> Iterator[str]:
    """Words, and runs of two Chinese characters."""
    for run in _RUNS.findall(low):
        if run[0] >= "\u3400":
            yield from (run[place : place + 2] for place in range(max(1, len(run) - 1)))
        elif len(run) > 2:
            yield run


def _pieces(low: str) -> Iterator[str]:
    for run in _RUNS.findall(low):
        if run[0] >= "\u3400":
            for length in (1, 2, 3):
                yield from (run[place : place + length] for place in range(len(run) - length + 1))
        elif len(run) > 2:
            yield run
            framed = f"_{run}_"
            yield from (f"~{framed[place : place + PIECE]}" for place in range(len(framed) - PIECE + 1))
