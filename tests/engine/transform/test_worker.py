"""The worker process by itself: what it answers, and that it dies with its parent."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from engine.message import Refused
from engine.transform import worker

BAD = "tests.engine.transform.misbehaving:"
ROOT = Path(__file__).parents[3]
PARENT = """
    import asyncio
    from twisted.internet import asyncioreactor
    asyncioreactor.install(asyncio.new_event_loop())
    from twisted.internet import reactor
    from engine.transform.pool import Pool
    pool = Pool(reactor, size=2, preload=())
    def show(pid):
        pool.run({second!r}, *{arguments!r})
        print(*pool.pids, flush=True)
    def begin():
        pool.start()
        pool.run("os:getpid").addCallback(show)
    reactor.callWhenRunning(begin)
    reactor.run()
"""


def reply(name: str, *args: object) -> tuple[bytes, object]:
    payload = worker.perform(pickle.dumps((name, args)))
    return payload[:1], pickle.loads(payload[1:])


def test_a_value() -> None:
    assert reply("builtins:abs", -1) == (worker.OK, 1)


def test_a_failure() -> None:
    assert reply(BAD + "fail", "refused") == (worker.FAILED, (Refused.__name__, "WB-2999", "because"))


def test_a_bug_is_type_and_place() -> None:
    kind, text = reply(BAD + "bug")
    assert kind == worker.BUG
    assert str(text).startswith("KeyError at misbehaving.py:")


def test_a_job_that_is_not_there_is_a_bug() -> None:
    assert reply("builtins:nothing")[0] == worker.BUG


def test_a_value_that_cannot_travel_is_a_bug() -> None:
    assert reply("threading:Lock")[0] == worker.BUG


@pytest.mark.parametrize("second", [("builtins:abs", -1), (BAD + "spin", 600.0)])
def test_workers_die_with_their_parent(second: tuple[str, object]) -> None:
    script = textwrap.dedent(PARENT).format(second=second[0], arguments=second[1:])
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, env=environment) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        parent.send_signal(signal.SIGKILL)
    assert len(pids) == 2
    end = time.monotonic() + 10
    while any(alive(pid) for pid in pids):
        assert time.monotonic() < end, "a worker outlived its parent"


def alive(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
