"""The stand-in HIS, as its peers see it: a process with a log."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from simulators import his
from simulators.his import His, Options
from simulators.his_soap import read_result, write_call

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 20
FIELDS = {
    "OrganizationCode": "DEMO01",
    "PATPatientID": "0009000001",
    "PATPatientName": "试验甲",
    "PAADMVisitNumber": "900000011",
    "OEORIOrderItemID": "900000011||1",
    "DocumentType": "02001",
    "DocumentID": "D1",
    "DocumentContent": base64.b64encode(PDF).decode(),
    "DocumentPath": "http://127.0.0.1:8080/d/D1",
    "DocumentPicPath": "http://127.0.0.1:8080/d/D1.png",
    "UpdateUserCode": "D9001",
    "UpdateDate": "2026-11-20",
    "UpdateTime": "11:30:00",
}


def document(message_id: str = "M1", **changes: str) -> bytes:
    """A `RegisterDocumentRt` call."""
    request = etree.Element("Request")
    header = etree.SubElement(request, "Header")
    etree.SubElement(header, "SourceSystem").text = "SWFK"
    etree.SubElement(header, "MessageID").text = message_id
    body = etree.SubElement(etree.SubElement(request, "Body"), "RegisterDocumentRt")
    for name, text in {**FIELDS, **changes}.items():
        etree.SubElement(body, name).text = text
    return write_call("1.1", "hip", "", "MES0200", etree.tostring(request, encoding="unicode"))


def take(simulator: His, body: bytes) -> tuple[str, str]:
    answer = simulator.take(body)
    assert answer is not None
    return read_result(answer[2])


def log_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_a_good_document_is_accepted_logged_and_kept(tmp_path: Path) -> None:
    simulator = His(Options(log=tmp_path / "log", out=tmp_path / "out"))
    assert take(simulator, document()) == ("0", "成功")
    (entry,) = log_of(tmp_path / "log")
    assert (entry["accepted"], entry["duplicate"], entry["document_id"], entry["message_id"]) == (
        True,
        False,
        "D1",
        "M1",
    )
    assert entry["order_id"] == "900000011||1"
    assert entry["sha256"] == hashlib.sha256(PDF).hexdigest()
    assert (tmp_path / "out/D1.pdf").read_bytes() == PDF
    assert b"/pdf/D1.pdf" in simulator.page()
    assert simulator.document("D1.pdf") == PDF
    assert simulator.document("../log") is None


@pytest.mark.parametrize("name", sorted(set(FIELDS) - {"OEORIOrderItemID"}))
def test_a_required_field_that_is_empty_is_refused(name: str) -> None:
    simulator = His(Options())
    result, why = take(simulator, document(**{name: " "}))
    assert result == "-1"
    assert name in why


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("UpdateDate", "20261120"),
        ("UpdateDate", "2026-13-40"),
        ("UpdateTime", "11:30"),
        ("DocumentType", "2001"),
        ("DocumentContent", "no base64!"),
        ("DocumentContent", base64.b64encode(b"hello there").decode()),
    ],
)
def test_a_wrong_form_is_refused(name: str, value: str) -> None:
    simulator = His(Options())
    assert take(simulator, document(**{name: value}))[0] == "-1"
    assert [call["accepted"] for call in simulator.calls] == [False]


def test_with_dedupe_a_repeat_is_answered_and_counts_no_more_also_after_a_restart(tmp_path: Path) -> None:
    options = Options(log=tmp_path / "log", dedupe=True)
    simulator = His(options)
    assert take(simulator, document())[0] == "0"
    assert take(simulator, document())[0] == "0"
    assert take(His(options), document(message_id="M2"))[0] == "0"
    assert [(entry["accepted"], entry["duplicate"]) for entry in log_of(tmp_path / "log")] == [
        (True, False), (False, True), (False, True),
    ]  # fmt: skip


def test_without_dedupe_every_call_counts() -> None:
    simulator = His(Options())
    take(simulator, document())
    take(simulator, document())
    assert [call["accepted"] for call in simulator.calls] == [True, True]


def test_told_to_fail_and_to_hang() -> None:
    simulator = His(Options(fail=1, hang=2))
    assert take(simulator, document())[0] == "-1"
    assert simulator.take(document()) is None
    assert take(simulator, document())[0] == "0"
    assert [call["accepted"] for call in simulator.calls] == [False, True, True]


def test_what_is_no_soap_is_a_fault() -> None:
    answer = His(Options()).take(b"hello")
    assert answer is not None
    assert answer[0] == 500


@contextmanager
def process(*words: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    command = [sys.executable, "-m", "simulators.his", "--port", "0", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        try:
            yield running, int(running.stdout.readline().split()[1])
        finally:
            running.kill()


def test_as_a_process_killed_between_effect_and_answer(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with process("--log", str(log), "--kill-after-effect", "2") as (running, port):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("POST", "/his", document(), {"Content-Type": "text/xml"})
        assert read_result(connection.getresponse().read())[0] == "0"
        connection.request("POST", "/his", document(message_id="M2", DocumentID="D2"), {"Content-Type": "text/xml"})
        with pytest.raises((http.client.HTTPException, OSError)):
            connection.getresponse()
        assert running.wait(10) == -signal.SIGKILL
    assert [entry["document_id"] for entry in log_of(log) if entry["accepted"]] == ["D1", "D2"]


def test_pushes_by_the_command_line_and_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    with process() as (_, port):
        url = f"http://127.0.0.1:{port}/his"
        assert his.main(["push", "order", "--url", url, "--count", "2", "--layout", "b"]) == 0
        assert his.main(["patient", "--url", url, "--soap", "1.2", "--field", "PATSexCode=M", "--json"]) == 0
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/")
        assert b"3 calls" in connection.getresponse().read()
        connection.request("GET", "/calls")
        calls = json.loads(connection.getresponse().read())
    assert [call["operation"] for call in calls] == ["AddRisAppBillRt", "AddRisAppBillRt", "PatientRegistryRt"]
    assert capsys.readouterr().out.count("\n") == 3
    assert his.main(["order", "--url", "http://127.0.0.1:1/his"]) == 1
