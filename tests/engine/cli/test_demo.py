"""`waybill demo`: its options, and what it says when it cannot start. At work: tests/wire/test_demo_once.py."""

from __future__ import annotations

import argparse
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.cli import demo
from engine.cli.main import main
from tests.engine.demo.copy_site import copy_site


@pytest.fixture(name="signals", autouse=True)
def fixture_signals() -> Iterator[None]:
    """The command takes the process's signals."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def test_its_options() -> None:
    parser = argparse.ArgumentParser()
    demo.arguments(parser)
    options = parser.parse_args([])
    assert (options.once, options.phone, options.no_order) == (False, None, False)
    assert parser.parse_args(["--once", "--phone", "refuse"]).phone == "refuse"
    with pytest.raises(SystemExit):
        parser.parse_args(["--phone", "throw"])


def test_a_port_in_use_is_one_line_and_status_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    web = copy_site(tmp_path)["web"]
    monkeypatch.setenv("WAYBILL_WEB", web)
    host, _, port = web.partition(":")
    with socket.socket() as other:
        other.bind((host, int(port)))
        other.listen()
        assert main(["demo", "--once", "--site", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert said == f"waybill demo: port {port} for the screens cannot be used: {os.strerror(98)}\n"


def test_a_site_that_is_not_the_demonstrations_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy = "default: {first: 1s, factor: 2, max: 1m, jitter: 0%, give_up: 1m, then: dead}"
    text = f"connections:\n  s: {{type: memory_in}}\npolicies:\n  {policy}\nroutes: {{}}\n"
    (tmp_path / "routes.yaml").write_text(text)
    assert main(["demo", "--site", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert said == f"waybill demo: routes.yaml in {tmp_path} has no connection his_in of type soap_in\n"
