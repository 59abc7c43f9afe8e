"""The demonstration's processes: each is known by its own pid, and ended by it."""

from __future__ import annotations

import os
import selectors
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from engine.demo.places import DemoFailed

READY_WITHIN = 30.0
END_WITHIN = 20.0


class Children:
    """Child processes in the order of their start; `logs` holds a file a name."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._running: list[tuple[str, subprocess.Popen[bytes]]] = []

    def simulator(self, name: str, *words: object) -> None:
        """Start `simulators.NAME`; returns when it listens."""
        child = self._start(name, [sys.executable, "-m", f"simulators.{name}", *map(str, words)], {}, piped=True)
        assert child.stdout is not None
        with child.stdout as said, selectors.DefaultSelector() as ready:
            ready.register(said, selectors.EVENT_READ)
            if not ready.select(READY_WITHIN) or not said.readline().startswith(b"ready"):
                self._complain(name, child)

    def daemon(self, words: list[str], environment: Mapping[str, str]) -> None:
        """Start `waybill run`; it says itself when it is ready."""
        self._start("waybill", [sys.executable, "-m", "engine.cli", "run", *words], environment)

    def check(self) -> None:
        """`DemoFailed` when one has ended."""
        for name, child in self._running:
            if child.poll() is not None:
                self._complain(name, child)

    def stop(self) -> None:
        """The last one first, so that the daemon meets its peers until its end."""
        for _, child in reversed(self._running):
            if child.poll() is None:
                child.terminate()
                try:
                    child.wait(END_WITHIN)
                except subprocess.TimeoutExpired:
                    child.kill()
                    child.wait()
        self._running.clear()

    def _start(
        self, name: str, command: list[str], environment: Mapping[str, str], *, piped: bool = False
    ) -> subprocess.Popen[bytes]:
        with (self._logs / f"{name}.log").open("ab") as log:
            child = subprocess.Popen(
                command, env={**os.environ, **environment}, stdin=subprocess.DEVNULL, stderr=log,
                stdout=subprocess.PIPE if piped else log,
            )  # fmt: skip
        self._running.append((name, child))
        return child

    def _complain(self, name: str, child: subprocess.Popen[bytes]) -> None:
        limit = time.monotonic() + 1.0
        while child.poll() is None and time.monotonic() < limit:  # its output ended a moment before itself
            time.sleep(0.02)
        how = "does not start" if child.returncode is None else f"ended with status {child.returncode}"
        raise DemoFailed(f"{name} {how}: {self._last_line(name)} (all of it: {self._logs / f'{name}.log'})")

    def _last_line(self, name: str) -> str:
        """The last thing that it said; of a daemon, what made it end."""
        lines = (self._logs / f"{name}.log").read_text("utf-8", "replace").splitlines()[-200:]
        said = [line.strip() for line in reversed(lines) if line.strip()]
        worst = next((line for line in said if " CRITICAL " in line), None)
        return (worst or (said[0] if said else "it said nothing"))[:300]
