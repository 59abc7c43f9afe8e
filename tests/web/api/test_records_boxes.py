"""Boxes and projects over the API."""

from __future__ import annotations

from tests.web.api.world import World

API = "/api/v1/records"


def test_boxes_are_made_changed_and_listed(world: World) -> None:
    browser = world.sign_in("SC")
    made = browser.post(f"{API}/boxes", {"code": "B-1", "project": "1990", "sheets": 400})
    assert made.status == 200, made.body
    first = made.json()
    assert (first["code"], first["state"], first["batches"], first["images"]) == ("B-1", "open", {}, 0)
    changed = browser.send("PATCH", f"{API}/boxes/{first['id']}", {"shelf": "R2/4", "state": "stored"}).json()
    assert (changed["code"], changed["shelf"], changed["state"], changed["sheets"]) == ("B-1", "R2/4", "stored", 400)
    assert browser.post(f"{API}/boxes", {"code": "B-1"}).code == "WB-8711"
    assert browser.send("PATCH", f"{API}/boxes/zz", {"shelf": "x"}).code == "WB-8710"
    browser.post(f"{API}/boxes", {"code": "B-2"})
    page = browser.post(f"{API}/boxes/search", {"limit": 1}).json()
    assert [one["code"] for one in page["items"]] == ["B-2"]
    following = browser.post(f"{API}/boxes/search", {"limit": 1, "after": page["next"]}).json()
    assert ([one["code"] for one in following["items"]], following["next"]) == (["B-1"], None)
    assert browser.post(f"{API}/boxes/search", {"project": "1990"}).json()["items"][0]["id"] == first["id"]
    assert world.acts_audited() == ["box.create", "box.change", "box.create"]


def test_progress(world: World) -> None:
    browser = world.sign_in("CL")
    browser.post(f"{API}/boxes", {"code": "B-1", "project": "1990", "sheets": 400})
    (project,) = browser.get(f"{API}/projects").json()["items"]
    assert (project["project"], project["sheets"], project["fed"], project["days"]) == ("1990", 400, 0, None)


def test_rights(world: World) -> None:
    browser = world.sign_in("PH")
    for answer in (
        browser.post(f"{API}/boxes", {"code": "B-1"}),
        browser.post(f"{API}/boxes/search", {}),
        browser.send("PATCH", f"{API}/boxes/1", {}),
        browser.get(f"{API}/projects"),
    ):
        assert answer.code == "WB-7002"
