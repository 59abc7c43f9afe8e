"""The real daemon as a process of its own, on a copy of the demonstration site between the simulators' servers."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from engine.demo.client import Browser
from engine.runtime.control import ask
from simulators import his
from tests.ports import free_port
from tests.routes.site import ROOT, Peers, copy_site

T = TypeVar("T")
STATUSES = ("Pending", "Processing", "Processed", "Sent")
ROLES = ["AN", "OP", "PH", "AD", "AU"]


def until(condition: Callable[[], T], seconds: float = 15.0, what: str = "") -> T:
    """The condition's value once it is true."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, f"still not after {seconds:g} s: {what}"
        time.sleep(0.02)
    return found


class Process:
    """Start, kill, start again. kill_at: a named point at which the daemon kills itself."""

    def __init__(self, folder: Path, changes: dict[str, str] | None = None) -> None:
        self.folder = folder
        self.state = folder / "var"
        self.peers = Peers(folder)
        self.port, self.web = free_port(), f"127.0.0.1:{free_port()}"
        copy_site(folder, self.peers.his_port, self.peers.ca_port, changes or {})
        text = (folder / "routes.yaml").read_text("utf-8")
        (folder / "routes.yaml").write_text(text.replace("127.0.0.1:0", f"127.0.0.1:{self.port}"), "utf-8")
        self._arming = folder / "kill-at"
        self._log = folder / "daemon.log"
        self._child: subprocess.Popen[bytes] | None = None
        self._browser: Browser | None = None

    def start(self) -> None:
        """Started, and ready."""
        words = ["run", "--site", self.folder, "--state", self.state, "--web", self.web, "--band", "TEST"]
        environment = {**os.environ, "WAYBILL_KILL": f"@{self._arming}", "WAYBILL_LOG": "DEBUG"}
        with self._log.open("ab") as log:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "engine.cli", *map(str, words)], cwd=ROOT, env=environment,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        until(self._is_ready, 40, "the daemon is ready")
        if self._browser is None:
            self._sign_in()

    def _is_ready(self) -> bool:
        assert self._child is not None
        assert self._child.poll() is None, self.log[-3000:]
        try:
            with urllib.request.urlopen(f"http://{self.web}/health/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def _sign_in(self) -> None:
        self.ask("users.add", login="all", name="invented", roles=ROLES, staff_number="D9001", certificate_id="U-D9001")
        self._browser = Browser(f"http://{self.web}")
        self._browser.sign_in(self.ask("users.link", login="all"))

    def ask(self, act: str, **named: Any) -> Any:
        """Through the control socket."""
        return ask(self.state, act, named)

    @property
    def browser(self) -> Browser:
        """Signed in, with every role."""
        assert self._browser is not None
        return self._browser

    @property
    def pid(self) -> int:
        assert self._child is not None
        return self._child.pid

    @property
    def log(self) -> str:
        """What the daemon wrote to its standard error."""
        return self._log.read_text("utf-8", "replace")

    def kill_at(self, point: str) -> None:
        """From now on; once."""
        self._arming.write_text(point)

    def wait_for_death(self) -> None:
        assert self._child is not None
        assert self._child.wait(20) == -9, self.log[-3000:]

    def kill(self) -> None:
        """SIGKILL."""
        assert self._child is not None
        self._child.kill()
        self._child.wait(20)

    def end(self) -> None:
        """SIGTERM, if it still runs, and the peers."""
        if self._child is not None and self._child.poll() is None:
            self._child.terminate()
            try:
                self._child.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()
        self.peers.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/his"

    def push(self, kind: str, **fields: Any) -> his.Pushed:
        return his.push(kind, self.url, **fields)[0]

    def search(self, order: str) -> list[dict[str, Any]]:
        """The worklist's rows of this order."""
        rows: list[dict[str, Any]] = []
        for status in STATUSES:
            rows += self.browser.post("/api/v1/worklist/search", {"status": status, "limit": 200})["items"]
        return [row for row in rows if row["order_id"] == order]

    def at(self, order: str, status: str, seconds: float = 15) -> dict[str, Any]:
        """The order's one row once it has this status."""

        def there() -> dict[str, Any] | None:
            rows = self.search(order)
            return rows[0] if len(rows) == 1 and rows[0]["status"] == status else None

        found = until(there, seconds, f"{order} at {status}: {self.log[-2000:]}")
        assert found is not None
        return found


@contextmanager
def daemon(folder: Path, changes: dict[str, str] | None = None) -> Iterator[Process]:
    """A started daemon."""
    process = Process(folder, changes)
    try:
        process.start()
        yield process
    finally:
        process.end()
