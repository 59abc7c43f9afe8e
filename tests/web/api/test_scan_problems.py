"""PROBLEMS through the API."""

from __future__ import annotations

from types import SimpleNamespace

from sqlalchemy import Connection, insert

from engine.site.model import Connection as SiteConnection
from engine.site.model import Receive, Route
from engine.store.schema import file
from engine.store.schema_records import scan_file
from tests.records import seed
from tests.web.api.world import World

PROBLEMS = "/api/v1/scan/problems"


def test_listed_and_tried_again(world: World) -> None:
    site = world.bridge.site
    assert site is not None
    site.connections["scan_drop"] = SiteConnection("scan_drop", "folder", SimpleNamespace())
    site.routes["scans"] = Route("scans", "r1", Receive(("scan_drop",), "file"), (), ())

    def rows(conn: Connection) -> None:
        about = {"path": "n/a.jpg", "size": 1, "mtime_ns": 1, "inode": 1, "state": "incomplete", "reason": "no end"}
        for connection in ("scan_drop", "device_dir"):
            conn.execute(insert(file).values(connection=connection, first_seen=5, changed_at=5, **about))
        seed.file(conn, None, state="failed", name="bad.tif", code="WB-8003", reason="why")

    world.write(rows)
    browser = world.sign_in("SC")
    first = browser.post(f"{PROBLEMS}/search", {"limit": 1}).json()
    assert first["counts"]["unreadable"] == 1
    assert first["items"] == [
        {
            "id": "drop-1", "kind": "incomplete", "batch": None, "subject": "n/a.jpg", "code": "WB-8607",
            "reason": "no end", "since": 5, "can_retry": False, "patient": None, "document": None, "page": None,
        }
    ]  # fmt: skip
    (failed,) = browser.post(f"{PROBLEMS}/search", {"limit": 1, "after": first["next"]}).json()["items"]
    assert (failed["kind"], failed["can_retry"]) == ("unreadable", True)
    answer = browser.post(f"{PROBLEMS}/retry", {"ids": [failed["id"], "drop-1", failed["id"]]})
    assert answer.json() == {"retried": 1, "left": 1}
    assert world.rows(f"SELECT state FROM {scan_file.name}") == [{"state": "taken"}]
    assert world.acts_audited() == ["problems.list", "problems.list", "problems.retry"]
    assert browser.post(f"{PROBLEMS}/retry", {"ids": ["nonsense"]}).code == "WB-8630"


def test_who_may(world: World) -> None:
    assert world.sign_in("PH").post(f"{PROBLEMS}/search", {}).status == 403
    assert world.sign_in("OP", login="operator").post(f"{PROBLEMS}/search", {}).json()["items"] == []
