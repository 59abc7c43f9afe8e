"""Pages that wait to be read: in which order, what becomes of those that fail. Pure functions inside a store operation.

The order is in the rows, so that the next page costs one look into an index, however many wait: `priority` says how
near a page is to somebody who works on it, and follows its batch (`rank`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, case, delete, func, insert, literal, literal_column, select, update

from engine.store.schema_records import batch, page, reading, station
from engine.store.sql import pieces
from records.states import BatchState

TRIES = 3
PAUSES = (10_000, 60_000, 600_000)
"""Milliseconds until a failed page is tried again."""
HOPELESS = ("WB-8403",)
"""Codes of failures that the next try cannot mend: a language that is not installed. They are listed at once."""
FILED, BOXED, TODAY = 0, 1, 2
"""Priorities: of a batch that nobody works on; of one out of a box; of the day's."""
AT_WORK = (BatchState.OPEN, BatchState.STOPPED, BatchState.CLOSED)

_RANK = case((batch.c.state.not_in(AT_WORK), FILED), (batch.c.box.is_not(None), BOXED), else_=TODAY)
_NAMES = ("page", "state", "priority", "attempts", "due_at", "code", "reason")


def enter(conn: Connection, pages: Iterable[int], at: int) -> None:
    """These pages are to be read, as they look now."""
    for some in pieces(list(pages)):
        conn.execute(delete(reading).where(reading.c.page.in_(some)))
        values = (page.c.id, literal("queued"), _RANK, literal(0), literal(at), literal(""), literal(""))
        rows = select(*values).join(batch, batch.c.id == page.c.batch).where(page.c.id.in_(some))
        conn.execute(insert(reading).from_select(_NAMES, rows))


def leave(conn: Connection, pages: Iterable[int]) -> None:
    """Nobody waits for the text of these any more."""
    for some in pieces(list(pages)):
        conn.execute(delete(reading).where(reading.c.page.in_(some)))


def rank(conn: Connection, batch_id: int) -> None:
    """The batch's state or its box has changed, and so whose turn its pages are."""
    now = select(_RANK).where(batch.c.id == batch_id).scalar_subquery()
    mine = select(page.c.id).where(page.c.batch == batch_id)
    # The plus keeps SQLite from walking through all that wait to find those of one batch.
    of_it = (reading.c.page.in_(mine), literal_column("+reading.state") == "queued")
    conn.execute(update(reading).where(*of_it, reading.c.priority != now).values(priority=now))


def due(conn: Connection, at: int, most: int, busy: Sequence[int] = ()) -> list[dict[str, Any]]:
    """The next pages to be read: those of batches that somebody works on, and of these the day's before the ones out
    of a box; then all others; the newest first.

    Each has {page, batch (public id), master, recipe, languages, options, skew}, and `attempts` and `due_at`, by which
    `failed` knows it. busy: pages that are read just now.
    """
    # First the pages alone: all that is asked for lies in the index.
    first = select(reading.c.page).where(
        reading.c.state == "queued", reading.c.due_at <= at, reading.c.page.not_in(busy)
    )
    newest = (reading.c.priority.desc(), reading.c.page.desc())
    keys = conn.execute(first.order_by(*newest).limit(most)).scalars().all()
    query = (
        select(
            page.c.id.label("page"), page.c.master, page.c.recipe, page.c.skew, station.c.options,
            batch.c.public_id.label("batch"), reading.c.attempts, reading.c.due_at,
            func.coalesce(func.nullif(batch.c.languages, ""), station.c.languages, "eng").label("languages"),
        )
        .join(reading, reading.c.page == page.c.id)
        .join(batch, batch.c.id == page.c.batch)
        .outerjoin(station, station.c.code == batch.c.station)
        .where(page.c.id.in_(keys))
        .order_by(*newest)
    )  # fmt: skip
    rows = conn.execute(query).all() if keys else ()
    return [{**row._mapping, "options": _options(row.options)} for row in rows]


def failed(conn: Connection, row: Mapping[str, Any], code: str, reason: str, at: int) -> bool:
    """Reading a page failed: it is tried again later, and after `TRIES`, or at once where that is no use, listed.
    Whether it is listed now.

    row: as `due` gave it. Nothing is counted when the page was queued anew, or this failure counted, since then.
    """
    tries, key = int(row["attempts"]), int(row["page"])
    given_up = tries + 1 >= TRIES or code in HOPELESS
    later = {"state": "queued", "due_at": at + PAUSES[min(tries, len(PAUSES) - 1)]}
    listed = {"state": "failed", "priority": FILED, "due_at": at}
    counted = conn.execute(
        update(reading)
        .where(
            reading.c.page == key, reading.c.state == "queued", reading.c.attempts == tries,
            reading.c.due_at == row["due_at"],
        )
        .values(attempts=tries + 1, code=code, reason=reason[:300], **(listed if given_up else later))
    ).rowcount  # fmt: skip
    return bool(counted) and given_up


def again(conn: Connection, key: int, at: int) -> bool:
    """Read this failed page again, at a person's word; whether it was one."""
    now = select(_RANK).join(page, page.c.batch == batch.c.id).where(page.c.id == key).scalar_subquery()
    mine = update(reading).where(reading.c.page == key, reading.c.state == "failed")
    values = {"state": "queued", "priority": now, "attempts": 0, "due_at": at, "code": "", "reason": ""}
    return conn.execute(mine.values(**values)).rowcount == 1


def _options(given: Any) -> dict[str, Any]:
    return {name: given[name] for name in ("preprocessing", "psm") if isinstance(given, dict) and name in given}
