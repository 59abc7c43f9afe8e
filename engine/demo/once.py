"""What `waybill demo --once` does: an order from the HIS to the signed report at the HIS, then a scanned batch."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.demo import scan
from engine.demo.begin import say
from engine.demo.client import Browser, Problem
from engine.demo.places import DemoFailed
from engine.demo.runs import ENDED, waybill

if TYPE_CHECKING:
    from engine.demo.stand import Stand

ARRIVE_WITHIN = 90.0
UNSIGNED = ("refused", "expired", "cancelled", "failed", "quarantined")
"""States in which a signing job ends without a signature."""


def drive(stand: Stand, seconds: float = ARRIVE_WITHIN) -> int:
    """0 when the signed report and the scanned documents are at the HIS; `DemoFailed` when they will not be."""
    browser = stand.browser()
    order_signed(stand, browser, seconds)
    scan.drive(stand, browser)
    return 0


def order_signed(stand: Stand, browser: Browser, seconds: float) -> None:
    """One order becomes a signed report that the HIS accepts."""
    [answer] = stand.push("order")
    order = answer["order_id"]
    say(f"the HIS pushed order {order}: ResultCode {answer['result']}")
    row = stand.until(lambda: _waiting(browser, order), seconds, "the report did not come")
    say("the device's report is there: Processed")
    run = f"/api/v1/runs/{row['run_id']}"
    browser.post(f"/api/v1/sign/{row['run_id']}/sign")
    say("the physician signs, and the phone is asked")
    stand.until(lambda: arrived(browser, row["run_id"]), seconds, "the signed report was not sent")
    document = received(stand.folder, order)
    if document is None:
        raise DemoFailed("the HIS has no accepted document of this order")
    say(f"the HIS accepted document {document.name}")
    sys.stdout.write(waybill(browser.get(run)))


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
