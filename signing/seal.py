"""Where the visible seal goes: behind a keyword of the report, inside its page. A job for a worker process."""

from __future__ import annotations

import re

from engine.message import Refused
from engine.transform.pdf import Box, keyword_box, page_box

NO_KEYWORD = "WB-4052"
"""The report does not have the keyword behind which the seal goes, or no room for it."""

GAP = 4.0
"""Points between the keyword and the seal."""
EDGE = 6.0
"""Points that stay free at the page's edges."""
RATIO = 0.5
"""Height of a seal by its width, unless said otherwise."""
UNITS = {"mm": 72 / 25.4, "cm": 720 / 25.4, "in": 72.0, "pt": 1.0}


def length(text: str) -> float:
    """Points of a length such as `30mm`, `2cm`, `1.2in`, `80pt`."""
    found = re.fullmatch(r"(\d{1,4}(?:\.\d{1,3})?) ?(mm|cm|in|pt)", text.strip())
    if not found or not float(found[1]):
        raise ValueError("a length is a number and mm, cm, in or pt: 30mm")
    return float(found[1]) * UNITS[found[2]]


def place(path: str, keyword: str, width: float, height: float = 0.0) -> Box:
    """The seal's rectangle (points): right of the last occurrence of the keyword, centred on its line."""
    found = keyword_box(path, keyword)
    if found is None:
        raise Refused(NO_KEYWORD, "the report does not have the seal's keyword")
    return fit(found, width, height or width * RATIO, page_box(path, found.page))


def fit(word: Box, width: float, height: float, page: Box) -> Box:
    """The rectangle of this size beside the word, moved so that it lies on the page."""
    if width > page.right - page.left - 2 * EDGE or height > page.top - page.bottom - 2 * EDGE:
        raise Refused(NO_KEYWORD, "the seal is larger than the page")
    left = min(word.right + GAP, page.right - EDGE - width)
    middle = (word.bottom + word.top) / 2
    bottom = min(max(page.bottom + EDGE, middle - height / 2), page.top - EDGE - height)
    return Box(word.page, left, bottom, left + width, bottom + height)
