"""A whole hospital in a folder: a copy of the demonstration site, its three peers, and the real daemon.

Two kinds: `person` (the HIS does not recognise a repeat, and a person decides what is in doubt) and `repeat` (it does).
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from tests.changed import changed
from tests.crash.children import KILLED, ROOT, Child, spawn, until
from tests.crash.evidence import Counts, Evidence
from tests.crash.office import Away, Office
from tests.ports import free_ports

Kind = Literal["person", "repeat"]
ONCE = 60.0
"""Seconds for one order from its push to its end, on a busy machine."""

QUICK = {
    "path: var/demo/PatientData}": "path: var/demo/PatientData, settle: 100ms, poll: 100ms}",
    "trust: [var/demo/ca/root.pem]}": "trust: [var/demo/ca/root.pem], poll_every: 200ms}",
    "envelope: hip, timeout: 20s,": "envelope: hip, timeout: 4s,",
    "remote: {first: 5s,": "remote: {first: 200ms,",
    "max: 15m,": "max: 2s,",
    "every: 1m,": "every: 500ms,",
}


class Plant:
    """Start it once; kill what you like; `counts` asks the peers."""

    def __init__(self, folder: Path, kind: Kind) -> None:
        self.kind: Kind = kind
        self.site = folder / "site"
        self.peers = self.site / "var" / "demo"
        self.state = self.site / "var"
        self.arming = folder / "kill"
        self.kills = 0
        self.evidence = Evidence(self.peers)
        self._his_in, self._his_out, self._ca, self._web = free_ports(4)
        self._make_site()
        peers, logs = self.peers, folder
        his = ["serve", "--port", self._his_out, "--log", peers / "his.jsonl", "--out", peers / "received"]
        self.his = Child("his", "simulators.his", [*his, *(["--dedupe"] if kind == "repeat" else [])], logs / "his.log")
        self.ca = Child(
            "ca", "simulators.ca",
            ["--port", self._ca, "--state", peers / "ca", "--log", peers / "ca.jsonl", "--phone", "approve"],
            logs / "ca.log",
        )  # fmt: skip
        self.device = Child(
            "device", "simulators.device",
            ["--database", self.evidence.device, "--folders", self.evidence.folders, "--log", peers / "device.jsonl",
             "--create", "--delay", "0.05", "--pieces", "2", "--piece-delay", "0.05", "--poll", "0.1"],
            logs / "device.log",
        )  # fmt: skip
        self.daemon = Child(
            "daemon", "engine.cli",
            ["run", "--site", self.site, "--state", self.state, "--web", f"127.0.0.1:{self._web}", "--band", "TEST"],
            logs / "daemon.log", forked=True,
        )  # fmt: skip
        self.office = Office(f"http://127.0.0.1:{self._web}", self.state, self.evidence)
        self._number = itertools.count(1)
        self._pushes: list[subprocess.Popen[bytes]] = []

    def _make_site(self) -> None:
        text = (ROOT / "routes.yaml").read_text("utf-8")
        changes = {
            ":8081": f":{self._his_in}",
            ":8091/": f":{self._his_out}/",
            ":8092'": f":{self._ca}'",
            ":2575": ":0",
            **QUICK,
        }
        if self.kind == "repeat":
            changes["in_doubt: person"] = "in_doubt: repeat"
        text = changed(text, changes, "the demonstration site")
        self.peers.mkdir(parents=True)
        (self.site / "routes.yaml").write_text(text, "utf-8")
        shutil.copytree(ROOT / "transforms", self.site / "transforms")

    # --- start and stop

    def start(self) -> None:
        for peer in (self.ca, self.his, self.device):
            peer.start_simulator()
        self.start_daemon()
        self.office.make_user()

    def start_daemon(self) -> float:
        """Seconds until it is ready. While it starts it may be killed at a point: then it is started once more."""
        began = time.monotonic()
        self.launch()
        until(lambda: self.office.is_ready() or not self.daemon.alive, 60, "the daemon is not ready")
        if not self.daemon.alive:
            self.expect_killed()
            return self.start_daemon()
        return time.monotonic() - began

    def launch(self) -> None:
        """Start the daemon, without a look whether it comes up."""
        self.daemon.start(environment=self.environment())

    def environment(self) -> dict[str, str]:
        secret = (self.peers / "ca" / "hmac.key").read_text().strip()
        return {"WAYBILL_SECRET_CA_HMAC": secret, "WAYBILL_KILL": f"@{self.arming}", "WAYBILL_LOG": "INFO"}

    def expect_killed(self) -> None:
        assert self.daemon.status == KILLED, f"the daemon ended with {self.daemon.status}: {self.daemon.tail()}"
        self.kills += 1

    def stop(self) -> None:
        for push in self._pushes:
            if push.poll() is None:
                push.kill()
            push.wait()
        for child in (self.daemon, self.device, self.his, self.ca):
            child.kill()

    # --- what the HIS does

    def order_id(self) -> str:
        return f"175||{next(self._number)}"

    def push(self, kind: str, order: str, *words: str) -> subprocess.Popen[bytes]:
        """The HIS pushes one message, and sends it again until it gets an answer."""
        number = order.rpartition("|")[2]
        command = [
            sys.executable, "-m", "simulators.his", "push", kind, "--json", "--retry", "60", "--order-id", order,
            "--message-id", f"{kind}-{number}", "--patient", f"0009{number:0>6}",
            "--url", f"http://127.0.0.1:{self._his_in}/his", *words,
        ]  # fmt: skip
        pushed = spawn(command, os.environ, stdout=subprocess.PIPE)
        self._pushes.append(pushed)
        return pushed

    def push_many(self, count: int, connections: int) -> tuple[subprocess.Popen[bytes], list[str]]:
        """So many orders, each of its own patient; their ids as the pusher makes them of the first."""
        first = self.order_id()
        orders = [first] + [f"{first}-{number}" for number in range(2, count + 1)]
        words = ("--count", str(count), "--connections", str(connections), "--patient", "")
        return self.push("order", first, *words), orders

    def accepted(self, pushed: subprocess.Popen[bytes]) -> list[dict[str, Any]]:
        """The answers, every one ResultCode 0."""
        output, _ = pushed.communicate(timeout=ONCE)
        assert pushed.returncode == 0, f"a push was not accepted: {output.decode()[-500:]}"
        return [json.loads(line) for line in output.splitlines()]

    # --- what happens

    def look(self, *orders: str) -> bool:
        """The office looks at its orders and does what there is to do; True when all are sent and done."""
        try:
            return self.office.look(orders)
        except Away:
            return False

    def kill_at(self, points: tuple[str, ...], *orders: str) -> None:
        """Kill the daemon at each point in turn, while the orders go on; it is up again at the end."""
        for name in points:
            before = self.kills
            self.arming.write_text(name)
            if not self.daemon.alive:
                self.start_daemon()  # which may be killed while it starts
            if self.kills == before:
                until(lambda: not self.daemon.alive or self.look(*orders), ONCE, lambda: self.story(*orders))
                # What is settled may be seen an instant before the point behind it is passed.
                until(lambda: not self.daemon.alive, 3, f"the point {name} was never reached")
                self.expect_killed()
        if not self.daemon.alive:
            self.start_daemon()

    def finish(self, *orders: str, seconds: float = ONCE) -> None:
        """Until every order is sent and done."""
        until(lambda: self.look(*orders), seconds, lambda: self.story(*orders))
        until(lambda: not list(self.evidence.folders.glob("*/*/*.pdf")), 20, "a taken report is not moved away")

    def tried(self, order: str, step: str) -> int:
        """How often the order's run has tried the step."""
        self.look(order)
        for row in self.office.rows([order]).values():
            run = self.office.get(f"/api/v1/runs/{row['run_id']}")
            return sum(effect["attempts"] for effect in run["effects"] if effect["step"] == step)
        return 0

    def counts(self, order: str) -> Counts:
        return self.evidence.of(order)

    def story(self, *orders: str) -> str:
        counts = self.evidence.of_all(list(orders)[:5])
        return f"{self.office.story(orders)}; counts {counts}; the daemon: {self.daemon.tail()}"


@contextlib.contextmanager
def plant(folder: Path, kind: Kind) -> Iterator[Plant]:
    """A plant that runs; everything in it is ended."""
    made = Plant(folder, kind)
    try:
        made.start()
        yield made
    finally:
        made.stop()
