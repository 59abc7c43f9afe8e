"""A new index is ordered, and who ordered it is written down."""

from __future__ import annotations

from sqlalchemy import Connection, select

from engine.ops import reindex
from engine.store.database import Store
from engine.store.schema import audit
from records import texts


def test_the_order_is_the_new_table(store: Store) -> None:
    store.write_now(ordered)


def ordered(conn: Connection) -> None:
    assert not texts.building(conn)
    reindex.begin(conn, user="os:ana")
    reindex.begin(conn, user="os:ana", origin="command")
    assert texts.building(conn)
    assert [(row.user, row.act, row.origin) for row in conn.execute(select(audit))][-1] == (
        "os:ana",
        "reindex",
        "command",
    )
    assert texts.build(conn) is None
    assert not texts.building(conn)
    assert reindex.NEW == texts.NEW
