"""The text of pages: which wait to be read, what was read, and the index of its words.

Pure functions inside a store operation. The index keeps no text: what is to be taken out of it is given to it again,
folded as it went in. So a change of `records.words.fold` needs a new index (`waybill reindex`).
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, literal_column, select, update

from engine.store.schema_records import FIND, batch, duplicate, page, page_text, reading, station
from engine.store.sql import Statement, raw
from records import recipe, searchable, words
from records.states import BatchState, PageState

TRIES = 3
PAUSES = (10_000, 60_000, 600_000)
"""Milliseconds until a failed page is tried again."""
AT_WORK = (BatchState.OPEN, BatchState.STOPPED, BatchState.CLOSED)
NEW = "page_find_new"
"""The index that is being built beside the one that answers; that it exists is the order to build it."""
BUDGET = 0.004
"""Seconds of one piece of building beside others."""

P = bindparam
_TEXT = Statement(select(page_text.c.text).where(page_text.c.page == P("of")))
_DONE = Statement(delete(reading).where(reading.c.page == P("of")))
_NEXT = Statement(
    select(page_text.c.page, page_text.c.text).where(page_text.c.page > P("after")).order_by(page_text.c.page)
)


def queue(conn: Connection, pages: Iterable[int], at: int, priority: int = 0) -> None:
    """These pages are to be read, as they look now; higher priority first, then newer pages."""
    keys = list(pages)
    conn.execute(delete(reading).where(reading.c.page.in_(keys)))
    rows = [{"page": key, "state": "queued", "priority": priority, "due_at": at} for key in keys]
    if rows:
        conn.execute(insert(reading), rows)


def due(conn: Connection, at: int, most: int, busy: Sequence[int] = ()) -> list[dict[str, Any]]:
    """The next pages to be read: those of batches that somebody works on, and of these the day's before the ones out
    of a box; then all others; the newest first.

    Each has {page, batch (public id), master, recipe, languages, options, skew}. busy: pages that are read just now.
    """
    waiting = (
        select(
            page.c.id.label("page"), page.c.master, page.c.recipe, page.c.skew, station.c.options,
            batch.c.public_id.label("batch"),
            func.coalesce(func.nullif(batch.c.languages, ""), station.c.languages, "eng").label("languages"),
        )
        .join(reading, reading.c.page == page.c.id)
        .join(batch, batch.c.id == page.c.batch)
        .outerjoin(station, station.c.code == batch.c.station)
        .where(reading.c.due_at <= at, reading.c.page.not_in(busy))
        .limit(most)
    )  # fmt: skip
    # The plus keeps SQLite from walking through a back-file of a million pages to find the few of an open batch.
    near = waiting.where(batch.c.state.in_(AT_WORK), literal_column("+reading.state") == "queued")
    far = waiting.where(reading.c.state == "queued")
    newest = (reading.c.priority.desc(), reading.c.page.desc())
    found = conn.execute(near.order_by(batch.c.box.is_not(None), *newest)).all()
    found = found or conn.execute(far.order_by(*newest)).all()
    return [{**row._mapping, "options": _options(row.options)} for row in found]


def put(conn: Connection, key: int, looked: Mapping[str, Any], read: Mapping[str, Any], at: int) -> bool:
    """Keep what `records.read.page` read of a page with the recipe `looked`.

    False when the page looks different by now: it stays queued. Nothing is kept of a page that is not of the record.
    """
    row = conn.execute(select(page.c.state, page.c.recipe).where(page.c.id == key)).first()
    look = recipe.key(looked)
    if row is None or row.state != PageState.KEPT:
        _DONE.run(conn, of=key)
        return True
    if recipe.key(row.recipe) != look:
        return False
    old = _TEXT.one(conn, of=key)
    values = {name: read[name] for name in ("languages", "engine", "text", "words", "confidence", "same", "ms")}
    conn.execute(delete(page_text).where(page_text.c.page == key))
    conn.execute(insert(page_text).values(page=key, recipe=look, at=at, **values))
    _index(conn, key, read["folded"], None if old is None else words.fold(old[0]))
    _DONE.run(conn, of=key)
    if read["same"]:
        _alike(conn, key, read["same"], at)
    searchable.texted(conn, key, at)
    return True


def failed(conn: Connection, key: int, code: str, reason: str, at: int) -> bool:
    """Reading a page failed: it is tried again later, and after `TRIES` listed. Whether it is listed now."""
    tries = conn.execute(select(reading.c.attempts).where(reading.c.page == key)).scalar()
    if tries is None:
        return False
    given_up = bool(tries + 1 >= TRIES)
    conn.execute(
        update(reading)
        .where(reading.c.page == key)
        .values(
            attempts=tries + 1, code=code, reason=reason[:300], state="failed" if given_up else "queued",
            due_at=at + PAUSES[min(tries, len(PAUSES) - 1)],
        )
    )  # fmt: skip
    if given_up:
        searchable.texted(conn, key, at)
    return given_up


def retry(conn: Connection, pages: Iterable[int], at: int) -> int:
    """Read these failed pages again, at a person's word; how many there were."""
    again = update(reading).where(reading.c.page.in_(list(pages)), reading.c.state == "failed")
    return int(conn.execute(again.values(state="queued", attempts=0, due_at=at, code="", reason="")).rowcount)


def due_later(conn: Connection) -> int | None:
    """When the next page that failed is due again, in milliseconds."""
    when = conn.execute(select(func.min(reading.c.due_at)).where(reading.c.state == "queued")).scalar()
    return None if when is None else int(when)


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


def _options(given: Any) -> dict[str, Any]:
    return {name: given[name] for name in ("preprocessing", "psm") if isinstance(given, dict) and name in given}
