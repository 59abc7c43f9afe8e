"""One order from the HIS to the signed report at the HIS, through the same doors that people and systems use."""

from __future__ import annotations

import http.cookiejar
import json
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.cli.demo import Demo


class Problem(Exception):
    """The API's own answer to what it does not do: HTTP status, WB code, one line."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(f"{status} {code} {detail}")
        self.status = status


class Browser:
    """The REST API with a session, by the standard library."""

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
        return self._send(urllib.request.Request(self._base + path))  # noqa: S310 - http:// of our own daemon

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        headers = {"Content-Type": "application/json", "X-CSRF": self._csrf, "Origin": self._base}
        data = json.dumps(body or {}).encode()
        return self._send(urllib.request.Request(self._base + path, data, headers))  # noqa: S310 - as above

    def _send(self, request: urllib.request.Request) -> Any:
        try:
            with self._opener.open(request, timeout=20) as answer:
                data = answer.read()
        except urllib.error.HTTPError as error:
            problem = json.loads(error.read() or b"{}")
            raise Problem(error.code, str(problem.get("code")), str(problem.get("detail"))) from None
        return json.loads(data) if data else None


def drive(demo: Demo, seconds: float) -> int:
    """0 when the order's signed report is at the HIS."""
    browser = Browser(f"http://{demo.web}")
    browser.sign_in(demo.link().partition("#")[2])
    [answer] = demo.push("order")
    order = answer["order_id"]
    _say(f"the HIS pushed order {order}: ResultCode {answer['result']}")
    row = demo.until(lambda: _find(browser, order, "Processed", waits=True), seconds, "the report did not come")
    _say("the device's report is there: Processed")
    browser.post(f"/api/v1/sign/{row['run_id']}/sign")
    _say("the physician signs; the phone approves")
    demo.until(lambda: _find(browser, order, "Sent"), seconds, "the signed report was not sent")
    demo.until(lambda: browser.get(f"/api/v1/runs/{row['run_id']}")["state"] == "done", seconds, "the run did not end")
    document = _received(demo.folder, order)
    if document is None:
        _say("the HIS has no accepted document of this order")
        return 1
    _say(f"the HIS accepted document {document.name}")
    sys.stdout.write(_waybill(browser.get(f"/api/v1/runs/{row['run_id']}")))
    return 0


def _find(browser: Browser, order: str, status: str, *, waits: bool = False) -> Any:
    try:
        found = browser.post("/api/v1/worklist/search", {"status": status, "limit": 200})
    except Problem as error:
        if error.status == 503:
            return None
        raise
    rows = [row for row in found["items"] if row["order_id"] == order]
    return next((row for row in rows if row["can_sign"] or not waits), None)


def _received(folder: Path, order: str) -> Path | None:
    for line in (folder / "logs" / "his.jsonl").read_text("utf-8").splitlines():
        call = json.loads(line)
        if call.get("operation") == "RegisterDocumentRt" and call.get("order_id") == order and call.get("accepted"):
            return folder / "received" / f"{call['document_id']}.pdf"
    return None


def _waybill(run: dict[str, Any]) -> str:
    lines = [f"\n  waybill {run['id']}  {run['route']}  {run['status']}  {run['state']}"]
    lines += [f"    {step['at'] or '':<26} {step['id']:<14} {step['state']}" for step in run["steps"]]
    return "\n".join([*lines, "", ""])


def _say(text: str) -> None:
    sys.stdout.write(f"  {text}\n")
    sys.stdout.flush()
