"""Attention through the API."""

from __future__ import annotations

from sqlalchemy import Connection

from tests.engine.ops import seed
from tests.web.api.world import World


def test_groups_carry_the_help_of_their_step(world: World) -> None:
    def rows(conn: Connection) -> None:
        number, _ = seed.run(conn, seed.labels())
        seed.attention(conn, run=number)
        seed.attention(conn, run=number)
        seed.attention(conn, kind="update", code="", step="signed")

    world.write(rows)
    groups = world.sign_in().get("/api/v1/attention").json()["groups"]
    first, second = groups
    assert (first["kind"], first["count"], first["cause"]) == ("dead", 2, "the peer refused")
    assert (first["help"], first["contact"]) == ("Ask the HIS desk.", "ext. 7")
    assert first["items"][0]["order_id"] == "175||3125"
    assert (second["help"], second["answers"]) == ("The report of an order.", ["ignore", "anew"])
    assert world.acts_audited() == ["attention.list"]


def test_acknowledge_and_close(world: World) -> None:
    browser = world.sign_in("OP")
    assert browser.post("/api/v1/attention/7/acknowledge", {"note": "mine"}).status == 204
    assert browser.post("/api/v1/attention/7/close", {"answer": "ignore", "note": "old"}).status == 204
    assert world.acts.called == [("acknowledge", 7, "demo", "mine"), ("close", 7, "ignore", "demo", "old")]
    assert world.runtime.poked == 2
    assert browser.post("/api/v1/attention/0/close", {"answer": "ignore"}).status == 422
