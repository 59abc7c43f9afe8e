"""A daemon of the demonstration site in a temporary folder, and what it costs: CPU seconds and PSS of all processes."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import IO
from urllib.error import URLError

from bench.rig import free_port

ROOT = Path(__file__).resolve().parent.parent


class Plant:
    """`start` returns the seconds until it is ready. The device's database is the simulator's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.his, self.web = free_port(), free_port()
        text = (ROOT / "routes.yaml").read_text("utf-8").replace("127.0.0.1:8081", f"127.0.0.1:{self.his}")
        text = re.sub(r"127\.0\.0\.1:809[12]", f"127.0.0.1:{free_port()}", text)
        (folder / "routes.yaml").write_text(text, "utf-8")
        shutil.copytree(ROOT / "transforms", folder / "transforms")
        (folder / "var" / "demo" / "ca").mkdir(parents=True)
        (folder / "var" / "demo" / "ca" / "root.pem").touch()
        self._log: IO[bytes] = (folder / "waybill.log").open("ab")
        self._device = self._spawn(
            "simulators.device", "--database", folder / "var/demo/device.sqlite", "--folders",
            folder / "var/demo/PatientData", "--log", folder / "device.jsonl", "--create",
        )  # fmt: skip
        time.sleep(1.0)
        end(self._device)  # it made the database; its reports are not part of this measurement
        self.daemon: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        began = time.perf_counter()
        self.daemon = self._spawn(
            "engine.cli", "run", "--site", self.folder, "--band", "TEST", "--web", f"127.0.0.1:{self.web}"
        )
        while time.perf_counter() - began < 60:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.web}/health/ready", timeout=1) as answer:
                    if answer.status == 200 and _listens(self.his):
                        return time.perf_counter() - began
            except (URLError, OSError):
                time.sleep(0.02)
        raise SystemExit(f"the daemon is not ready; see {self.folder / 'waybill.log'}")

    def stop(self) -> float:
        began = time.perf_counter()
        if self.daemon is not None:
            end(self.daemon)
        return time.perf_counter() - began

    def cpu(self) -> float:
        """User and system seconds of the daemon and its workers so far."""
        tick = os.sysconf("SC_CLK_TCK")
        return sum(sum(map(int, _stat(pid)[11:13])) for pid in self.pids()) / tick

    def pss(self) -> float:
        """MB of the daemon and its workers: each shared page is counted once."""
        total = 0
        for pid in self.pids():
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
            total += int(re.search(r"^Pss:\s+(\d+)", text, re.MULTILINE)[1])  # type: ignore[index]
        return total / 1024

    def pids(self) -> list[int]:
        assert self.daemon is not None
        found, new = [], [self.daemon.pid]
        while new:
            pid = new.pop()
            found.append(pid)
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                new += [int(child) for child in children.read_text().split()]
        return found

    def _spawn(self, module: str, *words: object) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "WAYBILL_SECRET_CA_HMAC": os.urandom(16).hex(), "WAYBILL_LOG": "WARNING"}
        command = [sys.executable, "-m", module, *map(str, words)]
        return subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log
        )


def end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(20)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def machine() -> str:
    """What it was measured on, in a line."""
    model = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), "unknown processor")  # fmt: skip
    return f"{os.cpu_count()} cores, {model}, Python {sys.version.split()[0]}, load {os.getloadavg()[0]:.2f}"


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
