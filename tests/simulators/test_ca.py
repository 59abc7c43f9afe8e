"""The CA simulator, as its own process over HTTP: request signature, jobs, phone, restart, kill after the effect."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from simulators.ca import request_text
from simulators.report import report_bytes

KEY = "test-key"
PDF = report_bytes("175||3125", "invented", "ANS")


class Ca:
    """A running simulator and a client that signs its requests."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        command = [sys.executable, "-m", "simulators.ca", "--port", "0", "--state", str(folder), "--key", KEY]
        self.process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline().split()[1])

    def post(self, path: str, body: bytes = b"") -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("POST", path, body)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def call(self, operation: str, key: str = KEY, **fields: Any) -> dict[str, Any]:
        fields = {"version": "1.0", "appId": "demo", "signAlgo": "HMAC", "nothing": None} | fields
        text = request_text(fields, "json").encode()
        fields["signature"] = base64.b64encode(hmac.new(key.encode(), text, hashlib.sha256).digest()).decode()
        status, body = self.post(f"/coss/service/v1/{operation}", json.dumps(fields).encode())
        assert status == 200
        answer: dict[str, Any] = json.loads(body)
        return answer

    def begin(self, minutes: int = 10, **fields: Any) -> str:
        coordinates = {"pageNo": 2, "left": 360, "bottom": 120, "right": 445, "top": 160}
        pdf = base64.b64encode(PDF).decode()
        asked: dict[str, Any] = {"userId": "U-D9001", "title": "report", "expiryDate": minutes, "pdfFileStr": pdf}
        answer = self.call("addPdfSignJob", **asked, coordOfRuleInfo=coordinates, **fields)
        assert answer["status"] == "200", answer
        return str(answer["data"]["signDataId"])

    def result(self, job: str) -> dict[str, Any]:
        data: dict[str, Any] = self.call("getSignResult", signDataId=job)["data"]
        return data

    def until(self, job: str, state: str) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for _ in range(400):
            data = self.result(job)
            if data["jobStatus"] == state:
                return data
            time.sleep(0.01)
        raise AssertionError(f"the job is {data['jobStatus']}, not {state}")

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "calls.jsonl").read_text().splitlines()]

    def stop(self) -> int:
        self.process.terminate()
        assert self.process.stdout is not None
        self.process.stdout.close()
        return self.process.wait(10)


Start = Callable[..., Ca]


@pytest.fixture(name="start")
def fixture_start(tmp_path: Path) -> Iterator[Start]:
    running: list[Ca] = []

    def begin(*options: str) -> Ca:
        running.append(Ca(tmp_path / "ca", *options))
        return running[-1]

    yield begin
    for ca in running:
        ca.stop()


def test_an_approved_job_returns_the_bytes_sent_and_a_signature(start: Start) -> None:
    ca = start("--phone", "approve")
    assert ca.call("queryUserInfo", uniqueId="D9001")["data"] == {"userId": "U-D9001"}
    data = ca.until(ca.begin(), "FINISH")
    assert "\r\n" in data["composePdf"]
    signed = base64.b64decode(data["composePdf"])
    assert signed.startswith(PDF)
    assert b"/ByteRange" in signed[len(PDF) :]
    assert base64.b64decode(data["cert"]).startswith(b"0\x82")
    assert [line["hostile"] for line in ca.lines() if "signature" in line] == [""]


def test_what_is_not_signed_with_the_key_is_refused_with_http_200(start: Start) -> None:
    ca = start()
    assert ca.call("queryUserInfo", key="other", uniqueId="D9001")["status"] == "401"
    assert ca.call("queryUserInfo", appId="other", uniqueId="D9001")["status"] == "401"
    assert ca.call("queryUserInfo", uniqueId="D0000")["status"] == "404"
    assert ca.call("nonsense")["status"] == "404"
    assert json.loads(ca.post("/coss/service/v1/queryUserInfo", b"{")[1])["status"] == "400"
    assert json.loads(ca.post("/coss/service/v1/queryUserInfo", b"[]")[1])["status"] == "400"


def test_the_phone_asks_and_a_person_answers(start: Start) -> None:
    ca = start("--phone", "ask")
    one, two, three = ca.begin(), ca.begin(), ca.begin()
    connection = http.client.HTTPConnection("127.0.0.1", ca.port, timeout=10)
    connection.request("GET", "/phone")
    page = connection.getresponse().read().decode()
    assert page.count("Approve</button>") == 3
    connection.close()
    assert ca.post(f"/phone/{one}/approve")[0] == 200
    assert ca.post(f"/phone/{two}/refuse")[0] == 200
    assert ca.call("cancelSignJob", signDataId=three)["status"] == "200"
    assert [ca.result(job)["jobStatus"] for job in (one, two, three)] == ["FINISH", "REFUSE", "CANCEL"]
    assert ca.post(f"/phone/{one}/refuse")[0] == 409
    assert ca.post("/phone/none/dance")[0] == 404


def test_an_ignored_job_expires(start: Start) -> None:
    ca = start("--phone", "ignore", "--minute", "0.1")
    ca.until(ca.begin(minutes=1), "EXPIRE")


def test_a_restart_keeps_users_keys_and_jobs(start: Start) -> None:
    ca = start("--phone", "ask")
    job = ca.begin()
    root = (ca.folder / "root.pem").read_bytes()
    ca.stop()
    again = start("--phone", "ask")
    assert (again.folder / "root.pem").read_bytes() == root
    assert again.result(job)["jobStatus"] == "WAIT"
    assert again.post(f"/phone/{job}/approve")[0] == 200
    assert again.result(job)["jobStatus"] == "FINISH"


def test_it_kills_itself_after_the_effect_and_before_the_answer(start: Start) -> None:
    ca = start("--phone", "ignore", "--kill-after-effect", "2")
    first = ca.begin()
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        ca.begin()
    assert ca.process.wait(10) == -signal.SIGKILL
    again = start("--phone", "ignore")
    jobs = [line["job"] for line in again.lines() if line.get("call") == "addPdfSignJob"]
    assert len(jobs) == 2
    assert jobs[0] == first
    assert again.result(jobs[1])["jobStatus"] == "WAIT"


def test_secrets_are_made_at_first_start_and_are_for_the_owner_only(start: Start, tmp_path: Path) -> None:
    ca = start("--key", "")
    secret = (ca.folder / "hmac.key").read_text()
    assert ca.call("queryUserInfo", key=secret, uniqueId="D9001")["status"] == "200"
    assert {path.stat().st_mode & 0o777 for path in ca.folder.glob("*.key")} == {0o600}


def test_a_hostile_mode_is_set_while_it_runs(start: Start) -> None:
    ca = start("--phone", "ask")
    assert ca.post("/hostile/append")[0] == 200
    assert ca.post("/hostile/nonsense")[0] == 404
    job = ca.begin()
    ca.post(f"/phone/{job}/approve")
    assert base64.b64decode(ca.result(job)["composePdf"]).rstrip().endswith(b"% appended after signing")


def test_the_signed_text_is_written_as_the_interface_says() -> None:
    fields = {"b": 1, "a": {"y": True, "x": "值"}, "signature": "s", "n": None, "flag": False}
    assert request_text(fields, "json") == 'a={"y":true,"x":"值"}&b=1&flag=false'
    assert request_text(fields, "sorted") == 'a={"x":"值","y":true}&b=1&flag=false'
