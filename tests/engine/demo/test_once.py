"""What `--once` asks of the API and reads in the HIS's log, against answers of a small server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.demo.client import Browser
from engine.demo.once import arrived, received
from engine.demo.places import DemoFailed
from tests.engine.demo.api import Api


def run(state: str) -> dict[str, Any]:
    return {"id": "r1", "route": "exam_report", "state": state, "status": "Processed", "step": "send_back"}


def test_it_arrived_when_the_run_is_done(api: Api, browser: Browser) -> None:
    api.answers["/api/v1/sign/r1"] = (200, {"job": {"state": "waiting", "reason": ""}})
    api.answers["/api/v1/runs/r1"] = (200, run("waiting"))
    assert not arrived(browser, "r1")
    api.answers["/api/v1/sign/r1"] = (200, {"job": {"state": "delivered", "reason": ""}})
    api.answers["/api/v1/runs/r1"] = (200, run("done"))
    assert arrived(browser, "r1")


@pytest.mark.parametrize("state", ["refused", "expired", "failed", "quarantined", "cancelled"])
def test_a_job_that_ended_without_a_signature_is_not_waited_for(api: Api, browser: Browser, state: str) -> None:
    api.answers["/api/v1/sign/r1"] = (200, {"job": {"state": state, "reason": "refused on the phone"}})
    with pytest.raises(DemoFailed, match=r"^the report was not signed: refused on the phone$"):
        arrived(browser, "r1")


@pytest.mark.parametrize("state", ["dead", "held", "cancelled"])
def test_a_run_that_stands_still_is_not_waited_for(api: Api, browser: Browser, state: str) -> None:
    api.answers["/api/v1/sign/r1"] = (200, {"job": None})
    api.answers["/api/v1/runs/r1"] = (200, run(state))
    with pytest.raises(DemoFailed, match=rf"^the run is {state} at step send_back$"):
        arrived(browser, "r1")


def test_only_an_accepted_document_of_this_order_was_received(tmp_path: Path) -> None:
    calls = [
        {"operation": "RegisterDocumentRt", "order_id": "1||1", "accepted": False, "document_id": "A"},
        {"operation": "RegisterDocumentRt", "order_id": "2||1", "accepted": True, "document_id": "B"},
    ]
    log = tmp_path / "logs" / "his.jsonl"
    log.parent.mkdir()
    log.write_text("".join(json.dumps(call) + "\n" for call in calls))
    assert received(tmp_path, "1||1") is None
    assert received(tmp_path, "2||1") == tmp_path / "received" / "B.pdf"
