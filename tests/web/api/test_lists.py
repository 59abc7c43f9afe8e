"""LISTS through the API."""

from __future__ import annotations

from typing import Any

from engine.ops import models
from records import lists
from tests.contracts.base import until
from tests.records.seed import fake
from tests.web.api.world import World

YAML = "departments:\n  - {code: eye, names: {en: Eye clinic, zh: 眼科}}\n"


def test_everybody_chooses_from_them(world: World) -> None:
    world.write(lists.begin)
    for role in ("SC", "PH", "AU"):
        told = world.sign_in(role, login=role.lower()).get("/api/v1/lists").json()
        assert {kind["code"] for kind in told["kinds"]} >= {"laboratory", "consent"}
        assert told["stations"][0]["languages"]


def test_only_an_administrator_changes_them(world: World) -> None:
    browser = world.sign_in("CL")
    assert browser.post("/api/v1/lists/import", {"yaml": YAML}).status == 403
    assert browser.get("/api/v1/lists/export").status == 403
    assert browser.get("/api/v1/lists/models").status == 403


def test_imported_after_a_look_at_what_it_would_change(world: World) -> None:
    world.write(lists.begin)
    browser = world.sign_in("AD")
    looked = browser.post("/api/v1/lists/import", {"yaml": YAML}).json()
    assert looked["applied"] is False
    assert looked["changes"]["departments"]["added"] == ["eye"]
    assert "eye" not in {row["code"] for row in browser.get("/api/v1/lists").json()["departments"]}
    done = browser.post("/api/v1/lists/import", {"yaml": YAML, "apply": True}).json()
    assert (done["applied"], done["changes"]) == (True, looked["changes"])
    assert "眼科" in browser.get("/api/v1/lists/export").body.decode()
    assert world.acts_audited() == ["lists.import"]


def test_every_fault_is_told_and_nothing_done(world: World) -> None:
    world.write(lists.begin)
    browser = world.sign_in("AD")
    text = "kinds:\n  - {code: a, names: {en: A}, tresh: 1}\n  - {code: b}\n"
    told = browser.post("/api/v1/lists/import", {"yaml": text, "apply": True}).json()
    assert told["applied"] is False
    assert [(fault["line"], bool(fault["advice"])) for fault in told["faults"]] == [(2, True), (3, True)]
    assert "a" not in {kind["code"] for kind in browser.get("/api/v1/lists").json()["kinds"]}
    assert browser.post("/api/v1/lists/import", {"yaml": "x" * ((1 << 20) + 1)}).status == 413


def test_models_and_an_older_one_again(world: World) -> None:
    world.write(lambda conn: models.put(conn, fake("one"), {"accuracy": 0.95}, "night"))
    world.write(lambda conn: models.put(conn, fake("two"), {"accuracy": 0.96}, "night"))
    browser = world.sign_in("AD")
    newest, older = browser.get("/api/v1/lists/models").json()
    assert (newest["state"], older["state"], older["report"]["accuracy"]) == ("active", "old", 0.95)
    assert browser.post(f"/api/v1/lists/models/{older['id']}/use", {}).status == 204
    assert [row["state"] for row in browser.get("/api/v1/lists/models").json()] == ["old", "active"]
    assert browser.post("/api/v1/lists/models/99/use", {}).status == 409


def rows_of(told: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """As the screen sends them: what is shown, without its place."""
    return [{key: value for key, value in row.items() if key != "position"} for row in told[name]]


def test_one_list_is_written_row_by_row_and_recorded(world: World) -> None:
    world.write(lists.begin)
    browser = world.sign_in("AD")
    told = browser.get("/api/v1/lists").json()
    rows = [*rows_of(told, "departments"), {"code": "eye", "names": {"en": "Eye clinic", "zh": "眼科"}}]
    rows[0]["active"] = False
    asked = {"version": told["versions"]["departments"], "items": rows}
    saved = browser.send("PUT", "/api/v1/lists/departments", asked).json()
    assert (saved["changes"]["added"], saved["changes"]["changed"]) == (["eye"], [rows[0]["code"]])
    assert saved["lists"]["departments"][-1]["names"] == {"en": "Eye clinic", "zh": "眼科"}
    assert saved["lists"]["versions"]["departments"] != asked["version"]
    assert saved["lists"] == browser.get("/api/v1/lists").json()
    row = world.audit()[-1]
    assert (row["user"], row["act"]) == ("demo", "lists.change")
    assert row["subject"] == f"departments: added eye; changed {rows[0]['code']}"


def test_who_saw_an_older_list_is_told_so(world: World) -> None:
    world.write(lists.begin)
    first, second = world.sign_in("AD", login="ana"), world.sign_in("AD", login="bea")
    told = first.get("/api/v1/lists").json()
    asked = {"version": told["versions"]["stations"], "items": [{"code": "archive", "title": "By Ana"}]}
    assert first.send("PUT", "/api/v1/lists/stations", asked).status == 200
    late = second.send("PUT", "/api/v1/lists/stations", asked | {"items": [{"code": "archive", "title": "By Bea"}]})
    assert (late.status, late.code) == (409, "WB-8505")
    assert second.get("/api/v1/lists").json()["stations"][0]["title"] == "By Ana"


def test_the_row_and_field_of_a_fault_and_nothing_done(world: World) -> None:
    world.write(lists.begin)
    browser = world.sign_in("AD")
    told = browser.get("/api/v1/lists").json()
    rows = rows_of(told, "kinds")
    rows[2]["threshold"] = "sure"
    rows[4]["names"] = {}
    asked = {"version": told["versions"]["kinds"], "items": rows}
    saved = browser.send("PUT", "/api/v1/lists/kinds", asked).json()
    assert [(fault["row"], fault["field"]) for fault in saved["faults"]] == [(2, "threshold"), (4, "names")]
    assert saved["lists"] == told
    assert world.acts_audited() == []


def test_how_often_each_is_used(world: World) -> None:
    world.write(lists.begin)
    found = world.sign_in("AD").get("/api/v1/lists/used").json()
    assert found["departments"]["surgery"] == 1, "a kind has it"
    assert world.sign_in("CL", login="cl").get("/api/v1/lists/used").status == 403


def test_only_an_administrator_writes_a_list(world: World) -> None:
    world.write(lists.begin)
    for role in ("CL", "SC", "PH", "OP"):
        browser = world.sign_in(role, login=role.lower())
        version = browser.get("/api/v1/lists").json()["versions"]["stations"]
        assert browser.send("PUT", "/api/v1/lists/stations", {"version": version, "items": []}).status == 403
    assert world.sign_in("AD").send("PUT", "/api/v1/lists/people", {"version": "x", "items": []}).status == 422


async def test_other_screens_and_the_sorting_room_are_told(world: World, reactor: Any) -> None:
    world.write(lists.begin)
    browser = world.sign_in("AD")
    version = browser.get("/api/v1/lists").json()["versions"]["stations"]
    browser.send("PUT", "/api/v1/lists/stations", {"version": version, "items": []})
    await until(reactor, lambda: {"lists", "work:sort"} in world.runtime.notified)
    assert {"lists", "work:sort"} in world.runtime.notified
