"""The links that the HIS stores."""

from __future__ import annotations

import pytest

from engine.message import Blob
from tests.engine.ops import seed
from tests.web.api.world import PNG, Browser, World

LINK = "/d/ABCDEFGHIJKLMNOP"


@pytest.fixture(name="sha256")
def fixture_document(world: World) -> str:
    kept = world.blobs.put(b"%PDF-1.7 signed", "application/pdf")
    world.write(lambda conn: seed.document(conn, seed.patient(conn), kept.sha256))
    return kept.sha256


def test_a_document_opens_and_the_look_is_written(world: World, sha256: str) -> None:
    answer = world.sign_in("PH").get(LINK)
    assert answer.body == b"%PDF-1.7 signed"
    assert answer.headers["content-disposition"] == 'inline; filename="ABCDEFGHIJKLMNOP.pdf"'
    assert answer.headers["cache-control"] == "no-store"
    row = world.audit()[-1]
    assert (row["act"], row["patient"], row["subject"]) == ("document.open", 1, "ABCDEFGHIJKLMNOP")


def test_the_picture_is_drawn_once_in_a_worker_and_each_look_is_written(world: World, sha256: str) -> None:
    browser = world.sign_in("PH")
    assert browser.get(f"{LINK}.png").body == PNG
    assert browser.get(f"{LINK}.png").body == PNG
    assert browser.get(f"{LINK}.png").headers["content-type"] == "image/png"
    path = str(world.blobs.path(Blob(sha256, 0)))
    assert world.workers.jobs == [("engine.transform.pdf:render_png", (path, 1, 1200))]
    assert world.acts_audited() == ["document.picture"] * 3


def test_an_unknown_document(world: World) -> None:
    browser = world.sign_in("PH")
    assert browser.get("/d/NOTHING").status == 404
    assert browser.get("/d/NOTHING.png").status == 404
    assert browser.get("/d/a b").status == 422
    assert world.acts_audited() == []


def test_without_a_session_the_way_to_sign_in(world: World, sha256: str) -> None:
    answer = Browser(world.app).get(f"{LINK}.png")
    assert (answer.status, answer.headers["location"]) == (303, f"/login?next={LINK}.png")


def test_a_withdrawn_document_is_gone(world: World, sha256: str) -> None:
    world.write(lambda conn: conn.exec_driver_sql("UPDATE document SET state = 'withdrawn'"))
    browser = world.sign_in()
    for link in (LINK, f"{LINK}.png"):
        answer = browser.get(link)
        assert (answer.status, answer.code) == (410, "WB-8312")
