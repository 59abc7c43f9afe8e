"""One order from the HIS to the signed report at the HIS, through the same doors that people and systems use."""

from __future__ import annotations

import http.cookiejar
import json
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.demo.places import DemoFailed

if TYPE_CHECKING:
    from engine.demo.stand import Stand

ARRIVE_WITHIN = 90.0
UNSIGNED = ("refused", "expired", "cancelled", "failed", "quarantined")
"""States in which a signing job ends without a signature."""
ENDED = ("dead", "held", "cancelled", "filtered")
"""States in which a run does not go on by itself."""


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


def drive(stand: Stand, seconds: float = ARRIVE_WITHIN) -> int:
    """0 when the order's signed report is at the HIS; `DemoFailed` as soon as it is clear that it will not be."""
    browser = Browser(f"http://{stand.places.web}")
    browser.sign_in(stand.link().partition("#")[2])
    [answer] = stand.push("order")
    order = answer["order_id"]
    _say(f"the HIS pushed order {order}: ResultCode {answer['result']}")
    row = stand.until(lambda: _waiting(browser, order), seconds, "the report did not come")
    _say("the device's report is there: Processed")
    run = f"/api/v1/runs/{row['run_id']}"
    browser.post(f"/api/v1/sign/{row['run_id']}/sign")
    _say("the physician signs, and the phone is asked")
    stand.until(lambda: arrived(browser, row["run_id"]), seconds, "the signed report was not sent")
    document = received(stand.folder, order)
    if document is None:
        raise DemoFailed("the HIS has no accepted document of this order")
    _say(f"the HIS accepted document {document.name}")
    sys.stdout.write(waybill(browser.get(run)))
    return 0


def arrived(browser: Browser, run_id: str) -> bool:
    """Whether the run is done; `DemoFailed` when it was not signed, or stands still."""
    job = browser.get(f"/api/v1/sign/{run_id}")["job"]
    if job is not None and job["state"] in UNSIGNED:
        raise DemoFailed(f"the report was not signed: {job['reason'] or job['state']}")
    run = browser.get(f"/api/v1/runs/{run_id}")
    if run["state"] in ENDED:
        raise DemoFailed(f"the run is {run['state']} at step {run['step']}")
    return bool(run["state"] == "done")


def _waiting(browser: Browser, order: str) -> Any:
    """The order's row, once this user may sign its report."""
    try:
        found = browser.post("/api/v1/worklist/search", {"status": "Processed", "limit": 200})
    except Problem as error:
        if error.status == 503:
            return None
        raise
    return next((row for row in found["items"] if row["order_id"] == order and row["can_sign"]), None)


def received(folder: Path, order: str) -> Path | None:
    """The document of this order that the HIS accepted, by its own log."""
    for line in (folder / "logs" / "his.jsonl").read_text("utf-8").splitlines():
        call = json.loads(line)
        if call.get("operation") == "RegisterDocumentRt" and call.get("order_id") == order and call.get("accepted"):
            return folder / "received" / f"{call['document_id']}.pdf"
    return None


def waybill(run: dict[str, Any]) -> str:
    """The run's steps as text."""
    lines = [f"\n  waybill {run['id']}  {run['route']}  {run['status']}  {run['state']}"]
    lines += [f"    {step['at'] or '':<26} {step['id']:<14} {step['state']}" for step in run["steps"]]
    return "\n".join([*lines, "", ""])


def _say(text: str) -> None:
    sys.stdout.write(f"  {text}\n")
    sys.stdout.flush()
