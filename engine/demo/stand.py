"""The demonstration site with its simulators as one thing that is started and stopped."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from engine.demo import begin, feed, people
from engine.demo.children import Children
from engine.demo.client import Browser
from engine.demo.places import DemoFailed, Places, places_of

LOGIN = "demo"
ROLES = ["AN", "OP", "SC", "CL", "PH", "AD", "AU"]
NAME = "Hospital Demo"
START_WITHIN = 60.0
PUSH_WITHIN = 60.0


class Stand:
    """The daemon and its simulators. `end` is set by a signal."""

    def __init__(self, site: Path, phone: str) -> None:
        self.site = site
        self.state = Path(os.environ.get("WAYBILL_STATE") or site / "var")
        self.folder = site / "var" / "demo"
        self.logs = self.folder / "logs"
        self.places: Places = places_of(site)
        self.end = threading.Event()
        self._phone = phone
        self._children = Children(self.logs)

    def start(self) -> None:
        """CA first (it makes the shared secret and the trust anchor), the daemon last."""
        self.places.check_free()
        for folder in (self.folder / "ca", self.logs, self.places.device_folders, self.places.scans / feed.STATION):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        people.write(self.folder / "patients.json")
        self._start_simulators()
        secret = (self.folder / "ca" / "hmac.key").read_text().strip()
        words = ["--site", str(self.site), "--state", str(self.state), "--web", self.places.web]
        environment = {f"WAYBILL_SECRET_{self.places.secret.upper()}": secret}
        self._children.daemon([*words, "--band", "DEMO", "--name", NAME, "--phone", self.places.phone], environment)
        self.until(self._is_ready, START_WITHIN, "the daemon is not ready")
        self._make_user()

    def _start_simulators(self) -> None:
        ports, ca = self.places.ports(), self.folder / "ca"
        phone = ("--phone", self._phone, "--phone-delay", 1, "--app-id", self.places.app_id)
        self._children.simulator(
            "ca", "--port", ports["the CA simulator"][1], "--state", ca, "--log", self.logs / "ca.jsonl", *phone
        )
        self._children.simulator(
            "his", "serve", "--port", ports["the HIS simulator"][1], "--log", self.logs / "his.jsonl",
            "--out", self.folder / "received",
        )  # fmt: skip
        self._children.simulator(
            "device", "--database", self.places.device_file, "--driver", self.places.device_driver,
            "--folders", self.places.device_folders, "--log", self.logs / "device.jsonl", "--create",
        )  # fmt: skip

    def stay(self, *, first_order: bool) -> int:
        """Say what there is, give an empty site its first work, then run until a signal."""
        self._say()
        try:
            self._begin(first_order)
        except DemoFailed:
            if not self.end.is_set():
                raise
        while not self.end.wait(0.5):
            self._children.check()
        return 0

    def _begin(self, first_order: bool) -> None:
        if first_order and self._is_empty():
            self.push("patient")
            self.push("order")
        browser = self.browser()
        if begin.is_empty(browser):
            begin.fill(self, browser)

    def _say(self) -> None:
        his, _, _ = self.places.his.partition("/his")
        sys.stdout.write(
            f"\n  Waybill's demonstration site runs. All patients are invented.\n\n"
            f"  sign in, once     {self.link()}\n"
            f"  push an order     waybill simulate his order --url {self.places.listener}\n"
            f"  scan more         waybill simulate{self._elsewhere()} scanner --station ward-3 --seed 2\n"
            f"  the phone         {self.places.phone}\n"
            f"  what the HIS got  {his}/\n"
            f"  the HIS listener  {self.places.listener}\n"
            f"  logs              {self.logs}\n\n  Ctrl+C ends it.\n\n"
        )
        sys.stdout.flush()

    def _elsewhere(self) -> str:
        """What a command must be told to find this site."""
        return "" if self.site == Path.cwd() else f" --site {self.site}"

    def stop(self) -> None:
        self._children.stop()

    def ask(self, act: str, **named: Any) -> Any:
        """Through the daemon's control socket; raises `Refused`."""
        from engine.runtime.control import ask

        return ask(self.state, act, named)

    def browser(self) -> Browser:
        """The API, signed in as the demonstration user."""
        browser = Browser(f"http://{self.places.web}")
        browser.sign_in(self.link().partition("#")[2])
        return browser

    def link(self) -> str:
        """A new one-time link of the demonstration user."""
        return f"http://{self.places.web}/login#{self.ask('users.link', login=LOGIN)}"

    def push(self, kind: str, *words: str) -> list[dict[str, Any]]:
        """Let the HIS push; its answers. The listener opens a moment after the screens, hence `--retry`."""
        command = [sys.executable, "-m", "simulators.his", "push", kind, "--url", self.places.listener, "--json"]
        done = subprocess.run(
            [*command, "--retry", "20", *words], capture_output=True, check=False, stdin=subprocess.DEVNULL,
            timeout=PUSH_WITHIN,
        )  # fmt: skip
        answers: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
        if done.returncode != 0 or not answers:
            why = answers[0].get("content") if answers else "it did not start"
            raise DemoFailed(f"the HIS simulator's {kind} was not accepted: {why}")
        return answers

    def until(self, condition: Callable[[], Any], seconds: float, complaint: str) -> Any:
        """The condition's value once it is true; `DemoFailed` when a child dies or the time is over."""
        limit = time.monotonic() + seconds
        while time.monotonic() < limit and not self.end.is_set():
            found = condition()
            if found:
                return found
            self._children.check()
            time.sleep(0.1)
        raise DemoFailed("ended by a signal" if self.end.is_set() else f"{complaint} after {seconds:.0f} s")

    def _is_ready(self) -> bool:
        try:
            with urlopen(f"http://{self.places.web}/health/ready", timeout=2) as answer:
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
        log = self.logs / "device.jsonl"
        return not log.exists() or log.stat().st_size == 0
