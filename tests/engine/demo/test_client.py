"""The API as the demonstration asks it."""

from __future__ import annotations

import pytest

from engine.demo.client import Browser, Problem
from tests.engine.demo.api import Api


def test_the_browser_signs_in_with_a_link_and_then_shows_its_token(api: Api, browser: Browser) -> None:
    api.answers["/api/v1/session/link"] = (204, None)
    api.answers["/api/v1/session"] = (200, {"csrf": "c5"})
    browser.sign_in("t0ken")
    assert api.asked[0][3] == {"token": "t0ken"}
    api.answers["/api/v1/x"] = (200, [1])
    assert browser.post("/api/v1/x") == [1]
    _, _, headers, body = api.asked[-1]
    assert (headers["x-csrf"], headers["cookie"], body) == ("c5", "waybill=x", {})
    assert headers["origin"] == f"http://{headers['host']}"
    with pytest.raises(Problem, match=r"^404 WB-7404 There is no such thing\.$") as problem:
        browser.get("/api/v1/nothing")
    assert problem.value.status == 404


def test_changes_and_files(api: Api, browser: Browser) -> None:
    api.answers["/api/v1/x"] = (200, {"a": 1})
    assert browser.patch("/api/v1/x", {"b": 2}) == {"a": 1}
    assert api.asked[-1][0] == "PATCH"
    data, headers = browser.file("/api/v1/x", {})
    assert (data, headers["Set-Cookie"]) == (b'{"a": 1}', "waybill=x")
    assert browser.get("/api/v1/x") == {"a": 1}
    assert "x-csrf" not in api.asked[-1][2]
