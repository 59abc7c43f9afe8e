"""Cards by role."""

from __future__ import annotations

from sqlalchemy import Connection

from tests.engine.ops import seed
from tests.records import seed as records
from tests.web.api.world import World


def test_cards_are_those_of_the_roles(world: World) -> None:
    world.write(lambda conn: (seed.attention(conn), seed.file(conn), seed.run(conn, state="dead")))
    all_cards = {card["key"]: card for card in world.sign_in().get("/api/v1/today").json()["cards"]}
    assert all_cards["attention"] == {"key": "attention", "count": 1, "link": "/engine/attention", "tone": "error"}
    assert all_cards["unmatched"]["count"] == 1
    assert all_cards["sign"]["tone"] == "calm"
    assert all_cards["dead"]["count"] == 1
    assert all_cards["pending"]["count"] == 1
    scan = world.sign_in("SC", login="scan").get("/api/v1/today").json()
    assert [card["key"] for card in scan["cards"]] == ["unmatched", "batches", "problems"]


def test_a_scan_operators_own_batches(world: World) -> None:
    browser = world.sign_in("SC", login="ana")

    def rows(conn: Connection) -> None:
        ana = conn.exec_driver_sql("SELECT id FROM users").scalar_one()
        records.batch(conn, operator=ana)
        records.batch(conn, operator=ana, state="closed")
        records.batch(conn)

    world.write(rows)
    card = browser.get("/api/v1/today").json()["cards"][1]
    assert card == {"key": "batches", "count": 1, "link": "/scan?mine=1", "tone": "info"}


def test_problems_of_the_scan_desk_are_counted_for_who_looks_after_them(world: World) -> None:
    browser = world.sign_in("OP", login="ops")
    world.write(lambda conn: (records.batch(conn, state="stopped"), records.batch(conn)))
    cards = {card["key"]: card for card in browser.get("/api/v1/today").json()["cards"]}
    assert cards["problems"] == {"key": "problems", "count": 1, "link": "/scan/problems", "tone": "warning"}
    assert "batches" not in cards
    physician = world.sign_in("PH", login="doctor").get("/api/v1/today").json()
    assert "problems" not in [card["key"] for card in physician["cards"]]


def test_health_is_the_worst_connection(world: World) -> None:
    browser = world.sign_in()
    assert browser.get("/api/v1/today").json()["health"] == {
        "state": "down",
        "reasons": ["his_out: connection refused"],
    }
    world.runtime.said = {}
    assert browser.get("/api/v1/today").json()["health"] == {"state": "up", "reasons": []}
