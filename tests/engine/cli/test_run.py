"""`waybill run`: options and environment, and the daemon as a process: one at a time, ended by a signal."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from engine.cli import run
from tests.engine.demo.copy_site import ROOT
from tests.engine.world import write_site
from tests.ports import free_ports

SITE = """connections:
  taken: {type: soap_in, listen: '127.0.0.1:PORT', path: /his, namespace: 'urn:x', envelope: hip}
  sink: {type: memory_out}
routes:
  r:
    receive: {from: taken, operation: order, identity: [//id]}
    labels: {id: {path: //id}}
    steps: [{id: out, call: {to: sink, operation: send, in_doubt: person}}]
"""


def options_of(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--site", type=Path, default=Path())
    run.arguments(parser)
    return parser.parse_args(words)


@pytest.fixture(name="empty", autouse=True)
def fixture_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the developer's own environment."""
    for name in ("WAYBILL_STATE", "WAYBILL_WEB", "WAYBILL_ORIGINS", "WAYBILL_LOG"):
        monkeypatch.delenv(name, raising=False)


def test_without_options_the_site_here_and_its_var(tmp_path: Path) -> None:
    options = run.daemon_options(options_of("--site", str(tmp_path)))
    assert (options.site, options.state) == (tmp_path, tmp_path / "var")
    assert (options.web, options.band, options.phone, options.name) == ("127.0.0.1:8080", "LIVE", None, "")
    assert options.durable


def test_the_environment_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYBILL_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("WAYBILL_WEB", "127.0.0.1:9999")
    monkeypatch.setenv("WAYBILL_ORIGINS", "https://a.example https://b.example")
    options = run.daemon_options(options_of())
    assert (options.state, options.web) == (tmp_path / "state", "127.0.0.1:9999")
    assert options.origins == ("https://a.example", "https://b.example")


def test_options_come_before_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYBILL_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("WAYBILL_WEB", "127.0.0.1:9999")
    words = ["--state", str(tmp_path / "other"), "--web", "", "--band", "TEST", "--name", "Ward", "--phone", "http://p"]
    options = run.daemon_options(options_of(*words, "--origin", "https://c.example"))
    assert (options.state, options.web) == (tmp_path / "other", "")  # an empty address: no screens
    assert (options.band, options.name, options.phone) == ("TEST", "Ward", "http://p")
    assert options.origins == ("https://c.example",)
    with pytest.raises(SystemExit):
        options_of("--band", "PROD")


# --- as a process


class Daemon:
    """`waybill run` on a site of its own."""

    def __init__(self, site: Path, web: str) -> None:
        self.web = web
        self._log = site / f"{web.rpartition(':')[2]}-{time.monotonic_ns()}.log"
        command = [sys.executable, "-m", "engine.cli", "run", "--site", str(site), "--web", web]
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=os.environ, stdin=subprocess.DEVNULL, stderr=log)

    def said(self) -> str:
        return self._log.read_text("utf-8")

    def ready(self) -> bool:
        assert self.process.poll() is None, self.said()
        try:
            with urlopen(f"http://{self.web}/health/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)


def until(condition: Callable[[], Any], seconds: float = 30) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "not within the time"
        time.sleep(0.05)


@pytest.fixture(name="start")
def fixture_start(tmp_path: Path):
    """Starts daemons on one site."""
    daemons: list[Daemon] = []
    (port,) = free_ports(1)
    write_site(tmp_path, SITE.replace("PORT", str(port)))

    def start() -> Daemon:
        (web,) = free_ports(1)
        daemons.append(Daemon(tmp_path, f"127.0.0.1:{web}"))
        return daemons[-1]

    yield start
    for daemon in daemons:
        daemon.end()


def test_one_daemon_a_site_and_sigterm_ends_it_well(start: Callable[[], Daemon], tmp_path: Path) -> None:
    first = start()
    until(first.ready)
    until(lambda: "waybill is up: r" in first.said())
    second = start()
    assert second.process.wait(20) == 1
    assert f"another daemon uses {tmp_path / 'var'}" in second.said()
    assert "Traceback" not in second.said()
    assert first.ready()  # and its control socket is still there
    assert (tmp_path / "var" / "control.sock").is_socket()
    first.process.send_signal(signal.SIGTERM)
    assert first.process.wait(20) == 0
    assert "waybill has stopped" in first.said()
    assert not (tmp_path / "var" / "control.sock").exists()


def test_a_site_that_is_not_in_order_is_not_started(tmp_path: Path) -> None:
    write_site(tmp_path, SITE.replace("to: sink", "to: sunk"))
    (web,) = free_ports(1)
    daemon = Daemon(tmp_path, f"127.0.0.1:{web}")
    assert daemon.process.wait(30) == 1
    assert "Traceback" not in daemon.said()
    assert not (tmp_path / "var").exists()
