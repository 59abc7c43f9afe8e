"""Finding documents by the words on their pages, and by what was filed about them.

Newest first means by the number of the page, which grows as pages are taken in: so the index is read backwards from
the cursor, a stretch of pages at a time, and a word that stands on a million pages costs no more than one that stands
on fifty. A rare filter on a frequent word may need many stretches: after `BUDGET` what was found goes out with a
cursor to go on from, be it nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from sqlalchemy import Connection, bindparam, select

from engine.store.schema import document, patient
from engine.store.schema_records import document_page, page_text
from engine.store.sql import Statement, raw
from records import places, words

BUDGET = 0.12
"""Seconds of searching in one request."""
FIRST_STRETCH, LONG, WHOLE = 4_000, 16_000, 2**62
"""Pages, or documents, that are looked through at once: at first, for the beginning of a word, and of one patient."""
QUICK, SLOW = 0.004, 0.02
"""Seconds: after a quick stretch the next one is much longer, after a slow one not."""
DENSE = 4
"""Pages of a document lie so close together that the index is rather read in one go."""

_COLUMNS = "d.id, d.public_id, d.patient, d.kind, d.title, d.date, d.department, d.pages"
_CURRENT = "dp.document = d.id AND dp.version = d.version"
# CROSS JOIN: the index first, in its own order, so that nothing is sorted.
_BY_WORDS = (
    "SELECT page_find.rowid,", _COLUMNS, "FROM page_find CROSS JOIN document_page dp ON dp.page = page_find.rowid",
    "CROSS JOIN document d ON", _CURRENT, "WHERE page_find MATCH :question AND {where} AND page_find.rowid",
)  # fmt: skip
_IN_ORDER = "ORDER BY page_find.rowid {way}"
ALL_WORDS = " ".join([*_BY_WORDS, "BETWEEN :low AND :high", _IN_ORDER])
# A patient's documents are few: each is asked for its hits, in the order of its last page.
_PATIENT_WORDS = (
    "SELECT max(dp.page) AS at,", _COLUMNS, "FROM document d JOIN document_page dp ON", _CURRENT,
    "WHERE {where} GROUP BY d.id HAVING at BETWEEN :low AND :high ORDER BY at {way}",
)  # fmt: skip
PATIENT_WORDS = " ".join(_PATIENT_WORDS)
_NO_WORDS = (
    "SELECT d.id,",
    _COLUMNS,
    "FROM document d WHERE d.id BETWEEN :low AND :high AND {where} ORDER BY d.id {way}",
)
NO_WORDS = " ".join(_NO_WORDS)
_PAGES = Statement(
    select(document_page.c.page, document_page.c.position)
    .join(document, (document.c.id == document_page.c.document) & (document.c.version == document_page.c.version))
    .where(document.c.id == bindparam("of"))
    .order_by(document_page.c.position.desc())
)
_TEXT = Statement(select(page_text.c.text).where(page_text.c.page == bindparam("of")))
_ROWS = "SELECT rowid FROM page_find WHERE page_find MATCH ? AND rowid BETWEEN ? AND ?"
# Each by itself: together they would walk through the table.
_PAGES_SPAN = "SELECT (SELECT min(id) FROM page_find_docsize), (SELECT max(id) FROM page_find_docsize)"
SPANS = {
    ALL_WORDS: _PAGES_SPAN,
    PATIENT_WORDS: _PAGES_SPAN,
    NO_WORDS: "SELECT (SELECT min(id) FROM document), (SELECT max(id) FROM document)",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for. patient: its number in the table. since, until: days of the documents, both included."""

    text: str = field(default="", repr=False)
    patient: int | None = None
    kinds: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    author: str = field(default="", repr=False)
    states: tuple[str, ...] = ("current",)
    order: Literal["newest", "oldest"] = "newest"


@dataclass(frozen=True, slots=True)
class Hit:
    """A document; key, owner: its number and its patient's in the tables.

    hits: how many pages have all words. page, first: the first of these, in the document and in the table.
    patient: {id, number, name, birth_date, sex}.
    """

    key: int
    document: str
    owner: int
    kind: str
    title: str = field(repr=False)
    date: str
    department: str
    pages: int
    hits: int = 0
    page: int | None = None
    first: int = 0
    snippet: list[dict[str, Any]] = field(default_factory=list, repr=False)
    patient: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Found:
    """next: the cursor from which more may be found."""

    items: list[Hit]
    next: int | None


def search(conn: Connection, asked: Asked, after: int | None, limit: int) -> Found:
    """At most `limit` documents from the cursor on (a few more when one page is in many); fewer with a cursor when
    time ran out."""
    text = asked.text.strip()
    question = words.query(text) if text else ""
    if question == words.NOTHING:
        return Found([], None)
    hits, onward = _Walk(conn, asked, question).found(after, limit)
    patients = _patients(conn, {hit.owner for hit in hits})
    return Found([replace(hit, snippet=_snippet(conn, hit, text), patient=patients[hit.owner]) for hit in hits], onward)


def boxes(conn: Connection, key: int, text: str) -> list[dict[str, Any]]:
    """Where the words stand on the pages of a document's current version: [{n, boxes: [[x, y, width, height]]}]."""
    pages = _pages(conn, key)
    hits = _matching(conn, words.query(text), pages) if pages else set()
    rows = conn.execute(select(page_text.c.page, page_text.c.words).where(page_text.c.page.in_(sorted(hits))))
    found = [{"n": pages[row.page], "boxes": list(places.on_page(row.words, text))} for row in rows]
    return sorted((one for one in found if one["boxes"]), key=lambda one: int(one["n"]))


