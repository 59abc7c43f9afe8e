"""Pages that are there twice: the same bytes or the same image. Those of the same text are found by `records.texts`.

Pure functions inside a store operation. Pairs of looks are found by bands: two looks that differ in at most six bits of
64 are nearly always equal in one of four bands of 16.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select
from sqlalchemy.dialects.sqlite import insert as insert_new

from engine.store.schema_records import duplicate, page, page_look
from engine.store.sql import Statement
from records.states import PageState

BITS = 6
"""Of 64, by which two scans of one page differ at most."""
MOST = 200
"""Pages like one that are compared with it, newest first: a form that is all over the archive is no duplicate."""
BYTES, IMAGE = "bytes", "image"
BANDS, WIDTH = 4, 16

P = bindparam

_LIKE = Statement(
    select(page.c.id, page.c.look)
    .join(page_look, page_look.c.page == page.c.id)
    .where(page_look.c.band == P("one"), page_look.c.bits == P("given"), page_look.c.page != P("of"))
    .order_by(page_look.c.page.desc())
    .limit(MOST)
)
_SAME = Statement(
    select(page.c.id)
    .where(page.c.master == P("hash"), page.c.id != P("of"), page.c.state == PageState.KEPT.value)
    .order_by(page.c.id.desc())
    .limit(MOST)
)


def enter(conn: Connection, rows: Sequence[Row[Any]], at: int) -> int:
    """New pages (`id`, `master`, `look`) are compared with those before, and known to those after; pairs found."""
    found = 0
    for row in rows:
        same = {int(one[0]): 0 for one in _SAME.all(conn, hash=row.master, of=row.id)}
        found += _pair(conn, row.id, same, BYTES, at)
        if row.look:
            alike = {key: apart for key, apart in _alike(conn, row.id, row.look).items() if key not in same}
            found += _pair(conn, row.id, alike, IMAGE, at)
            conn.execute(
                insert_new(page_look).on_conflict_do_nothing(),
                [{"band": band, "bits": bits, "page": row.id} for band, bits in enumerate(bands(row.look))],
            )
    return found


def bands(look: str) -> list[int]:
    """The four times 16 bits of a look."""
    value = int(look, 16)
    return [value >> (WIDTH * place) & 0xFFFF for place in range(BANDS)]


def distance(a: str, b: str) -> int:
    """Bits in which two looks differ."""
    return (int(a, 16) ^ int(b, 16)).bit_count()


def _alike(conn: Connection, page_id: int, look: str) -> dict[int, int]:
    found = {}
    for band, bits in enumerate(bands(look)):
        for key, other in _LIKE.all(conn, one=band, given=bits, of=page_id):
            apart = distance(look, other) if other else 64
            if apart <= BITS:
                found[int(key)] = apart
    return found


def _pair(conn: Connection, page_id: int, others: dict[int, int], why: str, at: int) -> int:
    rows = [
        {"a": min(page_id, key), "b": max(page_id, key), "why": why, "distance": apart, "at": at}
        for key, apart in others.items()
    ]
    if not rows:
        return 0
    return sum(conn.execute(insert_new(duplicate).on_conflict_do_nothing(), row).rowcount for row in rows)
