"""Daemons that are up sooner: a process that has imported what the daemon imports, and forks one for each start.

What is forked is the daemon from its command line on, with an environment, a log and a pid of its own, and it is killed
as any other. Only the start of the interpreter and the imports are left out, most of the processor time of a start.
Starts of the command itself are those of `test_stop`, `test_disk`, `test_clock`, `test_power` and `test_kills`.

The words between the two are lines of JSON: `{start: [...], log, environment}` is answered with a pid, `{poll: pid}`
with its exit status, or null while it runs. At the end of the tests' process, what still runs is killed.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).resolve().parents[2]
MODULES = ("engine.cli.run", "engine.wiring", "web.api.app")


class Nursery:
    """The tests' end of it."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", __name__]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self._lock = threading.Lock()

    def ask(self, order: Mapping[str, Any]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._lock:
            self._process.stdin.write(json.dumps(order) + "\n")
            return json.loads(self._process.stdout.readline())


_making = threading.Lock()


def nursery() -> Nursery:
    """One for each process that runs tests, whose threads may ask for it at the same moment."""
    with _making:
        return _nursery()


@functools.cache
def _nursery() -> Nursery:
    return Nursery()


class Forked:
    """A daemon, with what `subprocess.Popen` has and these tests use."""

    def __init__(self, words: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        order = {"start": list(words), "log": str(log), "environment": dict(environment)}
        self.pid = int(nursery().ask(order))
        self._status: int | None = None

    def poll(self) -> int | None:
        if self._status is None:
            self._status = nursery().ask({"poll": self.pid})
        return self._status

    def wait(self, timeout: float = 60) -> int:
        limit = time.monotonic() + timeout
        while (status := self.poll()) is None:
            if time.monotonic() > limit:
                raise subprocess.TimeoutExpired("the daemon", timeout)
            time.sleep(0.02)
        return status

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def terminate(self) -> None:
        self._signal(signal.SIGTERM)

    def _signal(self, number: signal.Signals) -> None:
        if self.poll() is None:  # its pid is nobody else's until it was polled after its end
            os.kill(self.pid, number)


_living: set[int] = set()


def main() -> None:
    """The other end: until nobody writes any more."""
    for name in MODULES:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    try:
        _serve()
    finally:
        for pid in _living:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _serve() -> None:
    for line in sys.stdin:
        order = json.loads(line)
        if "poll" in order:
            _answer(_polled(order["poll"]))
            continue
        pid = os.fork()
        if pid == 0:
            _living.clear()
            _become(order)
        _living.add(pid)
        _answer(pid)


def _answer(value: int | None) -> None:
    sys.stdout.write(f"{json.dumps(value)}\n")
    sys.stdout.flush()


def _polled(pid: int) -> int | None:
    done, status = os.waitpid(pid, os.WNOHANG)
    if not done:
        return None
    _living.discard(pid)
    return os.waitstatus_to_exitcode(status)


def _become(order: Mapping[str, Any]) -> NoReturn:
    """The daemon: this process from here on."""
    os.environ.clear()
    os.environ.update(order["environment"])
    for number, path, how in ((0, os.devnull, os.O_RDONLY), (1, order["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)):
        handle = os.open(path, how, 0o600)
        os.dup2(handle, number)
        os.close(handle)
    os.dup2(1, 2)
    from engine import points
    from engine.cli.main import main as command

    importlib.reload(points)  # it looked into the environment when it was imported
    sys.argv = ["waybill", *order["start"]]
    sys.exit(command())


if __name__ == "__main__":
    main()
