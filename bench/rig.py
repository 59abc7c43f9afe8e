"""The processes of a benchmark, on a temporary site: the daemon as it is run in a hospital, the sink, the generator."""

from __future__ import annotations

import json
import os
import selectors
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any, Self
from urllib.error import URLError

from bench import sites
from bench.messages import Route
from bench.meter import Meter

ROOT = Path(__file__).resolve().parent.parent
READY_WITHIN = 60.0


class Failed(Exception):
    """A benchmark cannot go on; the text says why."""


def free_port() -> int:
    """A port that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Child:
    """A process that is spoken to in lines of JSON."""

    def __init__(self, module: str, words: Sequence[object], log: IO[bytes]) -> None:
        command = [sys.executable, "-m", module, *map(str, words)]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, bufsize=0
        )
        self.meter = Meter(self._process.pid)
        self._name = module
        self._log = Path(log.name)

    def says(self, seconds: float) -> dict[str, Any] | None:
        """The next line; None when none comes in time."""
        out = self._process.stdout
        assert out is not None
        with selectors.DefaultSelector() as ready:
            ready.register(out, selectors.EVENT_READ)
            if not ready.select(seconds):
                return None
        text = out.readline()
        if not text:
            raise Failed(f"{self._name} ended with {self._process.wait()}: {last_words(self._log)}")
        told: dict[str, Any] = json.loads(text)
        return told

    def ask(self, line: str, seconds: float = 30.0) -> dict[str, Any]:
        """Say a line, get the answer."""
        self.tell(line)
        told = self.says(seconds)
        if told is None:
            raise Failed(f"{self._name} does not answer")
        return told

    def tell(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")

    def end(self) -> None:
        """Close its input and wait; kill it when that is not enough."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        _end(self._process)


class Rig:
    """`with Rig("mllp", in_flight=8) as rig`: a site whose daemon runs, and its sink.

    keep: leave the folder. prepare: given the state folder before the first start.
    """

    def __init__(
        self,
        route: Route,
        *,
        in_flight: int = 8,
        ordered: bool = False,
        keep: bool = False,
        parent: Path | None = None,
        prepare: Callable[[Path], None] | None = None,
    ) -> None:
        self.route: Route = route
        self.folder = Path(tempfile.mkdtemp(prefix="waybill-bench-", dir=parent))
        self.state = self.folder / "var"
        self.port, self.web = free_port(), free_port()
        self._keep = keep
        self._log = (self.folder / "bench.log").open("ab")
        self._daemon: subprocess.Popen[bytes] | None = None
        self.sink: Child | None = None
        self._form = (in_flight, ordered)
        self._prepare = prepare
        self.start_s = 0.0

    def __enter__(self) -> Self:
        try:
            self.sink = Child("bench.sink", ["--route", self.route], self._log)
            told = self.sink.says(READY_WITHIN)
            if told is None:
                raise Failed("the sink does not start")
            in_flight, ordered = self._form
            sites.write(self.folder, self.route, self.port, told["port"], in_flight, ordered=ordered)
            if self._prepare is not None:
                self.state.mkdir(mode=0o700)
                self._prepare(self.state)
            self.start_s = self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        if self.sink is not None:
            self.sink.end()
        self._log.close()
        if not self._keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def engine(self) -> Meter:
        """Of the daemon and its workers."""
        assert self._daemon is not None
        return Meter(self._daemon.pid)

    def start(self) -> float:
        """Start the daemon; the seconds until it takes messages and its API answers."""
        began = time.monotonic()
        environment = {name: text for name, text in os.environ.items() if not name.startswith("WAYBILL_")}
        command = [sys.executable, "-m", "engine.cli", "run", "--site", self.folder, "--state", self.state,
                   "--band", "TEST", "--web", f"127.0.0.1:{self.web}"]  # fmt: skip
        self._daemon = subprocess.Popen(
            list(map(str, command)), cwd=ROOT, env={**environment, "WAYBILL_LOG": "WARNING"}, stdin=subprocess.DEVNULL,
            stdout=self._log, stderr=self._log,
        )  # fmt: skip
        while time.monotonic() - began < READY_WITHIN:
            if self._daemon.poll() is not None:
                break
            if self._ready():
                return time.monotonic() - began
            time.sleep(0.02)
        raise Failed(f"the daemon does not start: {last_words(self.folder / 'bench.log')}")

    def stop(self) -> float:
        """The seconds until the daemon has ended."""
        began = time.monotonic()
        daemon, self._daemon = self._daemon, None
        if daemon is not None:
            _end(daemon)
        return time.monotonic() - began

    def generator(self, connections: int, first: int, *words: object) -> Child:
        """A generator; what it records goes to `record`."""
        return Child("bench.generator", ["--route", self.route, "--port", self.port, "--connections", connections,
                                         "--first", first, "--record", self.record, *words], self._log)  # fmt: skip

    @property
    def record(self) -> Path:
        return self.folder / "sent.bin"

    @property
    def received(self) -> Path:
        return self.folder / "received.bin"

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.web}/health/ready", timeout=2) as answer:
                return answer.status == 200 and listens(self.port)
        except (URLError, OSError):
            return False


def last_words(log: Path) -> str:
    """The last line of a log."""
    lines = log.read_text("utf-8", "replace").splitlines()
    return lines[-1] if lines else "it says nothing"


def listens(port: int) -> bool:
    """Whether somebody takes connections there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
