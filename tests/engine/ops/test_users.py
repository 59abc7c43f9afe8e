"""Users are added, disabled, and get links."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection

from engine.message import Refused
from engine.ops import users
from engine.store.database import Store
from tests.engine.ops import seed

LIN: dict[str, Any] = {"login": "lin", "name": "Lin", "roles": ["PH", "OP", "PH"], "staff_number": "1"}


def test_a_user_is_added_once(store: Store) -> None:
    assert store.write_now(lambda conn: users.add(conn, **LIN, by="os:root")) == 1
    assert store.read_now(users.everyone) == [
        {"login": "lin", "name": "Lin", "roles": ["PH", "OP"], "staff_number": "1", "disabled_at": None}
    ]
    for again in (LIN, LIN | {"login": "other"}):
        with pytest.raises(Refused, match="WB-7031"):
            store.write_now(lambda conn, again=again: users.add(conn, **again))  # type: ignore[misc]
    # Nobody's empty staff number is somebody's.
    for login in ("a", "b"):
        more = {"login": login, "name": "x", "roles": ["OP"], "staff_number": ""}
        store.write_now(lambda conn, more=more: users.add(conn, **more))  # type: ignore[misc]


@pytest.mark.parametrize(
    "change", [{"login": "Lin"}, {"login": ""}, {"login": "a b"}, {"name": " "}, {"roles": []}, {"roles": ["XX"]}]
)
def test_what_is_refused(store: Store, change: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="WB-7031"):
        store.write_now(lambda conn: users.add(conn, **(LIN | change)))


def test_disabling_ends_sessions_and_links(store: Store) -> None:
    def rows(conn: Connection) -> None:
        users.add(conn, **LIN)
        users.link(conn, "lin")
        conn.exec_driver_sql("INSERT INTO session VALUES ('t', 1, 'c', 1, 1, 1)")
        users.disable(conn, "lin", by="os:root")

    store.write_now(rows)
    for table in ("session", "one_time"):
        sql = f"SELECT count(*) FROM {table}"
        assert store.read_now(lambda conn, sql=sql: conn.exec_driver_sql(sql).scalar()) == 0  # type: ignore[misc]
    acts = store.read_now(lambda conn: [tuple(row) for row in conn.exec_driver_sql("SELECT act, subject FROM audit")])
    assert acts == [("user.add", "lin PH,OP"), ("user.link", "lin"), ("user.disable", "lin")]
    with pytest.raises(Refused, match="WB-7030"):
        store.write_now(lambda conn: users.disable(conn, "lin"))


def test_only_the_hash_of_a_link_is_kept_and_old_ones_go(store: Store) -> None:
    store.write_now(seed.user)
    store.write_now(lambda conn: users.create_link(conn, "demo", seed.NOW - users.LINK_LIFE - 1))
    token = store.write_now(lambda conn: users.create_link(conn, "demo", seed.NOW))
    rows = store.read_now(lambda conn: [tuple(row) for row in conn.exec_driver_sql("SELECT * FROM one_time")])
    assert rows == [(users.digest(token), 1, seed.NOW + users.LINK_LIFE, None)]
    assert len(token) >= 43
