"""CONNECTION through the API."""

from __future__ import annotations

from engine.message import Unavailable
from tests.engine.ops import seed
from tests.web.api.world import World
from web.api.engine_connections import probed


def test_a_connection_with_its_queue_and_health(world: World) -> None:
    world.write(lambda conn: seed.run(conn, state="dead", step="send_back"))
    page = world.sign_in("AD").get("/api/v1/connections/his_out").json()
    assert (page["row"]["name"], page["row"]["state"], page["row"]["counts"]) == ("his_out", "down", {"dead": 1})
    assert [one["state"] for one in page["health"]] == ["down", "up"]
    (use,) = page["uses"]
    assert (use["route"], use["step"], use["verb"], use["counts"]) == ("exam_report", "send_back", "call", {"dead": 1})
    assert (page["receives"], page["certificate_ends"]) == ([], None)
    assert world.sign_in(login="x").get("/api/v1/connections/his_in").json()["receives"] == ["exam_report"]


def test_one_that_is_not_there(world: World) -> None:
    browser = world.sign_in()
    assert browser.get("/api/v1/connections/none").status == 404
    assert browser.post("/api/v1/connections/none/pause", {}).status == 404
    assert browser.post("/api/v1/connections/none/probe").status == 404
    assert browser.post("/api/v1/connections/his_out/explode", {}).status == 422
    world.bridge.site = None
    assert browser.get("/api/v1/connections/his_in").status == 404


def test_a_probe_says_what_the_peer_said(world: World) -> None:
    browser = world.sign_in()
    world.desk.answer = {"ok": False, "text": "no such table", "findings": ["Clients"]}
    answer = browser.post("/api/v1/connections/his_out/probe").json()
    assert answer == {"ok": False, "text": "no such table", "findings": ["Clients"]}
    world.desk.failure = Unavailable("WB-3001", "connection refused")
    answer = browser.post("/api/v1/connections/his_out/probe").json()
    assert (answer["ok"], answer["text"]) == (False, "WB-3001 connection refused")


def test_every_form_of_a_good_answer() -> None:
    assert probed(None).ok
    assert probed("reached").text == "reached"
    assert probed(["a", "b"]).findings == ["a", "b"]
