"""Finding documents by the words on their pages, and by what was filed about them.

Newest first means by the document's day. Where few pages have the words, their documents are put in order; where many
have them, the documents are walked by day until there are enough, so that a word that stands on a million pages costs
no more than one that stands on some thousands. A rare filter on a frequent word may need many steps: after `BUDGET`
what was found goes out with a cursor to go on from, be it nothing.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from sqlalchemy import Connection, bindparam, select

from engine.store.schema import document, patient
from engine.store.schema_records import document_page, page_text
from engine.store.sql import Statement
from records import places, words
from records.by_day import ByDay
from records.matching import MANY, Matching

BUDGET = 0.12
"""Seconds of walking in one request."""

_PAGES = Statement(
    select(document_page.c.page, document_page.c.position)
    .join(document, (document.c.id == document_page.c.document) & (document.c.version == document_page.c.version))
    .where(document.c.id == bindparam("of"))
    .order_by(document_page.c.position.desc())
)
_TEXT = Statement(select(page_text.c.text).where(page_text.c.page == bindparam("of")))


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
    """At most `limit` documents behind the document `after`; fewer with a cursor when time ran out."""
    text = asked.text.strip()
    question = words.query(text) if text else ""
    if question == words.NOTHING:
        return Found([], None)
    hits, onward = _Search(conn, asked, question).found(after, limit)
    patients = _patients(conn, {hit.owner for hit in hits})
    return Found([replace(hit, snippet=_snippet(conn, hit, text), patient=patients[hit.owner]) for hit in hits], onward)


def boxes(conn: Connection, key: int, text: str) -> list[dict[str, Any]]:
    """Where the words stand on the pages of a document's current version: [{n, boxes: [[x, y, width, height]]}]."""
    pages = _pages(conn, key)
    hits = Matching(conn, words.query(text)).among(pages)
    rows = conn.execute(select(page_text.c.page, page_text.c.words).where(page_text.c.page.in_(sorted(hits))))
    found = [{"n": pages[row.page], "boxes": list(places.on_page(row.words, text))} for row in rows]
    return sorted((one for one in found if one["boxes"]), key=lambda one: int(one["n"]))


class _Search:
    """Goes along the documents by their day, from a cursor."""

    def __init__(self, conn: Connection, asked: Asked, question: str) -> None:
        self.conn, self.asked = conn, asked
        self.matching = Matching(conn, question) if question else None

    def found(self, after: int | None, limit: int) -> tuple[list[Hit], int | None]:
        """Hits in order, and where to go on."""
        hits: list[Hit] = []
        where, values = _conditions(self.asked)
        newest, since, until = self.asked.order == "newest", self.asked.since, self.asked.until
        days = ByDay(self.conn, where, values, newest=newest, after=after, since=since, until=until)
        rows, end = self._rows(days), time.monotonic() + BUDGET
        for row in rows:
            last = None
            if row is not None:
                hit, last = self._hit(row), row[0]
                hits += [hit] if hit is not None else []
            if len(hits) >= limit:
                return hits, last
            if time.monotonic() > end:
                last = days.reached() if row is None else last
                if last is not None:
                    return hits, last
        return hits, None

    def _rows(self, days: ByDay) -> Iterator[Any]:
        """The documents that are to be looked at; a patient's are few, and so are those of rare words."""
        matching = self.matching
        if self.asked.patient is not None:
            if matching is not None and matching.begins:
                matching.gather()
            return days.own()
        if matching is not None and matching.gather() and len(matching.pages or ()) <= MANY:
            return days.of_pages(json.dumps(list(matching.pages or ())))
        return days.walk()

    def _hit(self, row: Any) -> Hit | None:
        """The document, when one of its pages has the words."""
        hit = Hit(*row)
        if self.matching is None:
            return hit
        pages = _pages(self.conn, hit.key)
        found = self.matching.among(pages)
        if not found:
            return None
        first = min(found, key=lambda page: pages[page])
        return replace(hit, hits=len(found), page=pages[first], first=first)


def _conditions(asked: Asked) -> tuple[str, dict[str, Any]]:
    """What a document `d` has to be, but for its day, and the values in it."""
    said: list[str] = []
    values: dict[str, Any] = {}
    for name, allowed in (("state", asked.states), ("kind", asked.kinds), ("department", asked.departments)):
        if allowed:
            named = {f"{name}{place}": word for place, word in enumerate(allowed)}
            said.append(f"d.{name} IN ({', '.join(f':{word}' for word in named)})")
            values |= named
    single = {
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


def _patients(conn: Connection, keys: set[int]) -> dict[int, Mapping[str, Any]]:
    columns = (patient.c.public_id.label("id"), patient.c.number, patient.c.name, patient.c.birth_date, patient.c.sex)
    rows = conn.execute(select(patient.c.id.label("key"), *columns).where(patient.c.id.in_(keys)))
    return {row.key: {name: value for name, value in row._mapping.items() if name != "key"} for row in rows}


def _snippet(conn: Connection, hit: Hit, text: str) -> list[dict[str, Any]]:
    row = _TEXT.one(conn, of=hit.first) if hit.first else None
    return [] if row is None else places.snippet(row[0], text)
