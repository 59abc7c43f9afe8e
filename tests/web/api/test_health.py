"""For machines."""

from __future__ import annotations

from tests.engine.ops import seed
from tests.web.api.world import Browser, World


def test_live_needs_no_store(world: World) -> None:
    world.bridge.store = None  # type: ignore[assignment]
    assert Browser(world.app).get("/health/live").json() == {"status": "alive"}


def test_ready_says_why_not(world: World) -> None:
    assert Browser(world.app).get("/health/ready").json() == {"ready": True, "reasons": []}
    world.bridge.site = None
    world.bridge.closing = True
    answer = Browser(world.app).get("/health/ready")
    assert (answer.status, answer.json()["reasons"]) == (503, ["stopping", "no site is loaded"])


def test_metrics_hold_names_of_the_site_and_no_patient(world: World) -> None:
    world.write(lambda conn: seed.run(conn, seed.labels(), state="dead", step="send_back"))
    answer = Browser(world.app).get("/metrics")
    text = answer.body.decode()
    assert answer.headers["content-type"].startswith("text/plain")
    assert 'waybill_runs{route="exam_report",state="dead"} 1' in text
    assert 'waybill_connection_up{connection="his_out",type="soap_out"} 0' in text
    assert 'waybill_connection_dead{connection="his_out"} 1' in text
    assert "waybill_wal_bytes " in text
    assert seed.NAME not in text
    assert "3125" not in text


def test_metrics_from_elsewhere_need_the_right(world: World) -> None:
    browser = Browser(world.app)
    browser.address = "10.0.0.9"
    assert browser.get("/metrics").status == 401
    assert Browser(world.app).get("/metrics", x_forwarded_for="10.0.0.9").status == 401
    signed = world.sign_in("AN")
    signed.address = "10.0.0.9"
    assert signed.get("/metrics").status == 200
