"""Where the words of a question stand: in a page's text as a snippet, and on the page as boxes."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

from records import words

BEFORE, AFTER = 50, 110
"""Characters of a snippet around its first hit."""


def on_page(packed: bytes, text: str) -> Iterator[list[float]]:
    """The boxes of the hits on one page, in parts of it; of a run of Chinese only the part that was asked for."""
    rows = json.loads(zlib.decompress(packed))
    whole, starts = _joined(rows)
    place = 0
    for first, last in words.found(whole, text):
        # Hits are in order, and so are the words; one word may hold two hits.
        while starts[place] + len(rows[place][5]) <= first:
            place += 1
        at = place
        while at < len(rows) and starts[at] < last:
            row, start = rows[at], starts[at]
            yield _part(row, max(0, first - start), min(len(row[5]), last - start))
            at += 1


def snippet(whole: str, text: str) -> list[dict[str, Any]]:
    """The text around the first hit, cut where hits begin and end: [{text, hit}]."""
    spans = list(words.found(whole, text))
    if not spans:
        return []
    at, end = max(0, spans[0][0] - BEFORE), min(len(whole), spans[0][1] + AFTER)
    parts: list[dict[str, Any]] = []
    for first, last in spans:
        if last <= end:
            parts += [{"text": whole[at:first], "hit": False}, {"text": whole[first:last], "hit": True}]
            at = last
    parts.append({"text": whole[at:end], "hit": False})
    return [part | {"text": part["text"].replace("\n", " ")} for part in parts if part["text"]]


def _joined(rows: Sequence[Sequence[Any]]) -> tuple[str, list[int]]:
    """The words as one text, and where each begins."""
    starts: list[int] = []
    parts: list[str] = []
    end, last = 0, ""
    for row in rows:
        word = row[5]
        glue = "" if not last or (words.is_han(last) and words.is_han(word[0])) else " "
        parts.append(glue + word)
        starts.append(end + len(glue))
        end, last = starts[-1] + len(word), word[-1]
    return "".join(parts), starts


def _part(row: Sequence[Any], first: int, last: int) -> list[float]:
    x, y, width, height, _, text = row
    if not words.is_han(text[first]) and not words.is_han(text[last - 1]):
        return [x, y, width, height]
    share = width / len(text)
    return [round(x + first * share, 4), y, round((last - first) * share, 4), height]
