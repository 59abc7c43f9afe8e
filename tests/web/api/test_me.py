"""ME through the API: a person's own sessions and keys, and nobody else's."""

from __future__ import annotations

from tests.web.api.world import Browser, World
from web.api.auth import create_link


def again(world: World, login: str) -> Browser:
    """The same person at another computer."""
    token = world.write(lambda conn: create_link(conn, login, int(world.time * 1000)))
    browser = Browser(world.app)
    assert browser.post("/api/v1/session/link", {"token": token}).status == 204
    browser.headers["x-csrf"] = browser.get("/api/v1/session").json()["csrf"]
    return browser


def test_sessions_are_seen_and_the_others_ended(world: World) -> None:
    first = world.sign_in("OP", login="bo")
    other = world.sign_in("OP", login="cy")
    world.time += 120
    second, third = again(world, "bo"), again(world, "bo")
    told = first.get("/api/v1/me/sessions").json()["items"]
    assert [one["mine"] for one in told].count(True) == 1
    assert len(told) == 3
    mine = next(one for one in told if one["mine"])
    assert first.send("DELETE", f"/api/v1/me/sessions/{mine['id']}").status == 404, "that is signing out"
    seconds = next(one for one in second.get("/api/v1/me/sessions").json()["items"] if one["mine"])
    assert other.send("DELETE", f"/api/v1/me/sessions/{seconds['id']}").status == 404, "of somebody else"
    assert first.send("DELETE", f"/api/v1/me/sessions/{seconds['id']}").status == 204
    assert second.get("/api/v1/session").status == 401
    assert first.send("DELETE", "/api/v1/me/sessions/others").json() == {"count": 1}
    assert third.get("/api/v1/session").status == 401
    assert first.get("/api/v1/session").status == 200
    assert other.get("/api/v1/session").status == 200
    assert "session.end_others" in [row["act"] for row in world.audit()]
    cookie = first.cookies["waybill"]
    assert not any(cookie in str(one) for one in told), "an id opens nothing"


def test_a_session_that_was_idle_too_long_is_not_shown(world: World) -> None:
    world.sign_in("OP", login="bo")
    world.time += 31 * 60
    assert len(again(world, "bo").get("/api/v1/me/sessions").json()["items"]) == 1


def test_keys_are_kept_for_the_person(world: World) -> None:
    bo, cy = world.sign_in("OP", login="bo"), world.sign_in("OP", login="cy")
    assert bo.send("PUT", "/api/v1/me/keys", {"keys": {"x": "j", "j": "x", "k": "k"}}).status == 204
    assert again(world, "bo").get("/api/v1/session").json()["user"]["keys"] == {"x": "j", "j": "x"}
    assert cy.get("/api/v1/session").json()["user"]["keys"] == {}
    for wrong in ({"x": "j"}, {"x": "j", "y": "j"}, {"xx": "j", "j": "xx"}, {"é": "j", "j": "é"}):
        assert bo.send("PUT", "/api/v1/me/keys", {"keys": wrong}).status == 422, wrong
    assert bo.send("PUT", "/api/v1/me/keys", {"keys": {}}).status == 204
    assert bo.get("/api/v1/session").json()["user"]["keys"] == {}


def test_when_a_person_was_seen_last(world: World) -> None:
    bo = world.sign_in("OP", login="bo")
    begun = world.rows("SELECT seen_at FROM users WHERE login = 'bo'")[0]["seen_at"]
    world.time += 90
    bo.get("/api/v1/session")
    assert world.rows("SELECT seen_at FROM users WHERE login = 'bo'")[0]["seen_at"] == begun + 90_000
