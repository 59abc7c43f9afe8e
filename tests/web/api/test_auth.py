"""One-time links, sessions and attempts."""

from __future__ import annotations

import functools

import pytest

from engine.message import Refused
from tests.engine.ops import seed
from tests.web.api.world import Browser, World
from web.api import auth
from web.api.auth import Attempts, create_link


def test_a_link_is_used_once_and_kept_only_as_its_hash(world: World) -> None:
    world.write(lambda conn: seed.user(conn))
    token = world.write(lambda conn: create_link(conn, "demo", seed.NOW))
    assert token not in str(world.rows("SELECT * FROM one_time"))
    browser = Browser(world.app)
    first = browser.post("/api/v1/session/link", {"token": token})
    assert first.status == 204
    cookie = first.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert browser.cookies["waybill"] not in str(world.rows("SELECT * FROM session"))
    again = Browser(world.app).post("/api/v1/session/link", {"token": token})
    assert again.status == 401
    assert [row["act"] for row in world.audit()] == ["session.open", "session.refused"]


def test_every_failure_has_the_same_answer(world: World) -> None:
    world.write(lambda conn: seed.user(conn))
    world.write(lambda conn: seed.user(conn, "gone", disabled_at=None))
    used = world.write(lambda conn: create_link(conn, "demo", seed.NOW))
    late = world.write(lambda conn: create_link(conn, "demo", seed.NOW - auth.LINK_LIFE + 1))
    gone = world.write(lambda conn: create_link(conn, "gone", seed.NOW))
    world.write(lambda conn: conn.exec_driver_sql("UPDATE users SET disabled_at = 1 WHERE login = 'gone'"))
    Browser(world.app).post("/api/v1/session/link", {"token": used})
    world.time += 1
    answers = [Browser(world.app).post("/api/v1/session/link", {"token": one}) for one in (used, late, gone, "unknown")]
    assert {answer.status for answer in answers} == {401}
    assert len({answer.body for answer in answers}) == 1
    assert all("set-cookie" not in answer.headers for answer in answers)


def test_no_link_for_who_is_unknown_or_disabled(world: World) -> None:
    world.write(lambda conn: seed.user(conn, "gone", disabled_at=seed.NOW))
    for login in ("gone", "nobody"):
        with pytest.raises(Refused):
            world.write(functools.partial(create_link, user_login=login, now_ms=seed.NOW))


def test_a_session_ends_when_idle(world: World) -> None:
    browser = world.sign_in()
    for _ in range(3):
        world.time += auth.IDLE / 1000 - 1
        assert browser.get("/api/v1/session").status == 200
    world.time += auth.IDLE / 1000
    assert browser.get("/api/v1/session").status == 401


def test_a_session_ends_after_its_longest_time_though_it_is_used(world: World) -> None:
    browser = world.sign_in()
    steps = auth.ABSOLUTE // auth.IDLE * 2
    for _ in range(steps - 1):
        world.time += auth.IDLE / 2000
        assert browser.get("/api/v1/session").status == 200
    world.time += auth.IDLE / 2000
    assert browser.get("/api/v1/session").status == 401


def test_disabling_ends_sessions_at_once(world: World) -> None:
    browser = world.sign_in()
    world.write(lambda conn: conn.exec_driver_sql("UPDATE users SET disabled_at = 1"))
    assert browser.get("/api/v1/session").status == 401


def test_attempts_are_limited_by_address_and_in_all() -> None:
    attempts = Attempts(each=2, total=5)
    assert [attempts.allowed("a", 0) for _ in range(3)] == [True, True, False]
    assert [attempts.allowed("b", 0) for _ in range(3)] == [True, True, False]
    assert attempts.allowed("a", auth.MINUTE)
    for number in range(3000):
        attempts.allowed(str(number), 0)
    assert len(attempts._seen) <= Attempts.KEPT


def test_too_many_attempts_are_refused_before_the_store_is_asked(world: World) -> None:
    browser = Browser(world.app)
    statuses = [browser.post("/api/v1/session/link", {"token": "x"}).status for _ in range(12)]
    assert statuses == [401] * 10 + [429] * 2
    assert len(world.audit()) == 10


def test_nothing_secret_is_in_a_repr(world: World) -> None:
    world.write(lambda conn: seed.user(conn))
    token = world.write(lambda conn: create_link(conn, "demo", seed.NOW))
    opened = world.write(lambda conn: auth.sign_in(conn, token, "", seed.NOW))
    assert opened is not None
    assert opened.cookie not in repr(opened)
    person = world.store.read_now(lambda conn: auth.find_person(conn, opened.cookie, "", seed.NOW))
    assert person is not None
    assert person.csrf not in repr(person)
    assert person.session not in repr(person)
