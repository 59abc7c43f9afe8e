"""The demonstration as one thing: what it says when something is in its way. All of it at work: tests/wire."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from engine.demo.places import DemoFailed
from engine.demo.stand import Stand
from tests.engine.demo.copy_site import ROOT, copy_site


@pytest.fixture(name="stand")
def fixture_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("WAYBILL_WEB", copy_site(tmp_path)["web"])
    monkeypatch.delenv("WAYBILL_STATE", raising=False)
    stand = Stand(tmp_path, "ask")
    yield stand
    stand.stop()


def test_a_port_in_use_is_said_before_anything_is_started(stand: Stand) -> None:
    host, port = stand.places.ports()["the CA simulator"]
    with socket.socket() as other:
        other.bind((host, port))
        other.listen()
        with pytest.raises(DemoFailed, match=f"port {port} for the CA simulator"):
            stand.start()
    assert not stand.logs.exists()


def test_a_push_that_nobody_takes(stand: Stand) -> None:
    with pytest.raises(DemoFailed, match=r"^the HIS simulator's order was not accepted: ConnectionRefusedError$"):
        stand.push("order", "--retry", "0")


def test_until_is_a_value_a_complaint_or_a_signal(stand: Stand) -> None:
    answers = iter(["", "", "there"])
    assert stand.until(lambda: next(answers), 5, "not there") == "there"
    with pytest.raises(DemoFailed, match=r"^not there after 0 s$"):
        stand.until(lambda: False, 0.2, "not there")
    stand.end.set()
    with pytest.raises(DemoFailed, match=r"^ended by a signal$"):
        stand.until(lambda: False, 5, "not there")


def test_the_state_folder_may_be_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy_site(tmp_path / "site")
    monkeypatch.setenv("WAYBILL_STATE", str(tmp_path / "state"))
    stand = Stand(tmp_path / "site", "ask")
    assert (stand.state, stand.folder) == (tmp_path / "state", tmp_path / "site" / "var" / "demo")
