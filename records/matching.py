"""Which pages have all words of a question, asked of the full-text index in the way that costs least.

A question that few pages answer is asked once, and its pages are kept; one that very many answer is asked of the pages
of one document after the other, where it soon finds some.
"""

from __future__ import annotations

import time
from array import array
from bisect import bisect_left
from collections.abc import Iterable
from operator import itemgetter

from sqlalchemy import Connection

from engine.store.sql import raw

MANY = 15_000
"""Pages beyond which they are not gathered: nearly every tenth document of a million pages has one."""
LONGEST = 1.0
"""Seconds after which gathering ends, whatever is missing."""
STRETCH = 250_000
"""Pages that are looked through between two looks at the clock."""
PIECE = 5_000
DENSE = 4
"""Pages lie so close together that the index is rather read in one go."""

_ROWS = "SELECT rowid FROM page_find WHERE page_find MATCH ? AND rowid BETWEEN ? AND ?"
# Each by itself: together they would walk through the table.
SPAN = "SELECT (SELECT min(id) FROM page_find_docsize), (SELECT max(id) FROM page_find_docsize)"


class Matching:
    """The pages of a question in the words of FTS5. `pages`: all of them in order, once they are gathered."""

    def __init__(self, conn: Connection, question: str) -> None:
        self.conn, self.question = conn, question
        # For the beginning of a word the index puts the pages of all its words together, at each question anew: so
        # there is one question, however many pages answer.
        self.begins = "*" in question
        self.pages: array[int] | None = None

    def gather(self) -> bool:
        """Ask for all pages at once; False, with none kept, when they are too many or it takes too long."""
        low, high = raw(self.conn).execute(SPAN).fetchone()
        found, end = array("q"), time.monotonic() + LONGEST
        step = 2**62 if self.begins else STRETCH
        while low is not None and low <= high:
            rows = raw(self.conn).cursor()
            rows.row_factory = None  # plain tuples: half the time
            rows.execute(_ROWS, (self.question, low, min(high, low + step - 1)))
            while some := rows.fetchmany(PIECE):
                found.extend(map(itemgetter(0), some))
                if len(found) > MANY and not self.begins:
                    return False
            low += step
            if low <= high and time.monotonic() > end:
                return False
        self.pages = found
        return True

    def among(self, pages: Iterable[int]) -> set[int]:
        """Which of these pages have all words."""
        wanted = set(pages)
        if not wanted:
            return wanted
        if self.pages is not None:
            return {page for page in wanted if self._known(page)}
        low, high = min(wanted), max(wanted)
        if high - low < DENSE * len(wanted):
            where, values = "BETWEEN ? AND ?", [low, high]
        else:
            where, values = f"IN ({', '.join('?' * len(wanted))})", [*wanted]
        sql = f"SELECT rowid FROM page_find WHERE page_find MATCH ? AND rowid {where}"  # noqa: S608 (our words)
        return {row[0] for row in raw(self.conn).execute(sql, [self.question, *values])} & wanted

    def _known(self, page: int) -> bool:
        pages = self.pages or ()
        place = bisect_left(pages, page)
        return place < len(pages) and pages[place] == page
