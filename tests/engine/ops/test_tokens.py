"""Tokens are made once, found by their hash, and end when they are revoked."""

from __future__ import annotations

import pytest

from engine.message import Refused
from engine.ops import tokens
from engine.store.database import Store


def test_from_made_to_revoked(store: Store) -> None:
    made = store.write_now(lambda conn: tokens.add(conn, "scanner", "scan-upload", "admission", by="os:root"))

    def holder(at: int, scope: str = "scan-upload", given: str = made["token"]) -> tokens.Holder | None:
        return store.read_now(lambda conn: tokens.holder(conn, given, scope, at))

    found = holder(10**13)
    assert found is not None
    assert (found.id, found.name, found.station, found.stale) == (made["id"], "scanner", "admission", True)
    store.write_now(lambda conn: tokens.used(conn, found.key, 10**13))
    again = holder(10**13 + 5)
    assert again is not None
    assert not again.stale
    assert holder(1, scope="other") is None
    assert holder(1, given="wbt_guessed") is None
    (row,) = store.read_now(tokens.everything)
    assert made["token"] not in str(row)
    stored = store.read_now(lambda conn: str(conn.exec_driver_sql("SELECT * FROM token").all()))
    assert made["token"] not in stored
    store.write_now(lambda conn: tokens.revoke(conn, made["id"], by="os:root"))
    assert holder(1) is None
    with pytest.raises(Refused, match="WB-8612"):
        store.write_now(lambda conn: tokens.revoke(conn, made["id"]))
    acts = store.read_now(lambda conn: [row.act for row in conn.exec_driver_sql("SELECT act FROM audit")])
    assert acts == ["token.add", "token.revoke"]


@pytest.mark.parametrize(
    ("name", "scope", "station"),
    [("", "scan-upload", ""), ("x" * 101, "scan-upload", ""), ("pc", "all", ""), ("pc", "scan-upload", "x" * 41)],
)
def test_what_cannot_be(store: Store, name: str, scope: str, station: str) -> None:
    with pytest.raises(Refused, match="WB-8611"):
        store.write_now(lambda conn: tokens.add(conn, name, scope, station))
