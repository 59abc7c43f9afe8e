"""Compiled statements on the raw driver say what SQLAlchemy would."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, bindparam, insert, select, update

from engine.store.schema import blob
from engine.store.sql import Statement, pieces

P = bindparam
ADD = Statement(insert(blob).values(sha256=P("sha256"), size=P("size"), content_type="a/b", name="", at=0))


def test_one_many_and_all(conn: Connection) -> None:
    ADD.run(conn, sha256="a", size=1)
    ADD.many(conn, [{"sha256": "b", "size": 2}, {"sha256": "c", "size": 3}])
    by_size = Statement(
        select(blob.c.sha256, blob.c.content_type).where(blob.c.size >= P("least")).order_by(blob.c.size)
    )
    assert [tuple(row) for row in by_size.all(conn, least=2)] == [("b", "a/b"), ("c", "a/b")]
    row = by_size.one(conn, least=3)
    assert row is not None
    assert row["sha256"] == "c"
    assert by_size.one(conn, least=9) is None


def test_a_fixed_list_is_written_out(conn: Connection) -> None:
    ADD.many(conn, [{"sha256": text, "size": 1} for text in "abcd"])
    grow = Statement(update(blob).where(blob.c.sha256.in_(["a", "c"])).values(size=P("new")))
    assert grow.run(conn, new=7).rowcount == 2
    fixed = Statement(select(blob.c.sha256).where(blob.c.size == 7).order_by(blob.c.sha256))
    assert [row["sha256"] for row in fixed.all(conn)] == ["a", "c"]


@pytest.mark.parametrize(("count", "sizes"), [(0, []), (1, [1]), (3, [3]), (7, [3, 3, 1])])
def test_the_pieces_of_a_list_hold_all_of_it_in_order(count: int, sizes: list[int]):
    made = list(pieces(range(count), 3))
    assert ([len(piece) for piece in made], [one for piece in made for one in piece]) == (sizes, list(range(count)))
