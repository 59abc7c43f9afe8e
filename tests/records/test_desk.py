"""The pages that an edit works on."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

from engine.message import Refused
from engine.store.schema_records import page
from records.desk import CANNOT, Desk, Wish
from tests.records import seed


def desk(conn: Connection, batch: int, *pages: int, **wish: str) -> Desk:
    return Desk(conn, batch, Wish("x", seed.public(conn, page, *pages), **wish), 1, seed.NOW)  # type: ignore[arg-type]


def test_chosen_pages_keep_their_order_and_come_once(conn: Connection) -> None:
    one = seed.batch(conn)
    a, b, c = seed.pages(conn, one, 3)
    found = desk(conn, one, c, a, c)
    assert [row.id for row in found.chosen] == [c, a]
    assert found.first.id == c
    assert [row.id for row in found.all] == [a, b, c]


def test_hundreds_at_once(conn: Connection) -> None:
    one = seed.batch(conn)
    keys = seed.pages(conn, one, 1200)
    assert [row.id for row in desk(conn, one, *reversed(keys)).chosen] == keys[::-1]


def test_pages_that_are_not_to_be_touched(conn: Connection) -> None:
    one, other = seed.batch(conn), seed.batch(conn)
    (mine,), (filed,), (foreign,) = seed.pages(conn, one, 1), seed.pages(conn, one, 1), seed.pages(conn, other, 1)
    seed.draft(conn, one, [filed], state="filed")
    for pages in ([], [filed], [mine, foreign]):
        with pytest.raises(Refused) as refused:
            _ = desk(conn, one, *pages).chosen
        assert refused.value.code == CANNOT
    with pytest.raises(Refused):
        desk(conn, one, mine).one(None)
