"""LISTS through the API."""

from __future__ import annotations

from engine.ops import models
from records import lists
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
