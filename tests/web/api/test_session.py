"""What every screen needs to know of the person."""

from __future__ import annotations

from sqlalchemy import Connection

from tests.engine.ops import seed
from tests.web.api.world import World


def test_the_session_names_the_person_and_what_needs_them(world: World) -> None:
    browser = world.sign_in("OP", "PH")

    def rows(conn: Connection) -> None:
        seed.attention(conn)
        seed.attention(conn, acknowledged_by="demo")
        number, _ = seed.run(conn)
        seed.wait(conn, number)

    world.write(rows)
    answer = browser.get("/api/v1/session").json()
    assert answer["user"] == {"login": "demo", "name": "Demo", "roles": ["OP", "PH"], "language": "en", "keys": {}}
    assert answer["site"] == {"name": "Test site", "band": "TEST"}
    assert answer["needs_me"] == 2
    assert "sign" in answer["nav"]
    assert "names" in answer["rights"]
    assert len(answer["csrf"]) == 64


def test_the_navigation_holds_what_one_may(world: World) -> None:
    nav = ["today", "engine", "messages", "runs", "attention", "alerts"]
    assert world.sign_in("AN").get("/api/v1/session").json()["nav"] == nav


def test_language_is_kept(world: World) -> None:
    browser = world.sign_in()
    assert browser.send("PUT", "/api/v1/session/language", {"language": "zh"}).status == 204
    assert browser.get("/api/v1/session").json()["user"]["language"] == "zh"
    assert browser.send("PUT", "/api/v1/session/language", {"language": "xx"}).status == 422


def test_signing_out_ends_the_session(world: World) -> None:
    browser = world.sign_in()
    assert browser.send("DELETE", "/api/v1/session").status == 204
    assert browser.get("/api/v1/session").status == 401
    assert world.rows("SELECT * FROM session") == []
    assert world.audit()[-1]["act"] == "session.end"


def test_the_cookie_is_secure_behind_https(world: World) -> None:
    world.bridge.origins = ("https://waybill.example",)
    browser = world.sign_in()
    answer = browser.send("DELETE", "/api/v1/session")
    assert "secure" in answer.headers["set-cookie"].lower()
