"""ALERTS through the API."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection

from engine.alerts import book
from engine.alerts.telling import Trouble
from engine.site.alerts import Alert
from engine.store.clock import now_ms
from tests.engine.ops import seed
from tests.web.api.world import World

DESK = Alert("desk", ("OP",), "look at the line", "phone 42")
NIGHT = Alert("night", ("AD",))


def rules(world: World) -> None:
    site: Any = world.bridge.site
    world.bridge.site = replace(site, alerts={"desk": DESK, "night": NIGHT})


def begin(world: World, *keys: tuple[str, str, str]) -> None:
    def rows(conn: Connection) -> None:
        for key in keys:
            book.begin(conn, key, "down", seed.NOW)

    world.write(rows)


def state(world: World, number: int = 1) -> Any:
    sql = "SELECT state, acknowledged_by, note, snoozed_until FROM alert WHERE id = ?"
    return tuple(world.bridge.read(lambda conn: conn.exec_driver_sql(sql, (number,)).one()))


def test_a_rule_s_help_and_whose_it_is(world: World) -> None:
    rules(world)
    begin(world, ("desk", "connection", "his_out"), ("gone", "dead_letter", "r.out"))
    told = world.sign_in("OP").get("/api/v1/alerts").json()
    second, first = told["alerts"]
    assert (first["help"], first["contact"], first["mine"]) == ("look at the line", "phone 42", True)
    assert (first["link"], first["state"], first["told_begin_at"]) == ("/engine/connections/his_out", "open", None)
    assert (second["roles"], second["mine"], second["link"]) == ([], False, "/engine/attention")
    assert (told["rules"], told["untold"]) == (0, [])


def test_acknowledge_and_snooze_are_kept_and_audited(world: World) -> None:
    rules(world)
    begin(world, ("desk", "connection", "his_out"), ("desk", "connection", "ca"))
    browser = world.sign_in("OP")
    assert browser.post("/api/v1/alerts/1/acknowledge", {"note": "mine"}).status == 204
    assert browser.post("/api/v1/alerts/2/snooze", {"minutes": 60, "note": "works"}).status == 204
    assert state(world, 1)[:3] == ("acknowledged", "demo", "mine")
    assert state(world, 2)[2] == "works"
    assert state(world, 2)[3] > now_ms() + 3_500_000
    assert world.acts_audited() == ["alert.acknowledge", "alert.snooze"]
    for path, body in (("1/snooze", {"minutes": 0}), ("1/snooze", {"minutes": 43_201}), ("0/acknowledge", {})):
        assert browser.post(f"/api/v1/alerts/{path}", body).status == 422
    assert browser.post("/api/v1/alerts/9/acknowledge", {}).status == 409


def test_the_badge_and_today_count_those_of_my_roles(world: World) -> None:
    rules(world)
    begin(world, ("desk", "connection", "a"), ("night", "connection", "a"), ("night", "connection", "b"))
    for role, count in (("OP", 1), ("AD", 2), ("AN", 0)):
        browser = world.sign_in(role, login=role.lower())
        cards = {card["key"]: card["count"] for card in browser.get("/api/v1/today").json()["cards"]}
        assert cards["alerts"] == count
        assert browser.get("/api/v1/session").json()["needs_me"] >= count
    browser = world.sign_in("OP", login="other")
    before = browser.get("/api/v1/session").json()["needs_me"]
    browser.post("/api/v1/alerts/1/acknowledge", {})
    assert browser.get("/api/v1/session").json()["needs_me"] == before - 1


def test_who_could_not_be_told(world: World) -> None:
    trouble = Trouble("desk", "email", "mail", 3, seed.NOW, "WB-3001 connection refused", 0.0)
    world.bridge.alerts = SimpleNamespace(teller=SimpleNamespace(trouble={("desk", "email"): trouble}))
    (told,) = world.sign_in("AD").get("/api/v1/alerts").json()["untold"]
    assert (told["connection"], told["attempts"], told["reason"]) == ("mail", 3, "WB-3001 connection refused")


def test_only_those_who_may(world: World) -> None:
    assert world.sign_in("PH").get("/api/v1/alerts").status == 403
