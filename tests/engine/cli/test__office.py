"""How a command writes and reads: with a daemon, without one, and when the lock is held."""

from __future__ import annotations

import argparse
import fcntl
import os
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from twisted.internet.threads import deferToThread

from engine.cli import _office
from engine.message import Refused
from engine.ops import users
from engine.runtime.control import Control
from engine.store.database import Store

LIN = {"login": "lin", "name": "Lin", "roles": ["PH"]}


def logins(state: Path) -> list[str]:
    return [user["login"] for user in _office.read(state, users.everyone)]


def test_without_a_daemon_the_command_takes_the_lock(tmp_path: Path) -> None:
    assert _office.write(tmp_path, "users.add", **LIN) == 1
    assert logins(tmp_path) == ["lin"]
    assert (tmp_path / "lock").stat().st_mode & 0o777 == 0o600
    with pytest.raises(Refused):
        _office.write(tmp_path, "users.add", **LIN)
    with pytest.raises(Refused):
        _office.write(tmp_path, "users.digest_of_nothing")
    _office.write(tmp_path, "users.disable", login="lin")


def test_a_lock_that_nobody_answers_for(tmp_path: Path) -> None:
    held = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(held, fcntl.LOCK_EX)
    with pytest.raises(Refused, match="WB-7410"):
        _office.write(tmp_path, "users.add", **LIN)
    os.close(held)


async def test_a_running_daemon_does_it(tmp_path: Path, reactor: Any) -> None:
    class Runtime:
        poked = 0

        def poke(self) -> None:
            self.poked += 1

    runtime, store = Runtime(), Store(tmp_path / "waybill.sqlite", reactor, durable=False)
    store.open()
    control = Control(reactor, tmp_path / "control.sock", store, runtime)
    await control.start()
    try:
        assert await deferToThread(_office.write, tmp_path, "users.add", **LIN) == 1
        assert await deferToThread(logins, tmp_path) == ["lin"]
        assert runtime.poked == 1
        assert not (tmp_path / "lock").exists()
    finally:
        await control.stop()
        await deferToThread(store.close)


def test_reading_writes_nothing_and_says_when_there_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="WB-7411"):
        logins(tmp_path)
    _office.write(tmp_path, "users.add", **LIN)
    with pytest.raises(OperationalError):
        _office.read(tmp_path, lambda conn: conn.exec_driver_sql("DELETE FROM users"))


def test_the_state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WAYBILL_STATE", raising=False)
    parser = argparse.ArgumentParser()
    _office.state_argument(parser)
    chosen = parser.parse_args(["--state", str(tmp_path)])
    assert _office.state_of(chosen) == tmp_path
    plain = argparse.Namespace(state=None, site=tmp_path)
    assert _office.state_of(plain) == tmp_path / "var"
    monkeypatch.setenv("WAYBILL_STATE", str(tmp_path / "elsewhere"))
    assert _office.state_of(plain) == tmp_path / "elsewhere"
    assert _office.by_whom().startswith("os:")
