"""RECORDS: the tree, the reader, its pictures; each look is written."""

from __future__ import annotations

import io
import zlib

import pytest
from PIL import Image
from sqlalchemy import insert

from engine.store.schema_records import page_text
from tests.web.api.records_world import Records
from tests.web.api.world import Browser, World

API = "/api/v1"
WORDS = zlib.compress(b'[[0.1, 0.1, 0.3, 0.05, 90, "Alta"], [0.5, 0.1, 0.3, 0.05, 90, "m\\u00e9dica"]]')


@pytest.fixture(name="records")
def fixture_records(world: World) -> Records:
    return Records(world)


@pytest.fixture(name="browser")
def fixture_browser(world: World, records: Records) -> Browser:
    return world.sign_in("PH")


def test_a_tree_in_any_order(world: World, records: Records, browser: Browser) -> None:
    document = records.scanned(department="psy")
    records.routed()
    records.pages(3, state="open")
    url = f"{API}/patients/{records.patient(records.one)}/tree"
    found = browser.get(f"{url}?by=department,kind").json()
    assert (found["by"], found["total"], found["patient"]["number"]) == (["department", "kind"], 2, "0009000001")
    (psy, none) = found["nodes"]
    assert (psy["key"], psy["nodes"][0]["key"], none["nodes"][0]["key"]) == ("psy", "consent", "ANS report")
    assert psy["nodes"][0]["documents"][0]["id"] == document
    assert found["in_work"]["pages"] == 5
    assert len(found["unchecked"][0]["pages"]) == 3
    assert world.audit()[-1]["act"] == "record.tree"
    asked = {"by": ["department"], "keys": ["psy"]}
    assert [one["id"] for one in browser.post(f"{url}/documents", asked).json()["items"]] == [document]
    for wrong in ("by=kind,kind", "by=name", "by=KIND"):
        assert browser.get(f"{url}?{wrong}").status == 422
    assert browser.get(f"{API}/patients/NONE/tree").status == 404


def test_a_document_is_read_and_found_in(world: World, records: Records, browser: Browser) -> None:
    keys = records.pages(2)
    document = records.scanned(pages=keys)
    row = {"page": keys[1], "languages": "spa", "engine": "t", "recipe": "", "text": "Alta", "words": WORDS}
    world.write(lambda conn: conn.execute(insert(page_text).values(row | {"confidence": 90, "ms": 1, "at": 1})))
    shown = browser.get(f"{API}/documents/{document}/reader").json()
    assert (shown["document"]["unread"], shown["patient"]["name"]) == (False, "示例甲")
    assert [one["page"] for one in shown["pages"]] == records.ids(keys)
    assert (shown["versions"][0]["form"], shown["versions"][0]["by"]) == ("pictures", None)
    hits = browser.post(f"{API}/documents/{document}/find", {"text": "medica"}).json()["hits"]
    assert hits == [{"n": 2, "boxes": [[0.5, 0.1, 0.3, 0.05]]}]
    assert world.acts_audited() == ["document.reader"]
    assert browser.get(f"{API}/documents/{document}/versions/1").body.startswith(b"%PDF")
    assert browser.get(f"{API}/documents/{document}/versions/2").status == 404
    assert browser.get(f"{API}/documents/NONE/reader").status == 404


def test_pictures_of_pages(world: World, records: Records, browser: Browser) -> None:
    document = records.scanned()
    url = f"{API}/documents/{document}/pages"
    for which in ("view", "thumb"):
        answer = browser.get(f"{url}/1/{which}?r=")
        assert answer.status == 200, answer.body
        assert Image.open(io.BytesIO(answer.body)).size == (120, 80)
    assert world.acts_audited() == ["document.reader"]
    assert browser.get(f"{url}/3/view").status == 404
    assert browser.get(f"{url}/0/view").status == 422
    assert browser.get(f"{API}/documents/{records.routed()}/pages/1/view").status == 404


def test_a_routes_document_has_no_pages_here(records: Records, browser: Browser) -> None:
    shown = browser.get(f"{API}/documents/{records.routed()}/reader").json()
    assert (shown["pages"], shown["versions"], shown["document"]["origin"]) == (None, [], "route")


def test_a_pin_is_ones_own(world: World, records: Records, browser: Browser) -> None:
    document = records.scanned()
    url = f"{API}/documents/{document}"
    assert browser.post(f"{url}/pin", {"on": True}).status == 204
    assert browser.get(f"{url}/reader").json()["document"]["pinned"]
    other = world.sign_in("CL", login="bea")
    assert not other.get(f"{url}/reader").json()["document"]["pinned"]
    browser.post(f"{url}/pin", {"on": False})
    assert not browser.get(f"{url}/reader").json()["document"]["pinned"]


def test_a_withdrawn_document_is_gone_but_for_who_edits(world: World, records: Records, browser: Browser) -> None:
    document = records.scanned(state="withdrawn")
    assert (browser.get(f"{API}/documents/{document}/reader").status) == 410
    tree = f"{API}/patients/{records.patient(records.one)}/tree?withdrawn=true"
    assert browser.get(tree).json()["total"] == 0
    clerk = world.sign_in("CL", login="bea")
    assert clerk.get(f"{API}/documents/{document}/reader").status == 200
    assert clerk.get(tree).json()["total"] == 1


def test_who_may_not(world: World, records: Records) -> None:
    document = records.scanned()
    browser = world.sign_in("SC", login="scan")
    assert browser.get(f"{API}/documents/{document}/reader").status == 403
    assert browser.get(f"{API}/patients/{records.patient(records.one)}/tree").status == 403
