"""The REST API with a session, by the standard library: what a person's browser does, without the person."""

from __future__ import annotations

import http.cookiejar
import json
import urllib.error
import urllib.request
from email.message import Message
from typing import Any

ANSWER_WITHIN = 60.0
"""A machine that is at its limit answers late, and is no failure."""


class Problem(Exception):
    """The API's own answer to what it does not do: HTTP status, WB code, one line."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(f"{status} {code} {detail}")
        self.status = status


class Browser:
    """Asks under one address; `sign_in` first."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()), urllib.request.ProxyHandler({})
        )
        self._csrf = ""

    def sign_in(self, token: str) -> None:
        self.post("/api/v1/session/link", {"token": token})
        self._csrf = self.get("/api/v1/session")["csrf"]

    def get(self, path: str) -> Any:
        return _json(self._open("GET", path, None)[0])

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        return _json(self._open("POST", path, body or {})[0])

    def patch(self, path: str, body: dict[str, Any]) -> Any:
        return _json(self._open("PATCH", path, body)[0])

    def file(self, path: str, body: dict[str, Any]) -> tuple[bytes, Message]:
        """What a POST answers with when that is a file, and its headers."""
        return self._open("POST", path, body)

    def _open(self, method: str, path: str, body: dict[str, Any] | None) -> tuple[bytes, Message]:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", "X-CSRF": self._csrf, "Origin": self._base} if data else {}
        request = urllib.request.Request(self._base + path, data, headers, method=method)  # noqa: S310 - our own daemon
        try:
            with self._opener.open(request, timeout=ANSWER_WITHIN) as answer:
                return answer.read(), answer.headers
        except urllib.error.HTTPError as error:
            problem = json.loads(error.read() or b"{}")
            raise Problem(error.code, str(problem.get("code")), str(problem.get("detail"))) from None


def _json(data: bytes) -> Any:
    return json.loads(data) if data else None
