"""`waybill agent` as it is typed: an example, a pairing told once, a run that ends well or says why not."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from engine.cli.main import main
from tests.contracts.agent_peer import ROOT, AgentProcess


def test_a_new_configuration_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["agent", "--new-config"]) == 0
    assert "serve:\n  device_db:" in capsys.readouterr().out


def test_pairing_tells_all_that_the_engine_needs_and_only_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["agent", "--config", str(tmp_path / "agent.yaml"), "--pair", "--name", "eeg-pc"]
    assert main(words) == 0
    told = capsys.readouterr().out
    secret = (tmp_path / "secrets" / "agent_secret").read_text().strip()
    assert (tmp_path / "tls" / "agent.pem").read_text() in told
    assert f"\n{secret}\n" in told
    assert "agent: {url: 'https://eeg-pc:8443', secret: {secret: agent_secret}, tls: {ca: tls/agent.pem}}" in told
    assert main(words) == 1
    assert "is paired already" in capsys.readouterr().err
    assert main([*words, "--again", "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert again["secret"] != secret
    assert again["names"] == ["eeg-pc", "localhost", "127.0.0.1"]


def test_it_ends_well_when_it_is_asked_to(tmp_path: Path) -> None:
    agent = AgentProcess(tmp_path, f"  it: {{type: folder, path: {tmp_path}}}\n").start()
    assert agent._process is not None
    agent._process.send_signal(signal.SIGTERM)  # SIGINT is ignored by what a shell put in the background
    assert agent.wait() == 0
    assert "serves it (folder)" in agent.log


def test_why_it_does_not_start_is_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        agent = AgentProcess(tmp_path, f"  it: {{type: folder, path: {tmp_path}}}\n")
        agent.port = taken.getsockname()[1]
        words = ["agent", "--config", str(agent.config()), "--log", str(tmp_path / "l")]
        done = subprocess.run(
            [sys.executable, "-m", "engine.cli", *words],
            cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert "the agent does not start: WB-3010 cannot listen on 127.0.0.1" in done.stderr
    assert "WB-3010" in (tmp_path / "l").read_text()


def test_a_wrong_configuration_is_told_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "agent.yaml").write_text("listen: 127.0.0.1:0\nserv: {}\n")
    done = subprocess.run(
        [sys.executable, "-m", "engine.cli", "agent", "--config", str(tmp_path / "agent.yaml")],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "agent.yaml:2:1" in done.stdout
    assert "did you mean `serve`" in done.stdout
