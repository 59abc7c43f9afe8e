"""The demonstration's processes, with simulators that do not start and ones that die."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest

from engine.demo.children import Children
from engine.demo.places import DemoFailed
from tests.engine.demo.copy_site import ROOT
from tests.ports import free_ports


@pytest.fixture(name="children")
def fixture_children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(ROOT)
    children = Children(tmp_path)
    yield children
    children.stop()


def until_dead(children: Children) -> None:
    while True:
        children.check()


def test_a_simulator_that_dies_is_named_with_its_last_words(children: Children, tmp_path: Path) -> None:
    (port,) = free_ports(1)
    children.simulator("his", "serve", "--port", port, "--log", tmp_path / "his.jsonl")
    children.check()
    _, child = children._running[0]
    os.kill(child.pid, signal.SIGKILL)
    child.wait(5)
    with pytest.raises(
        DemoFailed, match=rf"^his ended with status -9: it said nothing \(all of it: {tmp_path}/his.log\)$"
    ):
        children.check()


def test_a_simulator_whose_port_is_in_use_says_so(children: Children, tmp_path: Path) -> None:
    (port,) = free_ports(1)
    children.simulator("his", "serve", "--port", port, "--log", tmp_path / "his.jsonl")
    with pytest.raises(DemoFailed, match=r"^his ended with status 1: OSError: .*Address already in use"):
        children.simulator("his", "serve", "--port", port, "--log", tmp_path / "his2.jsonl")


def test_of_a_daemon_the_reason_is_told_and_not_what_it_said_while_it_ended(children: Children, tmp_path: Path) -> None:
    (tmp_path / "waybill.log").write_text(
        "2026-11-20 10:00:00 CRITICAL engine.wiring another daemon uses here\n2026-11-20 10:00:01 INFO x stopped\n"
    )
    children.daemon(["--site", str(tmp_path / "nowhere")], {})
    with pytest.raises(DemoFailed) as failed:
        until_dead(children)
    assert re.match(r"waybill ended with status \d: .*another daemon uses here", str(failed.value))


def test_stop_ends_all_and_may_be_called_twice(children: Children, tmp_path: Path) -> None:
    (port,) = free_ports(1)
    children.simulator("his", "serve", "--port", port, "--log", tmp_path / "his.jsonl")
    _, child = children._running[0]
    children.stop()
    assert child.poll() is not None
    children.stop()
    children.check()
