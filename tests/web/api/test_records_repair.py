"""REPAIR over the API: the preview changes nothing, applying is one commit with real PDFs, and everybody is told."""

from __future__ import annotations

import logging

import pikepdf
import pytest

from engine.message import Blob
from tests.web.api.records_world import Records
from tests.web.api.world import World

API = "/api/v1/records/repair"


@pytest.fixture(name="records")
def fixture_records(world: World) -> Records:
    return Records(world)


def test_a_preview_changes_nothing(world: World, records: Records) -> None:
    document = records.scanned()
    browser, to = world.sign_in("CL"), records.patient(records.two)
    browser.get(f"/d/{document}")
    before = world.rows("SELECT * FROM document")
    answer = browser.post(f"{API}/preview", {"documents": [document], "to": to})
    assert answer.status == 200, answer.body
    shown = answer.json()
    assert (shown["pages"], shown["conflicts"], shown["to"]["id"]) == (2, [], to)
    assert [one["id"] for one in shown["from"]] == [records.patient(records.one)]
    (moved,) = shown["documents"]
    assert (moved["id"], moved["becomes"], moved["pages"], moved["left"]) == (document, "moved", 2, 0)
    assert [one["who"] for one in shown["readers"]] == ["demo"]
    assert world.rows("SELECT * FROM document") == before
    assert world.acts_audited().count("repair.preview") == 2


def test_a_document_moves_and_back(world: World, records: Records) -> None:
    document = records.scanned()
    browser = world.sign_in("AD")
    for owner in (records.two, records.one):
        asked = {"documents": [document], "to": records.patient(owner), "note": "wrong label"}
        done = browser.post(f"{API}/apply", asked)
        assert done.status == 200, done.body
        assert (done.json()["moved"], done.json()["made"]) == ([document], [])
        assert world.rows("SELECT patient FROM document")[0]["patient"] == owner
        assert {row["patient"] for row in world.rows("SELECT patient FROM page")} == {owner}
    assert records.topics >= {"records", "scan", "work:hand", "work:make"}
    assert browser.get(f"/d/{document}").status == 200
    again = {"documents": [document], "to": records.patient(records.one), "note": "wrong label"}
    refused = browser.post(f"{API}/apply", again)
    assert (refused.status, refused.code) == (409, "WB-8220")


def test_pages_leave_a_document(world: World, records: Records) -> None:
    keys = records.pages(3)
    document = records.scanned(pages=keys)
    pages = records.ids(keys[:1])
    browser = world.sign_in("CL")
    asked = {"pages": pages, "to": records.patient(records.two)}
    assert browser.post(f"{API}/preview", asked).json()["documents"][0]["becomes"] == "split"
    done = browser.post(f"{API}/apply", asked | {"note": "wrong label"}).json()
    (made,) = done["made"]
    found = {row["public_id"]: row for row in world.rows("SELECT * FROM document")}
    assert (found[document]["version"], found[document]["pages"], found[document]["patient"]) == (2, 2, records.one)
    assert (found[made]["pages"], found[made]["patient"]) == (1, records.two)
    for name in (document, made):
        with pikepdf.open(world.blobs.path(Blob(found[name]["blob"], 0))) as pdf:
            assert len(pdf.pages) == found[name]["pages"]
    assert records.left == []


def test_an_old_version_with_pages_that_left_is_for_who_repairs(world: World, records: Records) -> None:
    keys = records.pages(3)
    document = records.scanned(pages=keys)
    clerk, physician = world.sign_in("CL"), world.sign_in("PH", login="ph")
    url = f"/api/v1/documents/{document}"
    assert physician.get(f"{url}/versions/1").status == 200
    asked = {"pages": records.ids(keys[:1]), "to": records.patient(records.two), "note": "wrong label"}
    assert clerk.post(f"{API}/apply", asked).status == 200
    assert [one["foreign"] for one in physician.get(f"{url}/reader").json()["versions"]] == [False, True]
    denied = physician.get(f"{url}/versions/1")
    assert (denied.status, denied.code, denied.json()["right"]) == (403, "WB-8313", "repair")
    assert world.audit()[-1]["act"] == "document.version.denied"
    assert physician.get(f"{url}/versions/2").status == 200
    assert clerk.get(f"{url}/versions/1").status == 200
    assert world.audit()[-1]["act"] == "document.version"


def test_rights_and_what_is_not_there(world: World, records: Records) -> None:
    document, to = records.scanned(), records.patient(records.two)
    for role in ("SC", "PH"):
        browser = world.sign_in(role, login=role.lower())
        for path in ("preview", "apply"):
            asked = {"documents": [document], "to": to} | ({"note": "x"} if path == "apply" else {})
            assert browser.post(f"{API}/{path}", asked).code == "WB-7002"
    clerk = world.sign_in("CL", login="clerk")
    assert clerk.post(f"{API}/preview", {"documents": ["NO"], "to": to}).code == "WB-8220"
    assert clerk.post(f"{API}/preview", {"to": to}).code == "WB-8220"
    assert clerk.post(f"{API}/apply", {"documents": [document], "to": to}).status == 422


def test_no_name_is_in_a_log(world: World, records: Records, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    asked = {"documents": [records.scanned()], "to": records.patient(records.two)}
    browser = world.sign_in("CL")
    assert "示例甲" in browser.post(f"{API}/preview", asked).body.decode()
    browser.post(f"{API}/apply", asked | {"note": "wrong label"})
    assert "示例甲" not in caplog.text
    assert "Muñoz" not in caplog.text
