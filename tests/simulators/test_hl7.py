"""The HL7 neighbour: it takes, logs, answers and sends."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from simulators.hl7 import Listener, Neighbour, Options, main, message, send


@contextmanager
def listening(**options: Any) -> Iterator[tuple[Neighbour, int]]:
    neighbour = Neighbour(Options(port=0, **options))
    with Listener(neighbour) as listener:
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield neighbour, int(listener.server_address[1])
        finally:
            listener.shutdown()
            thread.join()


@pytest.mark.parametrize("charset", ["utf-8", "gb18030"])
def test_it_takes_logs_and_answers_in_the_sender_s_character_set(tmp_path: Path, charset: str) -> None:
    log = tmp_path / "hl7.jsonl"
    with listening(log=log) as (neighbour, port):
        (sent,) = send(port, [message("ADT^A08", 3, charset)])
        assert sent.code == "AA"
        assert f"MSA|AA|{sent.control_id}" in sent.answer
        (kept,) = neighbour.messages
    assert (kept["type"], kept["accepted"]) == ("ADT^A08", True)
    assert "刘" in kept["text"]
    assert json.loads(log.read_text("utf-8")) == kept
    assert Neighbour(Options(log=log)).messages == [kept]


def test_many_over_one_connection_are_answered_in_order() -> None:
    with listening() as (neighbour, port):
        done = send(port, [message(number=number) for number in range(20)])
        assert [sent.code for sent in done] == ["AA"] * 20
        assert [kept["control_id"] for kept in neighbour.messages] == [sent.control_id for sent in done]


def test_a_control_id_is_taken_once_when_asked_for() -> None:
    with listening(dedupe=True) as (neighbour, port):
        one = message()
        assert [sent.code for sent in send(port, [one, one])] == ["AA", "AA"]
        assert [kept["accepted"] for kept in neighbour.messages] == [True, False]


def test_it_fails_refuses_and_hangs_as_told() -> None:
    with listening(fail=1) as (neighbour, port):
        assert [sent.code for sent in send(port, [message(), message()])] == ["AE", "AA"]
        assert [kept["accepted"] for kept in neighbour.messages] == [False, True]
    with listening(code="AR") as (_, port):
        assert [sent.code for sent in send(port, [message()])] == ["AR"]
    with listening(hang=1) as (neighbour, port):
        assert [sent.code for sent in send(port, [message(), message()], timeout=0.2)] == [""]
        assert neighbour.messages[0]["accepted"]


def test_who_asks_for_a_commit_acknowledgement_gets_one() -> None:
    with listening() as (_, port):
        control_id, content = message()
        asking = content.replace(b"|P|2.5||||||", b"|P|2.5|||AL|NE||")
        assert send(port, [(control_id, asking)])[0].code == "CA"


def test_what_is_no_message_is_refused() -> None:
    with listening() as (neighbour, port):
        assert send(port, [("", b"hello")])[0].code == "AR"
        assert not neighbour.messages[0]["accepted"]


def test_a_file_is_sent_with_segment_ends(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "one.hl7"
    path.write_bytes(message()[1].replace(b"\r", b"\n"))
    with listening() as (neighbour, port):
        assert main(["send", "--port", str(port), str(path)]) == 0
        assert "\n" not in neighbour.messages[0]["text"]
        assert neighbour.messages[0]["text"].count("\r") == 4
        assert main(["send", "--port", str(port), "--count", "5", "--connections", "2"]) == 0
    assert capsys.readouterr().out.count(" AA ") == 6


def test_a_refusal_is_an_exit_status() -> None:
    with listening(code="AE") as (_, port):
        assert main(["send", "--port", str(port)]) == 1


def test_it_serves_as_a_process(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "simulators.hl7", "serve", "--port", "0", "--log", str(tmp_path / "log")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        port = int(child.stdout.readline().removeprefix("ready "))
        assert send(port, [message()])[0].code == "AA"
        child.terminate()
        assert child.wait(10) == 0
    assert (tmp_path / "log").read_text("utf-8").count("\n") == 1


def test_a_merge_names_the_patient_before_it() -> None:
    _, content = message("ADT^A40", 8)
    segments = content.decode().rstrip("\r").split("\r")
    assert [segment[:3] for segment in segments] == ["MSH", "EVN", "PID", "MRG"]
    assert segments[2].split("|")[3].startswith("00900008^")
    assert segments[3] == "MRG|00900007^^^HOSPITAL^MR"
