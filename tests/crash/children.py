"""Child processes of the crash tests: started, killed and ended by their own pids only."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from tests.crash.nursery import Forked

T = TypeVar("T")

ROOT = Path(__file__).resolve().parents[2]
KILLED = -signal.SIGKILL


def until(condition: Callable[[], T], seconds: float, complaint: str | Callable[[], str]) -> T:
    """The condition's value once it is true."""
    limit = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > limit:
            text = complaint if isinstance(complaint, str) else complaint()
            raise AssertionError(f"{text} (after {seconds:g} s)")
        time.sleep(0.02)
    return found


_spawning = threading.Lock()


def spawn(command: list[str], environment: Mapping[str, str], **files: Any) -> subprocess.Popen[bytes]:
    """A child process; two threads that started one at the same moment once met EFAULT, so one after another."""
    with _spawning:
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, **files)


class Child:
    """One process that may be started again and again with the same words.

    forked: a daemon that comes from the nursery, because a test starts it very often.
    """

    def __init__(self, name: str, module: str, words: list[object], log: Path, *, forked: bool = False) -> None:
        self.name = name
        self.log = log
        self.forked = forked
        self._command = [sys.executable, "-m", module, *map(str, words)]
        self._process: subprocess.Popen[bytes] | Forked | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self, *more: object, environment: Mapping[str, str] | None = None) -> None:
        command, around = [*self._command, *map(str, more)], {**os.environ, **(environment or {})}
        if self.forked:
            self._process = Forked(command[3:], around, self.log)
            return
        with self.log.open("ab") as log:
            self._process = spawn(command, around, stdout=log, stderr=log)

    def start_simulator(self, *more: object) -> None:
        """Started, and it listens."""
        before = self._said().count(b"ready")
        self.start(*more)
        until(lambda: self._said().count(b"ready") > before or not self.alive, 30, f"{self.name} is not ready")
        assert self.alive, f"{self.name} ended with {self.status}: {self.tail()}"

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def status(self) -> int | None:
        return None if self._process is None else self._process.poll()

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(30)

    def end(self, seconds: float = 20) -> int:
        """SIGTERM, and its exit status."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(seconds)

    def tail(self) -> str:
        return self._said().decode("utf-8", "replace")[-3000:]

    def _said(self) -> bytes:
        return self.log.read_bytes() if self.log.exists() else b""
