"""A demonstration site of its own for the browser: a copy of the site's text on free ports, simulators, the daemon."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from engine.runtime.control import ask
from tests.changed import changed
from tests.ports import free_ports

ROOT = Path(__file__).resolve().parents[2]
LOGIN = "demo"
ROLES = ["AN", "OP", "SC", "CL", "PH", "AD", "AU"]


class Stand:
    """HIS, device and CA simulators and the daemon as child processes, ended by their own pids."""

    def __init__(self, folder: Path) -> None:
        self.site = folder / "site"
        self.state = folder / "var"
        self.logs = folder / "logs"
        self._ports = dict(zip(("web", "listener", "his", "ca"), free_ports(4), strict=True))
        self._children: list[subprocess.Popen[bytes]] = []

    @property
    def web(self) -> str:
        return f"http://127.0.0.1:{self._ports['web']}"

    @property
    def listener(self) -> str:
        """Where the HIS pushes."""
        return f"http://127.0.0.1:{self._ports['listener']}/his"

    @property
    def scans(self) -> Path:
        """Where scanners write, each station into a folder of its own."""
        return self.site / "var" / "demo" / "scans"

    def start(self) -> None:
        self._copy_site()
        demo = self.site / "var" / "demo"
        for path in (demo / "ca", demo / "PatientData", self.logs):
            path.mkdir(parents=True)
        phone = ("--phone", "approve", "--phone-delay", 2)
        self._simulator("ca", "--port", self._ports["ca"], "--state", demo / "ca", *phone)
        self._simulator("his", "serve", "--port", self._ports["his"], "--log", self._log("his"), "--out", demo / "got")
        self._simulator(
            "device", "--database", demo / "device.sqlite", "--folders", demo / "PatientData",
            "--log", self._log("device"), "--create", "--foreign", "--delay", 2,
        )  # fmt: skip
        self.start_daemon()
        self.person(login=LOGIN, name="示例医师", roles=ROLES, staff_number="D9001", certificate_id="U-D9001")

    def person(self, **said: Any) -> None:
        """Somebody who may sign in: `login`, `name`, `roles`."""
        ask(self.state, "users.add", said)

    def start_daemon(self) -> None:
        secret = (self.site / "var" / "demo" / "ca" / "hmac.key").read_text().strip()
        command = [sys.executable, "-m", "engine.cli", "run", "--site", str(self.site), "--state", str(self.state)]
        with (self.logs / "waybill.log").open("ab") as log:
            child = subprocess.Popen(
                [*command, "--web", self.web.removeprefix("http://"), "--band", "DEMO"],
                env={**os.environ, "WAYBILL_SECRET_CA_HMAC": secret},
                stderr=log,
                stdin=subprocess.DEVNULL,
                cwd=ROOT,
            )
        self._children.append(child)
        until(lambda: child.poll() is not None or self._is_ready(), 60, "the daemon is not ready")
        assert child.poll() is None, (self.logs / "waybill.log").read_text()[-2000:]

    def stop_daemon(self) -> float:
        """SIGTERM; how many seconds it took."""
        child = self._children.pop()
        begun = time.monotonic()
        child.terminate()
        assert child.wait(20) == 0
        return time.monotonic() - begun

    def stop(self) -> None:
        """The daemon first, so that it meets its peers until its end."""
        for child in reversed(self._children):
            child.terminate()
            try:
                child.wait(20)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            if child.stdout is not None:
                child.stdout.close()

    def link(self, login: str = LOGIN) -> str:
        """A new one-time link."""
        return f"{self.web}/login#{ask(self.state, 'users.link', {'login': login})}"

    def push(self, kind: str, *words: object) -> dict[str, Any]:
        """Let the HIS push one message; its answer."""
        command = [sys.executable, "-m", "simulators.his", "push", kind, "--url", self.listener, "--json"]
        command += map(str, words)
        done = subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL, timeout=60, cwd=ROOT)
        lines = done.stdout.splitlines()
        assert lines, done.stderr.decode()[-2000:]
        answer: dict[str, Any] = json.loads(lines[0])
        return answer

    def accepted(self, order: str) -> list[dict[str, Any]]:
        """The documents of an order that the HIS accepted, by its own log."""
        calls = [json.loads(line) for line in self._log("his").read_text("utf-8").splitlines()]
        return [call for call in calls if call.get("order_id") == order and call.get("accepted")]

    def _copy_site(self) -> None:
        shutil.copytree(ROOT / "transforms", self.site / "transforms")
        text = (ROOT / "routes.yaml").read_text("utf-8")
        free = {"8081": self._ports["listener"], "8091": self._ports["his"], "8092": self._ports["ca"], "2575": 0}
        text = changed(text, {f"127.0.0.1:{given}": f"127.0.0.1:{port}" for given, port in free.items()})
        (self.site / "routes.yaml").write_text(text, "utf-8")

    def _log(self, name: str) -> Path:
        return self.logs / f"{name}.jsonl"

    def _simulator(self, name: str, *words: object) -> None:
        command = [sys.executable, "-m", f"simulators.{name}", *map(str, words)]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, cwd=ROOT)
        self._children.append(child)
        assert child.stdout is not None
        assert child.stdout.readline().startswith(b"ready"), f"the simulator {name} does not start"

    def _is_ready(self) -> bool:
        try:
            with urlopen(f"{self.web}/health/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False


def until(condition: Callable[[], Any], seconds: float, complaint: str) -> Any:
    """The condition's value once it is true."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"{complaint} after {seconds:.0f} s")
