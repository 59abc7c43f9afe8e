"""The driver of async tests is itself tested: what it runs, and that a slow or leaky test fails."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.protocol import ProcessProtocol
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread
from twisted.internet.utils import getProcessOutputAndValue


async def test_time_passes(reactor):
    start = reactor.seconds()
    await deferLater(reactor, 0.05, lambda: None)
    assert reactor.seconds() - start >= 0.04


async def test_threads_come_back():
    name = await deferToThread(lambda: threading.current_thread().name)
    assert name != threading.current_thread().name


async def test_calls_come_from_threads(reactor):
    called: Deferred[threading.Thread] = Deferred()
    await deferToThread(reactor.callFromThread, lambda: called.callback(threading.current_thread()))
    assert await called is threading.main_thread()


async def test_a_spawned_process_ends_and_is_reaped(reactor):
    class Ended(ProcessProtocol):
        def __init__(self):
            self.status: Deferred[int] = Deferred()

        def processEnded(self, reason):
            self.status.callback(reason.value.exitCode)

    ended = Ended()
    transport = reactor.spawnProcess(ended, sys.executable, [sys.executable, "-c", "raise SystemExit(3)"])
    pid = transport.pid
    assert await ended.status == 3
    with pytest.raises(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


async def test_process_output():
    out, err, code = await getProcessOutputAndValue(sys.executable, ["-c", "print('hello')"])
    assert (out, err, code) == (b"hello\n", b"", 0)


async def test_the_asyncio_loop_is_running():
    loop = asyncio.get_running_loop()
    await Deferred.fromFuture(loop.create_task(asyncio.sleep(0.01)))


@pytest.mark.parametrize("word", ["one", "two"])
async def test_parameters_and_fixtures(tmp_path, word):
    (tmp_path / word).write_text(word)
    await deferLater_now()
    assert (tmp_path / word).read_text() == word


async def deferLater_now() -> None:
    deferred: Deferred[None] = Deferred()
    deferred.callback(None)
    await deferred


class TestMethods:
    async def test_methods_are_driven_too(self, reactor):
        assert await deferLater(reactor, 0, lambda: 7) == 7


@settings(max_examples=5)
@given(number=st.integers())
async def test_each_example_is_driven(number):
    assert await deferToThread(lambda: number) == number


def test_drive_runs_a_coroutine_to_its_end(drive, reactor):
    async def work():
        return await deferLater(reactor, 0, lambda: "done")

    assert drive(work()) == "done"


def test_suites_are_marked(request):
    assert request.node.get_closest_marker("unit")


def outcome(tmp_path: Path, source: str) -> tuple[int, str]:
    """Exit status and output of pytest on one test file beside a copy of our conftest."""
    (tmp_path / "conftest.py").write_text(Path(__file__).with_name("conftest.py").read_text(encoding="utf-8"))
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n    unit: x\n    limit: x\n")
    (tmp_path / "test_it.py").write_text(source)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
    )
    return done.returncode, done.stdout + done.stderr


def test_a_failing_and_a_slow_test_fail(tmp_path):
    status, text = outcome(
        tmp_path,
        """
import pytest
from twisted.internet.defer import Deferred

@pytest.mark.limit(0.2)
async def test_slow():
    await Deferred()

async def test_wrong():
    assert 1 == 2

async def test_fine_after_these():
    pass
""",
    )
    assert status == 1
    assert "2 failed, 1 passed" in text
    assert "limit of 0.2 s" in text
    assert "assert 1 == 2" in text


def test_a_port_left_open_fails_the_test(tmp_path):
    status, text = outcome(
        tmp_path,
        """
from twisted.internet.protocol import Factory

async def test_leaks(reactor):
    reactor.listenTCP(0, Factory(), interface="127.0.0.1")

async def test_closes(reactor):
    port = reactor.listenTCP(0, Factory(), interface="127.0.0.1")
    await port.stopListening()
""",
    )
    assert status == 1
    assert "1 failed, 1 passed" in text
    assert "left ports open" in text


def test_an_error_keeps_its_place(tmp_path):
    _, text = outcome(
        tmp_path, "async def inner():\n    raise ValueError('x')\nasync def test_it():\n    await inner()\n"
    )
    assert "test_it.py:2: ValueError" in text


def test_skip_inside_an_async_test_is_a_skip(tmp_path):
    status, text = outcome(tmp_path, "import pytest\nasync def test_it():\n    pytest.skip('no')\n")
    assert (status, "1 skipped" in text) == (0, True)
