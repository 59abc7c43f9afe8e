"""For machines."""

from __future__ import annotations

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


def test_metrics_are_text_of_the_format(world: World) -> None:
    answer = Browser(world.app).get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert "waybill_wal_bytes " in answer.body.decode()
    world.bridge.closing = True
    assert Browser(world.app).get("/metrics").status == 503


def test_metrics_from_elsewhere_need_the_right(world: World) -> None:
    browser = Browser(world.app)
    browser.address = "10.0.0.9"
    assert browser.get("/metrics").status == 401
    assert Browser(world.app).get("/metrics", x_forwarded_for="10.0.0.9").status == 401
    signed = world.sign_in("AN")
    signed.address = "10.0.0.9"
    assert signed.get("/metrics").status == 200
