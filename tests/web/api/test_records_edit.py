"""RECORDS: changes, their history, many at once."""

from __future__ import annotations

import pytest

from tests.records.test_drafts import lists
from tests.web.api.records_world import Records
from tests.web.api.world import Browser, World

API = "/api/v1"


@pytest.fixture(name="records")
def fixture_records(world: World) -> Records:
    world.write(lists)
    return Records(world)


@pytest.fixture(name="browser")
def fixture_browser(world: World, records: Records) -> Browser:
    return world.sign_in("CL")


def test_attributes_change_and_are_undone(world: World, records: Records, browser: Browser) -> None:
    url = f"{API}/documents/{records.scanned()}"
    shown = browser.send("PATCH", url, {"kind": "blood", "title": "T", "reason": "typo"}).json()
    assert (shown["kind"], shown["title"]) == ("blood", "T")
    (entry,) = browser.get(f"{url}/history").json()["items"]
    assert (entry["by"], entry["note"], entry["can_undo"]) == ("demo", "typo", True)
    assert {one["name"] for one in entry["changes"]} == {"kind", "title"}
    assert browser.post(f"{url}/undo").json()["kind"] == "consent"
    assert browser.post(f"{url}/undo").code == "WB-8103"
    assert [row["operation"] for row in world.rows("SELECT operation FROM outbox")] == ["document_replaced"] * 2
    assert world.acts_audited() == ["document.edit", "document.history", "document.undo"]
    assert records.topics >= {"work:hand", "records"}
    assert browser.send("PATCH", url, {"kind": "none"}).code == "WB-8305"
    assert browser.send("PATCH", f"{API}/documents/NONE", {"title": "x"}).status == 404


def test_withdrawn_and_restored(records: Records, browser: Browser) -> None:
    url = f"{API}/documents/{records.scanned()}"
    assert browser.post(f"{url}/withdraw", {"reason": ""}).status == 422
    assert browser.post(f"{url}/withdraw", {"reason": "wrong"}).json()["state"] == "withdrawn"
    assert browser.post(f"{url}/withdraw", {"reason": "wrong"}).code == "WB-8310"
    assert browser.post(f"{url}/restore").json()["state"] == "current"


def test_a_new_version_of_other_pages(world: World, records: Records, browser: Browser) -> None:
    keys = records.pages(3)
    url = f"{API}/documents/{records.scanned(pages=keys)}"
    shown = browser.post(f"{url}/pages", {"pages": records.ids(keys[:2]), "reason": "order"}).json()
    assert (shown["version"], shown["pages"]) == (2, 2)
    assert records.left == []
    assert [one["version"] for one in browser.get(f"{url}/reader").json()["versions"]] == [2, 1]
    others = records.ids(records.pages(1, records.two))
    assert browser.post(f"{url}/pages", {"pages": others, "reason": "x"}).code == "WB-8310"
    assert browser.post(f"{API}/documents/NONE/pages", {"pages": others, "reason": "x"}).status == 404


def test_many_at_once(world: World, records: Records, browser: Browser) -> None:
    names = [records.scanned() for _ in range(3)]
    asked = {"search": {"kinds": ["consent"]}, "set": {"kind": "blood"}}
    shown = browser.post(f"{API}/records/bulk/preview", asked).json()
    assert (shown["count"], shown["changes"], len(shown["sample"])) == (3, 3, 3)
    done = browser.post(f"{API}/records/bulk/apply", {"documents": names[:2], "set": {"kind": "blood"}}).json()
    assert done["count"] == 2
    browser.send("PATCH", f"{API}/documents/{names[0]}", {"kind": "consent"})
    undone = browser.post(f"{API}/records/bulk/undo", {"bulk": done["bulk"]}).json()
    assert undone == {"bulk": done["bulk"], "count": 1, "left": 1}
    assert [row["kind"] for row in world.rows("SELECT kind FROM document ORDER BY id")] == ["consent"] * 3
    assert browser.post(f"{API}/records/bulk/undo", {"bulk": "NONE"}).status == 404
    assert browser.post(f"{API}/records/bulk/apply", {"set": {"kind": "blood"}}).code == "WB-8310"
    assert browser.post(f"{API}/records/bulk/apply", {"documents": names, "set": {}}).code == "WB-8310"
    assert {"document.bulk_preview", "document.bulk", "document.bulk_undo"} <= set(world.acts_audited())


def test_who_may_not(world: World, records: Records) -> None:
    document = records.scanned()
    browser = world.sign_in("PH", login="phy")
    assert browser.send("PATCH", f"{API}/documents/{document}", {"title": "x"}).status == 403
    assert browser.post(f"{API}/documents/{document}/withdraw", {"reason": "x"}).status == 403
    assert browser.post(f"{API}/records/bulk/apply", {"set": {"title": "x"}}).status == 403
    assert browser.get(f"{API}/documents/{document}/history").status == 200
