"""The text of pages: what was read, and the index of its words. `records.waiting` has the pages that are to be read.

Pure functions inside a store operation. The index keeps no text: what is to be taken out of it is given to it again,
folded as it went in. So a change of `records.words.fold` needs a new index (`waybill reindex`).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select

from engine.store.schema_records import FIND, duplicate, page, page_text
from engine.store.sql import Statement, raw
from records import recipe, searchable, waiting, words
from records.states import PageState

NEW = "page_find_new"
"""The index that is being built beside the one that answers; that it exists is the order to build it."""
BUDGET = 0.004
"""Seconds of one piece of building beside others."""

P = bindparam
_TEXT = Statement(select(page_text.c.text).where(page_text.c.page == P("of")))
_NEXT = Statement(
    select(page_text.c.page, page_text.c.text).where(page_text.c.page > P("after")).order_by(page_text.c.page)
)


def put(conn: Connection, key: int, looked: Mapping[str, Any], read: Mapping[str, Any], at: int) -> bool:
    """Keep what `records.read.page` read of a page with the recipe `looked`.

    False when the page looks different by now: it stays queued. Nothing is kept of a page that is not of the record.
    """
    row = conn.execute(select(page.c.state, page.c.recipe).where(page.c.id == key)).first()
    look = recipe.key(looked)
    if row is None or row.state != PageState.KEPT:
        waiting.leave(conn, [key])
        return True
    if recipe.key(row.recipe) != look:
        return False
    old = _TEXT.one(conn, of=key)
    values = {name: read[name] for name in ("languages", "engine", "text", "words", "confidence", "same", "ms")}
    conn.execute(delete(page_text).where(page_text.c.page == key))
    conn.execute(insert(page_text).values(page=key, recipe=look, at=at, **values))
    _index(conn, key, read["folded"], None if old is None else words.fold(old[0]))
    waiting.leave(conn, [key])
    if read["same"]:
        _alike(conn, key, read["same"], at)
    searchable.texted(conn, key, at)
    return True


def failed(conn: Connection, row: Mapping[str, Any], code: str, reason: str, at: int) -> bool:
    """Reading a page failed (see `waiting.failed`): once it is listed, its documents wait for it no more."""
    listed = waiting.failed(conn, row, code, reason, at)
    if listed:
        searchable.texted(conn, int(row["page"]), at)
    return listed


def begin(conn: Connection) -> None:
    """Begin a new index beside the one that answers."""
    driver = raw(conn)
    driver.execute(f"DROP TABLE IF EXISTS {NEW}")
    driver.execute(FIND.replace("page_find", NEW))


def build(conn: Connection, most: int = 200, budget: float = BUDGET) -> int | None:
    """Put the next pages into the new index: the last one's number; None when it is complete and answers now."""
    driver = raw(conn)
    if not building(conn):
        return None
    end = time.monotonic() + budget
    last = _reached(conn)
    rows = driver.execute(_NEXT.sql + " LIMIT :most", {**_NEXT.defaults, "after": last, "most": most}).fetchall()
    for key, text in rows:
        driver.execute(f"INSERT INTO {NEW} (rowid, text) VALUES (?, ?)", (key, words.fold(text)))  # noqa: S608 (ours)
        last = int(key)
        if time.monotonic() > end:
            return last
    if len(rows) == most:
        return last
    driver.execute("DROP TABLE page_find")
    driver.execute(f"ALTER TABLE {NEW} RENAME TO page_find")
    return None


def rebuild(conn: Connection) -> None:
    """The whole index anew, in one operation: for a small store, and tests."""
    begin(conn)
    while build(conn, 2000, 60.0) is not None:
        pass


def building(conn: Connection) -> bool:
    """Whether a new index is being built."""
    return raw(conn).execute("SELECT 1 FROM sqlite_master WHERE name = ?", (NEW,)).fetchone() is not None


def _reached(conn: Connection) -> int:
    """The last page in the new index."""
    found = raw(conn).execute(f"SELECT max(id) FROM {NEW}_docsize").fetchone()[0]  # noqa: S608 (our name)
    return int(found or 0)


def _index(conn: Connection, key: int, new: str, old: str | None) -> None:
    _replace(conn, "page_find", key, new, old)
    if building(conn) and key <= _reached(conn):
        # Beyond what is reached it comes by itself, as it reads now.
        present = raw(conn).execute(f"SELECT 1 FROM {NEW}_docsize WHERE id = ?", (key,)).fetchone()  # noqa: S608
        _replace(conn, NEW, key, new, old if present else None)


def _replace(conn: Connection, table: str, key: int, new: str, old: str | None) -> None:
    driver = raw(conn)
    if old is not None:
        driver.execute(f"INSERT INTO {table} ({table}, rowid, text) VALUES ('delete', ?, ?)", (key, old))  # noqa: S608
    driver.execute(f"INSERT INTO {table} (rowid, text) VALUES (?, ?)", (key, new))  # noqa: S608 (our names)


def _alike(conn: Connection, key: int, same: str, at: int) -> None:
    """The first page with the same text is shown beside this one, once."""
    other = (
        select(page_text.c.page)
        .join(page, page.c.id == page_text.c.page)
        .where(page_text.c.same == same, page_text.c.page != key, page.c.state == PageState.KEPT)
        .order_by(page_text.c.page)
        .limit(1)
    )
    first = conn.execute(other).scalar()
    if first is not None:
        pair = {"a": min(first, key), "b": max(first, key)}
        conn.execute(insert(duplicate).prefix_with("OR IGNORE").values(**pair, why="text", state="open", at=at))
