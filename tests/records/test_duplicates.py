"""Pages that are there twice are found once, by bytes or look; pages that are not are left alone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, Row, insert, select

from engine.store.schema_records import duplicate, page, page_look
from records import duplicates
from tests.records import seed

LOOK = "0123456789abcdef"


def entered(conn: Connection, **changes: Any) -> int:
    """A page of its own batch, with what it is like found."""
    (key,) = seed.pages(conn, seed.batch(conn), 1, **changes)
    enter(conn, key)
    return key


def enter(conn: Connection, key: int) -> int:
    rows: list[Row[Any]] = list(conn.execute(select(page).where(page.c.id == key)))
    return duplicates.enter(conn, rows, 5)


def pairs(conn: Connection) -> list[tuple[int, int, str, int]]:
    rows: list[Row[Any]] = list(conn.execute(select(duplicate).order_by(duplicate.c.id)))
    return [(row.a, row.b, row.why, row.distance) for row in rows]


def turned(look: str, *bits: int) -> str:
    value = int(look, 16)
    for bit in bits:
        value ^= 1 << bit
    return f"{value:016x}"


def test_the_same_bytes(conn: Connection) -> None:
    one = entered(conn, master=seed.fake("a"), look=LOOK)
    entered(conn, master=seed.fake("b"))
    two = entered(conn, master=seed.fake("a"), look=LOOK)
    assert pairs(conn) == [(one, two, "bytes", 0)]


def test_the_same_image(conn: Connection) -> None:
    one = entered(conn, look=LOOK)
    near = entered(conn, look=turned(LOOK, 1, 2, 3, 4, 5, 6))
    entered(conn, look=turned(LOOK, 7, 8, 9, 10, 11, 12, 13))
    entered(conn, look="")
    assert pairs(conn) == [(one, near, "image", 6)]


def test_pages_that_are_not_of_a_record_are_no_twins(conn: Connection) -> None:
    entered(conn, master=seed.fake("a"), state="dropped")
    entered(conn, master=seed.fake("a"))
    assert pairs(conn) == []


def test_a_pair_is_found_once(conn: Connection) -> None:
    one = entered(conn, look=LOOK)
    two = entered(conn, look=LOOK)
    assert enter(conn, two) == 0
    assert pairs(conn) == [(one, two, "image", 0)]
    assert len(conn.execute(select(page_look).where(page_look.c.page == two)).all()) == 4


def test_a_form_that_is_all_over_does_not_cost_more_and_more(conn: Connection) -> None:
    keys = seed.pages(conn, seed.batch(conn), duplicates.MOST + 50, look=LOOK)
    for band, bits in enumerate(duplicates.bands(LOOK)):
        conn.execute(insert(page_look), [{"band": band, "bits": bits, "page": key} for key in keys])
    entered(conn, look=LOOK)
    assert len(pairs(conn)) == duplicates.MOST


@given(st.integers(0, 2**64 - 1), st.sets(st.integers(0, 63), max_size=3))
def test_looks_that_differ_in_three_bits_share_a_band(value: int, bits: set[int]) -> None:
    one, two = f"{value:016x}", turned(f"{value:016x}", *bits)
    assert duplicates.distance(one, two) == len(bits)
    assert any(a == b for a, b in zip(duplicates.bands(one), duplicates.bands(two), strict=True))


@pytest.mark.parametrize("look", ["0" * 16, "f" * 16, LOOK])
def test_bands_are_the_whole_look(look: str) -> None:
    parts = duplicates.bands(look)
    assert sum(bits << (16 * place) for place, bits in enumerate(parts)) == int(look, 16)
