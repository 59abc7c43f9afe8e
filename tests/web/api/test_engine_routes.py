"""ROUTES and ROUTE through the API."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, insert

from engine.store.schema import revision
from tests.engine.ops import seed
from tests.web.api.world import World


def deploy(world: World, name: str, source: Any, by: str = "") -> None:
    row = {"route": "exam_report", "revision": name, "deployed_at": seed.NOW, "by": by, "text": json.dumps(source)}

    def rows(conn: Connection) -> None:
        conn.execute(insert(revision).values(row))

    world.write(rows)


def test_the_list_tells_who_deployed_and_what_was_edited(world: World) -> None:
    deploy(world, "r1", {}, "analyst")
    world.desk.planned = {"routes": {"changed": ["exam_report"]}, "connections": {}, "problems": []}
    answer = world.sign_in("AN").get("/api/v1/routes").json()
    (entry,) = answer["routes"]
    assert (entry["row"]["name"], entry["deployed_by"]) == ("exam_report", "analyst")
    assert entry["deployed_at"] == "2026-09-21T14:13:20.000Z"
    assert answer["plan"]["changes"] == [{"kind": "route", "name": "exam_report", "change": "changed", "detail": ""}]
    world.bridge.desk = None
    assert world.sign_in("AN", login="b").get("/api/v1/routes").json()["plan"] is None


def test_a_route_is_drawn_with_what_stands_at_its_steps(world: World) -> None:
    deploy(world, "r1", {})
    world.write(lambda conn: seed.run(conn, state="dead", step="send_back"))
    page = world.sign_in().get("/api/v1/routes/exam_report").json()
    nodes = {node["id"]: node for node in page["diagram"]["nodes"]}
    assert nodes["send_back"]["at"] == {"dead": 1}
    assert nodes["send_back"]["connection"] == "his_out"
    assert {"from": "signed", "to": "send_back", "way": "next", "label": ""} in page["diagram"]["edges"]
    assert page["receives"] == ["his_in"]
    assert [(one["revision"], one["current"], one["open"]) for one in page["revisions"]] == [("r1", True, 1)]
    assert world.sign_in(login="b").get("/api/v1/routes/none").status == 404


def test_a_revision_brings_its_transforms_and_no_other_file(world: World) -> None:
    deploy(
        world, "r1", {"body": "transforms/his/a.xsl", "evil": "transforms/../../secret", "list": ["transforms/none"]}
    )
    folder = world.folder / "revisions" / "r1" / "transforms" / "his"
    folder.mkdir(parents=True)
    (folder / "a.xsl").write_text("<xsl/>")
    (world.folder / "revisions" / "secret").write_text("hidden")
    browser = world.sign_in()
    answer = browser.get("/api/v1/routes/exam_report/revisions/r1").json()
    assert answer["files"] == {"transforms/his/a.xsl": "<xsl/>"}
    assert "transforms/his/a.xsl" in answer["text"]
    assert browser.get("/api/v1/routes/exam_report/revisions/r9").status == 404
    assert browser.get("/api/v1/routes/exam_report/revisions/..").status in (404, 422)


def test_going_back_is_done_by_the_desk_and_audited(world: World) -> None:
    world.desk.planned = {"routes": {"changed": ["exam_report"]}, "problems": []}
    browser = world.sign_in("AN")
    answer = browser.post("/api/v1/routes/reload", {"route": "exam_report", "revision": "r0"})
    assert answer.json()["changes"][0]["name"] == "exam_report"
    assert world.desk.called == [("reload", "demo", None, "exam_report", "r0")]
    assert (world.audit()[-1]["act"], world.audit()[-1]["subject"]) == ("engine.reload", "exam_report r1")
    assert browser.post("/api/v1/routes/reload", {"route": "exam_report"}).code == "WB-7602"


def test_what_does_not_hold_is_told_and_not_written_down(world: World) -> None:
    fault = {"place": "routes.yaml:3:1", "code": "WB-6003", "text": "unknown key", "advice": "write x"}
    world.desk.planned = {"problems": [fault]}
    browser = world.sign_in("AN")
    assert browser.post("/api/v1/routes/reload", {}).json()["problems"] == [fault]
    assert world.acts_audited() == []
