"""The seeds make what they say."""

from __future__ import annotations

from sqlalchemy import Connection, select

from engine.store.schema_records import draft, page
from tests.records import seed


def test_a_batch_with_everything(conn: Connection) -> None:
    one = seed.batch(conn)
    first = seed.pages(conn, one, 3)
    more = seed.pages(conn, one, 2, patient=seed.patient(conn))
    group = seed.draft(conn, one, more)
    rows = conn.execute(select(page.c.position, page.c.draft).order_by(page.c.position)).all()
    assert [row.position for row in rows] == [1, 2, 3, 4, 5]
    assert [row.draft for row in rows] == [None, None, None, group, group]
    assert len(set(seed.public(conn, page, *first, *more))) == 5
    assert seed.public(conn, draft, group)[0].startswith("D")