class _Walk:
    """Goes along the pages (or, without words, the documents) from a cursor, stretch by stretch."""

    def __init__(self, conn: Connection, asked: Asked, question: str) -> None:
        self.conn, self.question = conn, question
        self.seen: set[int] = set()
        self.newest = asked.order == "newest"
        self.step = -1 if self.newest else 1
        where, self.values = _conditions(asked)
        self.plan = NO_WORDS if not question else ALL_WORDS if asked.patient is None else PATIENT_WORDS
        self.sql = self.plan.format(where=where, way="DESC" if self.newest else "ASC")
        # For the beginning of a word the index puts the pages of all its words together, at each question anew: so it
        # is asked for all pages of a stretch, not for those of each document.
        self.begins = "*" in question
        self.known: tuple[int, int, set[int]] = (0, -1, set())

    def found(self, after: int | None, limit: int) -> tuple[list[Hit], int | None]:
        """Hits in order, and where to go on."""
        end = time.monotonic() + BUDGET
        low, high = raw(self.conn).execute(SPANS[self.plan]).fetchone()
        hits: list[Hit] = []
        if low is None:
            return hits, None
        first = high if self.newest else low
        at = first if after is None else min(after, high) if self.newest else max(after, low)
        length = WHOLE if self.plan == PATIENT_WORDS else LONG if self.begins else FIRST_STRETCH
        while low <= at <= high:
            began = time.monotonic()
            far = max(low, min(high, at + self.step * (length - 1)))
            reached = self._stretch(min(at, far), max(at, far), hits, limit, end)
            at = (far if reached is None else reached) + self.step
            if len(hits) >= limit or time.monotonic() > end:
                return hits, at if low <= at <= high else None
            took = time.monotonic() - began
            length *= 8 if took < QUICK else 2 if took < SLOW else 1
        return hits, None

    def _stretch(self, low: int, high: int, hits: list[Hit], limit: int, end: float) -> int | None:
        """Add hits between two numbers, both included; the last one's number when there are enough, or time is over."""
        last: int | None = None
        if self.begins:
            rows = raw(self.conn).execute(_ROWS, (self.question, low, high))
            self.known = (low, high, {row[0] for row in rows})
        values = {**self.values, "question": self.question, "low": low, "high": high}
        for row in raw(self.conn).execute(self.sql, values):
            # Between two pages only: of one page all documents go out together.
            if last not in (None, row[0]) and (len(hits) >= limit or time.monotonic() > end):
                return last
            hit = self._hit(row)
            if hit is not None:
                hits.append(hit)
            last = row[0]
        return last if len(hits) >= limit else None

    def _hit(self, row: Any) -> Hit | None:
        """The document, at the first of its pages that is met on the way; else None."""
        if row[1] in self.seen:
            return None
        self.seen.add(row[1])
        hit = Hit(*row[1:])
        if not self.question:
            return hit
        pages = _pages(self.conn, hit.key)
        matching = self._matching(pages)
        if not matching:  # of a patient's document
            return None
        if self.plan == ALL_WORDS and row[0] != (max(matching) if self.newest else min(matching)):
            return None
        first = min(matching, key=lambda page: pages[page])
        return replace(hit, hits=len(matching), page=pages[first], first=first)

    def _matching(self, pages: Mapping[int, int]) -> set[int]:
        low, high, known = self.known
        if low <= min(pages) and max(pages) <= high:
            return known & pages.keys()
        return _matching(self.conn, self.question, pages)


def _conditions(asked: Asked) -> tuple[str, dict[str, Any]]:
    """What a document `d` has to be, and the values in it."""
    said: list[str] = []
    values: dict[str, Any] = {}
    for name, allowed in (("state", asked.states), ("kind", asked.kinds), ("department", asked.departments)):
        if allowed:
            named = {f"{name}{place}": word for place, word in enumerate(allowed)}
            said.append(f"d.{name} IN ({', '.join(f':{word}' for word in named)})")
            values |= named
    single = {
        "since": ("d.date >= :since", asked.since), "until": ("d.date <= :until", asked.until),
        "patient": ("d.patient = :patient", asked.patient),
        "author": ("instr(lower(d.author), lower(:author)) > 0", asked.author.strip()),
    }  # fmt: skip
    for name, (condition, value) in single.items():
        if value:
            said.append(condition)
            values[name] = value
    return " AND ".join(said) or "1", values


def _pages(conn: Connection, key: int) -> dict[int, int]:
    """The pages of a document's current version, and their places in it."""
    return {row[0]: row[1] for row in _PAGES.run(conn, of=key)}


def _matching(conn: Connection, question: str, pages: Iterable[int]) -> set[int]:
    """Which of these pages have all words."""
    wanted = set(pages)
    low, high = min(wanted), max(wanted)
    if high - low < DENSE * len(wanted):
        where, values = "BETWEEN ? AND ?", [low, high]
    else:
        where, values = f"IN ({', '.join('?' * len(wanted))})", [*wanted]
    sql = f"SELECT rowid FROM page_find WHERE page_find MATCH ? AND rowid {where}"  # noqa: S608 (our words)
    return {row[0] for row in raw(conn).execute(sql, [question, *values])} & wanted


def _patients(conn: Connection, keys: set[int]) -> dict[int, Mapping[str, Any]]:
    columns = (patient.c.public_id.label("id"), patient.c.number, patient.c.name, patient.c.birth_date, patient.c.sex)
    rows = conn.execute(select(patient.c.id.label("key"), *columns).where(patient.c.id.in_(keys)))
    return {row.key: {name: value for name, value in row._mapping.items() if name != "key"} for row in rows}


def _snippet(conn: Connection, hit: Hit, text: str) -> list[dict[str, Any]]:
    row = _TEXT.one(conn, of=hit.first) if hit.first else None
    return [] if row is None else places.snippet(row[0], text)
