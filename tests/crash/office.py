"""The people: a physician who signs and an operator who answers what is in doubt, both through the REST API."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from engine.demo.client import Browser
from engine.demo.client import Problem as Problem
from engine.message import Refused
from engine.runtime.control import ask
from tests.crash.evidence import Evidence

STATUSES = ("Pending", "Processing", "Processed", "Sent")
THREE_TIMES = "stopped the engine three times"
UNKNOWN = "whether the provider has the job is unknown"


class Away(Exception):
    """The daemon is not there just now, or says that it cannot."""


class _Browser(Browser):
    def open(self, path: str) -> Any:
        """The answer while it comes."""
        return self._opener.open(urllib.request.Request(self._base + path), timeout=60)

    def send(self, method: str, path: str, body: dict[str, Any] | bytes) -> Any:
        """A request of any method, with JSON or bytes."""
        kind = "application/octet-stream" if isinstance(body, bytes) else "application/json"
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Content-Type": kind, "X-CSRF": self._csrf, "Origin": self._base}
        request = urllib.request.Request(self._base + path, data, headers, method=method)
        try:
            with self._opener.open(request, timeout=60) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            problem = json.loads(error.read() or b"{}")
            raise Problem(error.code, str(problem.get("code")), str(problem.get("detail"))) from None


class Office:
    """One person with every role. Acts again and again on what the screens show, as people do."""

    def __init__(self, base: str, state: Path, evidence: Evidence, login: str = "crash") -> None:
        self._login = login
        self._base = base
        self._state = state
        self._evidence = evidence
        self._browser: _Browser | None = None
        self._refused = ""
        self.answered: list[tuple[str, str]] = []
        """(order, answer) of what was in doubt."""
        self.taken_back: list[str] = []
        """Orders whose signing job was lost, and asked for again."""
        self.retried: list[str] = []
        """Orders that were in work at three kills in a row: the engine holds them for a person."""

    def answers(self, order: str) -> list[str]:
        return [answer for named, answer in self.answered if named == order]

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self._base}/health/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except (OSError, http.client.HTTPException):
            return False

    def make_user(self) -> None:
        roles = ["AN", "OP", "SC", "CL", "PH", "AD", "AU"]
        signs = {"staff_number": "D9001", "certificate_id": "U-D9001"} if self._login == "crash" else {}
        ask(self._state, "users.add", {"login": self._login, "name": "试验医师", "roles": roles, **signs})

    def look(self, orders: Iterable[str]) -> bool:
        """Act on what waits for a person; True when all orders are sent and done."""
        wanted = list(orders)
        rows = self.rows(wanted)
        for order, row in rows.items():
            self._act(order, row)
        return len(rows) == len(wanted) and all(row["state"] == "done" for row in rows.values())

    def rows(self, orders: list[str]) -> dict[str, dict[str, Any]]:
        """The worklist's rows of these orders."""
        text = orders[0] if len(orders) == 1 else ""
        found: dict[str, dict[str, Any]] = {}
        for status in STATUSES:
            for row in self._pages(status, text):
                if row["order_id"] in orders:
                    found[row["order_id"]] = row
        return found

    def _pages(self, status: str, text: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        after = None
        while True:
            page = self.post("/api/v1/worklist/search", {"status": status, "text": text, "limit": 200, "after": after})
            rows += page["items"]
            after = page["next"]
            if after is None:
                return rows

    def _act(self, order: str, row: dict[str, Any]) -> None:
        run = row["run_id"]
        try:
            if row["badge"] == "doubt":
                answer = "arrived" if self._evidence.accepted(order) else "again"
                self.post(f"/api/v1/runs/{run}/doubt", {"answer": answer, "note": "looked at the HIS"})
                self.answered.append((order, answer))
            elif row["badge"] in ("held", "dead"):
                assert row["reason"] == THREE_TIMES, f"{order} is {row['badge']}: {row['reason']}"
                self.post(f"/api/v1/runs/{run}/retry", {"note": "looked at it"})
                self.retried.append(order)
            elif row["reason"].startswith(UNKNOWN):
                self.post(f"/api/v1/sign/{run}/cancel")
                self.taken_back.append(order)
            elif row["can_sign"]:
                self.post(f"/api/v1/sign/{run}/sign")
        except Problem as problem:  # it moved on since the list was made
            self._refused = f"{order}: {problem}"

    def connections(self) -> dict[str, str]:
        """Health by connection, as the dashboard shows it."""
        return {one["name"]: one["state"] for one in self.get("/api/v1/dashboard")["connections"]}

    def stream(self, path: str) -> Any:
        """An open answer that is read line by line."""
        return self._ask(lambda browser: browser.open(path))

    def get(self, path: str) -> Any:
        return self._ask(lambda browser: browser.get(path))

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        return self._ask(lambda browser: browser.post(path, body))

    def _ask(self, request: Any) -> Any:
        try:
            if self._browser is None:
                self._browser = self._sign_in()
            return request(self._browser)
        except Problem as problem:
            if problem.status in (429, 503):
                raise Away(str(problem)) from None
            if problem.status == 401:
                self._browser = None
                raise Away("signed out") from None
            raise
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Away(type(error).__name__) from None

    def _sign_in(self) -> _Browser:
        try:
            token = ask(self._state, "users.link", {"login": self._login})
        except Refused as refused:
            raise Away(str(refused)) from None
        browser = _Browser(self._base)
        browser.sign_in(token)
        return browser

    def story(self, orders: Iterable[str]) -> str:
        """Where the orders are, for a test that fails."""
        try:
            rows = self.rows(list(orders))
        except (Away, Problem) as error:
            return f"the daemon does not say ({error})"
        words = ("status", "state", "badge", "waits_for", "reason", "can_sign")
        open_ = {order: {word: row[word] for word in words} for order, row in rows.items() if row["state"] != "done"}
        return f"{len(rows)} known, open: {dict(list(open_.items())[:5])}; last refusal: {self._refused}"
