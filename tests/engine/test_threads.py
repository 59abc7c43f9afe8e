"""A pool per purpose: one that hangs keeps nobody else."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from engine import threads
from engine.threads import Pools


async def test_each_purpose_has_its_own_threads(reactor: Any) -> None:
    pools, gate = Pools(reactor), threading.Event()
    hung = pools.run("share", gate.wait, 10)
    behind = pools.run("share", lambda: "later")
    assert await pools.run("device", lambda text: text * 2, "a") == "aa"
    assert not behind.called
    gate.set()
    assert (await hung, await behind) == (True, "later")
    pools.stop()


async def test_an_error_is_the_callers(reactor: Any) -> None:
    pools = Pools(reactor)

    def fails() -> None:
        raise FileNotFoundError("gone")

    with pytest.raises(FileNotFoundError):
        await pools.run("share", fails)
    pools.stop()


async def test_stop_does_not_wait_for_what_hangs(reactor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "PATIENCE", 0.1)
    pools, gate, begun = Pools(reactor), threading.Event(), threading.Event()

    def hangs() -> None:
        begun.set()
        gate.wait(10)

    hung = pools.run("share", hangs)
    assert begun.wait(5)
    before = time.monotonic()
    pools.stop()
    assert time.monotonic() - before < 2
    assert all(thread.daemon for thread in threading.enumerate() if "waybill-share" in thread.name)
    with pytest.raises(RuntimeError):
        await pools.run("share", lambda: None)
    gate.set()
    await hung
