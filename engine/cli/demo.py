"""Start the demonstration site with its simulators, and print a one-time link to sign in.

With `--once` nobody is needed: one order is pushed, its report signed on a phone that approves, and the signed report
is found again at the HIS. Exit status 0 only when all arrived.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

LOGIN = "demo"
ROLES = ["AN", "OP", "SC", "CL", "PH", "AD", "AU"]
WEB = "127.0.0.1:8080"
NAME = "Hospital Demo"
PHONE = "http://127.0.0.1:8092/phone"
START_WITHIN = 60.0
ARRIVE_WITHIN = 90.0


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--once", action="store_true", help="drive one order through without a browser, then end")
    parser.add_argument("--phone", choices=("ask", "approve", "refuse", "ignore"), help="what the simulated phone does")
    parser.add_argument("--no-order", action="store_true", help="do not push a first order into an empty site")


def run(options: argparse.Namespace) -> int:
    demo = Demo(options.site.resolve(), options.phone or ("approve" if options.once else "ask"))
    signal.signal(signal.SIGTERM, lambda *_: demo.end.set())
    signal.signal(signal.SIGINT, lambda *_: demo.end.set())
    try:
        demo.start()
        if options.once:
            from engine.demo.once import drive

            return drive(demo, ARRIVE_WITHIN)
        return demo.stay(first_order=not options.no_order)
    except DemoFailed as error:
        sys.stderr.write(f"waybill demo: {error}\n")
        return 1
    finally:
        demo.stop()


class DemoFailed(Exception):
    """One line for the person who started it."""


class Demo:
    """The daemon and its simulators as child processes; all are ended by their own pids."""

    def __init__(self, site: Path, phone: str) -> None:
        self.site = site
        self.state = Path(os.environ.get("WAYBILL_STATE") or site / "var")
        self.folder = site / "var" / "demo"
        self.web = os.environ.get("WAYBILL_WEB", WEB)
        self.end = threading.Event()
        self._phone = phone
        self._children: list[tuple[str, subprocess.Popen[bytes]]] = []

    def start(self) -> None:
        """CA first (it makes the shared secret and the trust anchor), the daemon last."""
        ca, logs = self.folder / "ca", self.folder / "logs"
        for folder in (ca, logs, self.folder / "PatientData"):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._simulator("ca", "--state", ca, "--phone", self._phone, "--phone-delay", 1, "--log", logs / "ca.jsonl")
        self._simulator("his", "serve", "--log", logs / "his.jsonl", "--out", self.folder / "received")
        self._simulator(
            "device", "--database", self.folder / "device.sqlite", "--folders", self.folder / "PatientData",
            "--log", logs / "device.jsonl", "--create",
        )  # fmt: skip
        secret = (ca / "hmac.key").read_text().strip()
        command = [
            sys.executable,
            "-m",
            "engine.cli",
            "run",
            "--site",
            str(self.site),
            "--band",
            "DEMO",
            "--name",
            NAME,
            "--phone",
            PHONE,
        ]
        environment = {
            **os.environ,
            "WAYBILL_SECRET_CA_HMAC": secret,
            "WAYBILL_LOG": os.environ.get("WAYBILL_LOG", "INFO"),
        }
        with (logs / "waybill.log").open("ab") as log:
            self._add("waybill", subprocess.Popen(command, env=environment, stderr=log, stdin=subprocess.DEVNULL))
        self.until(self._is_ready, START_WITHIN, "the daemon is not ready")
        self._make_user()

    def stay(self, *, first_order: bool) -> int:
        """Say what there is, then run until a signal."""
        if first_order and self._is_empty():
            self.push("patient")
            self.push("order")
        sys.stdout.write(
            f"\n  Waybill's demonstration site runs. All patients are invented.\n\n"
            f"  sign in, once     {self.link()}\n"
            f"  push an order     waybill simulate his order\n"
            f"  the phone         {PHONE}\n"
            f"  what the HIS got  http://127.0.0.1:8091/\n"
            f"  the HIS listener  http://127.0.0.1:8081/his\n"
            f"  logs              {self.folder / 'logs'}\n\n  Ctrl+C ends it.\n\n"
        )
        sys.stdout.flush()
        while not self.end.wait(0.5):
            self._check_children()
        return 0

    def stop(self) -> None:
        """The daemon first, so that it meets its peers until its end."""
        for _, child in reversed(self._children):
            if child.poll() is None:
                child.terminate()
                try:
                    child.wait(20)
                except subprocess.TimeoutExpired:
                    child.kill()
                    child.wait()

    def ask(self, act: str, **named: Any) -> Any:
        """Through the daemon's control socket; raises `Refused`."""
        from engine.runtime.control import ask

        return ask(self.state, act, named)

    def link(self) -> str:
        """A new one-time link of the demonstration user."""
        return f"http://{self.web}/login#{self.ask('users.link', login=LOGIN)}"

    def push(self, kind: str, *words: str) -> list[dict[str, Any]]:
        """Let the HIS push; its answers."""
        command = [sys.executable, "-m", "simulators.his", "push", kind, "--json", *words]
        done = subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL, timeout=60)
        if done.returncode != 0:
            raise DemoFailed(f"the HIS simulator's {kind} was not accepted")
        return [json.loads(line) for line in done.stdout.splitlines()]

    def until(self, condition: Callable[[], Any], seconds: float, complaint: str) -> Any:
        """The condition's value once it is true; `DemoFailed` when a child dies or the time is over."""
        limit = time.monotonic() + seconds
        while time.monotonic() < limit and not self.end.is_set():
            found = condition()
            if found:
                return found
            self._check_children()
            time.sleep(0.1)
        raise DemoFailed("ended by a signal" if self.end.is_set() else f"{complaint} after {seconds:.0f} s")

    def _simulator(self, name: str, *words: object) -> None:
        command = [sys.executable, "-m", f"simulators.{name}", *map(str, words)]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        self._add(name, child)
        assert child.stdout is not None
        line = child.stdout.readline()
        if not line.startswith(b"ready"):
            raise DemoFailed(f"the simulator {name} does not start (is its port in use?)")

    def _add(self, name: str, child: subprocess.Popen[bytes]) -> None:
        self._children.append((name, child))

    def _check_children(self) -> None:
        for name, child in self._children:
            if child.poll() is not None:
                raise DemoFailed(f"{name} ended with status {child.returncode}; see {self.folder / 'logs'}")

    def _is_ready(self) -> bool:
        from urllib.error import URLError
        from urllib.request import urlopen

        try:
            with urlopen(f"http://{self.web}/health/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False

    def _make_user(self) -> None:
        from engine.message import Refused

        try:
            self.ask(
                "users.add", login=LOGIN, name="示例医师", roles=ROLES, staff_number="D9001", certificate_id="U-D9001"
            )
        except Refused:
            return  # of an earlier start

    def _is_empty(self) -> bool:
        log = self.folder / "logs" / "device.jsonl"
        return not log.exists() or log.stat().st_size == 0
