"""One document as it is read: its versions, its pages, and where on them a text stands."""

from __future__ import annotations

import json
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from engine.store.schema import document, users
from engine.store.schema_records import document_page, document_version, page, page_text
from records import recipe, words

MOST_HITS = 500
MOST_JSON = 16 * 1024 * 1024


def versions(conn: Connection, document_id: int) -> list[dict[str, Any]]:
    """All versions, newest first; `by` is a login; `foreign`: see `foreign`."""
    columns = ("version", "form", "at", "reason", "checks")
    query = (
        select(*(document_version.c[name] for name in columns), users.c.login.label("by"))
        .outerjoin(users, users.c.id == document_version.c.by)
        .where(document_version.c.document == document_id)
        .order_by(document_version.c.version.desc())
    )
    held = foreign(conn, document_id)
    return [{**row._mapping, "foreign": row.version in held} for row in conn.execute(query)]


def foreign(conn: Connection, document_id: int) -> set[int]:
    """Versions that hold a page which is not of the document's patient any more: a repair took it away."""
    query = (
        select(document_page.c.version)
        .join(document, document.c.id == document_page.c.document)
        .join(page, page.c.id == document_page.c.page)
        .where(document_page.c.document == document_id, page.c.patient != document.c.patient)
        .distinct()
    )
    return set(conn.execute(query).scalars())


def pages(conn: Connection, document_id: int, version: int) -> list[dict[str, Any]]:
    """`{n, page, width, height, r}` in order; the size is that of the page as its recipe shows it."""
    query = (
        select(document_page.c.position, page.c.public_id, page.c.width, page.c.height, page.c.recipe)
        .join(page, page.c.id == document_page.c.page)
        .where(document_page.c.document == document_id, document_page.c.version == version)
        .order_by(document_page.c.position)
    )
    return [_page(row) for row in conn.execute(query)]


def _page(row: Any) -> dict[str, Any]:
    width, height = recipe.turned(row.recipe, row.width, row.height)
    return {
        "n": row.position, "page": row.public_id, "width": width, "height": height, "r": recipe.key(row.recipe),
    }  # fmt: skip


def page_row(conn: Connection, document_id: int, version: int, number: int) -> Row[Any] | None:
    """The row of `page` that is this page of the document."""
    query = select(page).join(document_page, document_page.c.page == page.c.id)
    of = (document_page.c.document == document_id, document_page.c.version == version)
    return conn.execute(query.where(*of, document_page.c.position == number)).one_or_none()


def find(conn: Connection, document_id: int, version: int, text: str) -> list[dict[str, Any]]:
    """Where the text stands: `{n, boxes}` of each page with a hit; boxes in parts of the page."""
    query = (
        select(document_page.c.position, page_text.c.words)
        .join(page_text, page_text.c.page == document_page.c.page)
        .where(document_page.c.document == document_id, document_page.c.version == version)
        .order_by(document_page.c.position)
    )
    found, left = [], MOST_HITS
    for row in conn.execute(query):
        boxes = list(boxes_of(_words(row.words), text, left))
        left -= len(boxes)
        if boxes:
            found.append({"n": row.position, "boxes": boxes})
        if left <= 0:
            break
    return found


def boxes_of(known: Sequence[Sequence[Any]], text: str, most: int) -> Iterator[list[float]]:
    """The boxes of the words that a hit touches, each once; hits are those of the search."""
    line, starts = "", []
    for word in known:
        between = "" if not line or (words.is_han(line[-1]) and words.is_han(str(word[5])[:1] or " ")) else " "
        line += between
        starts.append(len(line))
        line += str(word[5])
    given: set[int] = set()
    for start, end in words.found(line, text):
        for place in range(max(0, bisect_right(starts, start) - 1), bisect_left(starts, end)):
            if place not in given and starts[place] + len(str(known[place][5])) > start:
                given.add(place)
                if len(given) > most:
                    return
                yield [float(side) for side in known[place][:4]]


def _words(packed: bytes) -> list[list[Any]]:
    inflate = zlib.decompressobj()
    found: list[list[Any]] = json.loads(inflate.decompress(packed, MOST_JSON) or b"[]")
    return found
