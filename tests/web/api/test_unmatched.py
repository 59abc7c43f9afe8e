"""Files that nothing claims, through the API."""

from __future__ import annotations

from sqlalchemy import Connection

from engine.message import new_id
from tests.engine.ops import seed
from tests.web.api.world import World


def test_files_with_their_candidates(world: World) -> None:
    number, run_id = world.write(lambda conn: seed.run(conn, seed.labels()))
    world.acts.offered = [{"run_id": run_id, "run": number, "folder": "p/o", "why": "the same folder"}]
    kept = world.blobs.put(b"%PDF-1.7", "application/pdf")

    def rows(conn: Connection) -> None:
        seed.blob(conn, kept)
        seed.file(conn, blob=kept.sha256)
        seed.file(conn, state="incomplete")
        seed.file(conn, state="taken")

    world.write(rows)
    browser = world.sign_in("OP")
    first, second = browser.get("/api/v1/unmatched").json()["items"]
    assert first["candidates"] == [{"run_id": run_id, "label": "175||3125", "why": "the same folder"}]
    assert second["candidates"] == []
    assert (first["has_content"], second["has_content"], second["state"]) == (True, False, "incomplete")
    content = browser.get("/api/v1/unmatched/1/content")
    assert (content.status, content.body) == (200, b"%PDF-1.7")
    assert browser.get("/api/v1/unmatched/2/content").status == 404
    assert world.acts_audited() == ["unmatched.list", "file.open"]


def test_choose_and_discard(world: World) -> None:
    browser = world.sign_in("CL")
    run_id = new_id()
    assert browser.post("/api/v1/unmatched/3/choose", {"run_id": run_id}).status == 204
    assert browser.post("/api/v1/unmatched/3/discard", {"reason": "a test page"}).status == 204
    assert browser.post("/api/v1/unmatched/3/discard", {"reason": ""}).status == 422
    assert world.acts.called == [("choose", 3, run_id, "demo"), ("discard", 3, "a test page", "demo")]
