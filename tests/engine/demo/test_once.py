"""What `--once` asks of the API and reads in the HIS's log, against answers of a small server."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from engine.demo.once import Browser, Problem, arrived, received, waybill
from engine.demo.places import DemoFailed

NOTHING = (404, {"code": "WB-7404", "detail": "There is no such thing."})


class Api:
    """Answers by path; keeps what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, Any]] = {}
        self.asked: list[tuple[str, str, dict[str, str], Any]] = []
        api = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                api.asked.append(
                    (self.command, self.path, {name.lower(): text for name, text in self.headers.items()}, body)
                )
                status, value = api.answers.get(
                    self.path, (404, {"code": "WB-7404", "detail": "There is no such thing."})
                )
                data = b"" if value is None else json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Set-Cookie", "waybill=x")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = answer

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(name="api")
def fixture_api() -> Iterator[Api]:
    api = Api()
    yield api
    api.stop()


@pytest.fixture(name="browser")
def fixture_browser(api: Api) -> Browser:
    return Browser(f"http://127.0.0.1:{api.server.server_address[1]}")


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


def run(state: str) -> dict[str, Any]:
    steps = [{"id": "signed", "at": "2026-11-20", "state": "done"}, {"id": "keep", "at": None, "state": "ahead"}]
    route = {"id": "r1", "route": "exam_report"}
    return {**route, "state": state, "status": "Processed", "step": "send_back", "steps": steps}


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


def test_the_waybill_as_text() -> None:
    lines = waybill(run("done")).splitlines()
    assert lines[1] == "  waybill r1  exam_report  Processed  done"
    assert [line.split() for line in lines[2:]] == [["2026-11-20", "signed", "done"], ["keep", "ahead"], []]
