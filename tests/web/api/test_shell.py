"""Headers, hosts, origins, sizes, and what a bug looks like."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest

from tests.web.api.world import HOST, Browser, World, run_asgi
from web.api import shell
from web.api.shell import LARGEST, Shell, hosts_of


def test_headers_are_on_every_answer(world: World) -> None:
    for path in ("/", "/api/v1/session", "/health/live", "/api/docs", "/d/ABC", "/nothing"):
        answer = Browser(world.app).get(path)
        policy = answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy
        assert "script-src 'self';" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
    assert Browser(world.app).get("/api/v1/session").headers["cache-control"] == "no-store"
    assert "strict-transport-security" not in Browser(world.app).get("/").headers


def test_a_foreign_host_is_refused(world: World) -> None:
    for host in ("evil.example", "127.0.0.1.evil.example:8080", ""):
        browser = Browser(world.app)
        browser.headers["host"] = host
        assert browser.get("/health/live").status == 421
    for host in ("localhost:8080", "[::1]:8080", "127.0.0.1"):
        browser = Browser(world.app)
        browser.headers["host"] = host
        assert browser.get("/health/live").status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_a_change_from_another_site_is_refused(world: World, headers: dict[str, str]) -> None:
    browser = world.sign_in()
    browser.headers.update(headers)
    assert browser.post("/api/v1/worklist/search", {"status": "Sent"}).code == "WB-7003"
    assert Browser(world.app).send("POST", "/api/v1/session/link", {"token": "x"}, headers).status == 403


def test_a_change_from_our_own_pages_is_taken(world: World) -> None:
    browser = world.sign_in()
    browser.headers.update({"origin": f"http://{HOST}", "sec-fetch-site": "same-origin"})
    assert browser.post("/api/v1/worklist/search", {"status": "Sent"}).status == 200


def test_bodies_are_bounded_declared_or_not(world: World) -> None:
    browser = world.sign_in()
    big = b"x" * (LARGEST + 1)
    assert browser.post("/api/v1/worklist/search", big).status == 413
    assert browser.send("POST", "/api/v1/worklist/search", big, {"content-length": ""}).status == 413
    assert browser.send("POST", "/api/v1/worklist/search", b"{}", {"content-length": "-1"}).status == 413


def test_a_body_that_does_not_come_ends_the_request(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shell, "SLOWEST", 0.05)
    sent: list[Any] = []

    async def receive() -> Any:
        await asyncio.sleep(60)

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"127.0.0.1"), (b"content-type", b"application/json"), (b"content-length", b"10")]
    scope = {"type": "http", "method": "POST", "path": "/api/v1/session/link", "query_string": b"", "headers": headers}
    asyncio.run(world.app(scope, receive, send))
    assert sent[0]["status"] == 408
    assert json.loads(sent[1]["body"])["code"] == "WB-7008"


def test_an_origin_that_is_no_address_is_foreign(world: World) -> None:
    browser = world.sign_in()
    for origin in ("http://[::1", "http://[x]/", "null", "", "http://127.0.0.1:8080@evil.example"):
        answer = browser.send("POST", "/api/v1/worklist/search", {}, {"origin": origin or " "})
        assert (answer.status, answer.code) == (403, "WB-7003")


def test_a_bug_in_an_endpoint_is_a_problem(world: World, caplog: pytest.LogCaptureFixture) -> None:
    browser = world.sign_in()
    world.bridge.clock = None  # type: ignore[assignment]
    answer = browser.get("/api/v1/today")
    assert (answer.status, answer.code) == (500, "WB-7009")
    assert "bug: TypeError" in caplog.text


def test_a_bug_says_where_and_nothing_of_the_request(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        raise ValueError("示例甲 0009000001")

    with caplog.at_level(logging.ERROR):
        answer = run_asgi(Shell(broken, hosts=None, secure=False), "GET", "/", {}, b"", "127.0.0.1")
    assert (answer.status, answer.code) == (500, "WB-7009")
    assert "ValueError" in caplog.text
    assert "test_shell.py" in caplog.text
    assert "示例甲" not in caplog.text + answer.body.decode()
    assert "0009000001" not in caplog.text + answer.body.decode()


def test_https_makes_the_headers_strict() -> None:
    async def empty(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    answer = run_asgi(Shell(empty, hosts=None, secure=True), "GET", "/", {}, b"", "10.0.0.1")
    assert "max-age" in answer.headers["strict-transport-security"]


def test_hosts_of() -> None:
    assert "localhost" in (hosts_of("127.0.0.1:8080", ()) or ())
    assert hosts_of("0.0.0.0:8080", ()) is None
    assert "waybill.example" in (hosts_of("0.0.0.0:8080", ("https://waybill.example",)) or ())
    assert "[::1]" in (hosts_of("[::1]:8080", ()) or ())
