"""A small site under load, with the real daemon: three ways in, two ways out, and a folder that is watched.

`adt` (MLLP, order per patient) goes to `lab` (MLLP); `orders` (HTTP, some bodies so large that they are blobs) and
`his` (SOAP) go to `ward` (HTTP). `scans` waits for a file. Senders and peers are threads of the test itself, and know
exactly what was answered and what arrived.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import shutil
import sqlite3
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.demo.client import Problem
from tests.crash.children import KILLED, ROOT, Child, until
from tests.crash.office import Away, Office
from tests.crash.traffic import HttpPeer, HttpSender, MllpPeer, MllpSender, Sender, SoapSender
from tests.ports import free_ports

SITE = """
connections:
  adt: {{type: mllp_in, listen: 127.0.0.1:{adt}, operations: {{'*': Adt}}}}
  orders: {{type: http_in, listen: 127.0.0.1:{http}, paths: {{/orders: Order, /scans: Scan}}}}
  his: {{type: soap_in, listen: 127.0.0.1:{http}, path: /his, namespace: 'http://www.dhcc.com.cn', envelope: operation}}
  lab: {{type: mllp_out, host: 127.0.0.1, port: {lab}, timeout: 10s, ae: retry}}
  ward: {{type: http_out, url: 'http://127.0.0.1:{ward}', timeout: 10s}}
  desk: {{type: folder, path: drop, settle: 50ms, poll: 50ms, complete: none}}
policies:
  default: {{first: 100ms, factor: 2, max: 1s, jitter: 0%, then: hold}}
routes:
  adt_on:
    receive: {{from: adt, operation: Adt, identity: [MSH-10], order: {{key: PID-3.1, until: out}}}}
    labels: {{id: {{path: MSH-10}}, seen: {{optional: true}}}}
    steps:
      - {{id: out, call: {{to: lab, operation: send, message: $(body), in_doubt: repeat}}}}
      - {{id: end, set: {{labels: {{seen: 'yes'}}}}}}
  orders_on:
    receive: {{from: orders, operation: Order, identity: [$(body/id)]}}
    labels: {{id: {{path: $(body/id)}}}}
    steps:
      - {{id: out, call: {{to: ward, operation: post, path: /in, body: $(body), in_doubt: repeat}}}}
  his_on:
    receive:
      from: his
      operation: AddRisAppBillRt
      identity: [//Header/MessageID]
      reply: {{ok: transforms/his/reply.xsl, invalid: transforms/his/reply.xsl}}
    labels: {{id: {{path: //Header/MessageID}}}}
    steps:
      - {{id: out, call: {{to: ward, operation: put, path: /in, body: $(body)}}}}
  scans:
    receive: {{from: orders, operation: Scan, identity: [$(body/id)]}}
    labels: {{id: {{path: $(body/id)}}}}
    steps:
      - {{id: place, call: {{to: desk, make: $(body/id)}}}}
      - id: file
        wait:
          {{for: file, in: desk, path: $(place/path), name: '*.txt', complete: any, until: {until},
           on_timeout: {{then: dead}}}}
      - {{id: out, call: {{to: ward, operation: put, path: /in, body: $(body)}}}}
"""


class Mill:
    """`start` it with the environment of a shim or none; `peers` and `senders` say what happened."""

    def __init__(self, folder: Path, *, until: str = "1h") -> None:
        self.site = folder / "site"
        self.state = self.site / "var"
        self.drop = self.site / "drop"
        self.kills = 0
        self.lab, self.ward = MllpPeer(), HttpPeer()
        self.adt, self.http, self.web = free_ports(3)
        self.drop.mkdir(parents=True)
        self.state.mkdir(mode=0o700)
        shutil.copytree(ROOT / "transforms", self.site / "transforms")
        text = SITE.format(adt=self.adt, http=self.http, lab=self.lab.port, ward=self.ward.port, until=until)
        (self.site / "routes.yaml").write_text(text, "utf-8")
        self.daemon = self.child(self.site, folder / "daemon.log")
        nothing: Any = None  # its peers say for themselves what arrived
        self.office = Office(f"http://127.0.0.1:{self.web}", self.state, nothing)
        self._environment: Mapping[str, str] = {}

    def child(self, site: Path, log: Path) -> Child:
        """A daemon of this site or of a copy of it, at the same addresses."""
        words = ["run", "--site", site, "--state", site / "var", "--web", f"127.0.0.1:{self.web}", "--band", "TEST"]
        return Child("daemon", "engine.cli", words, log)

    def start(self, environment: Mapping[str, str] | None = None) -> None:
        """The daemon up and ready."""
        if environment is not None:
            self._environment = environment
        self.launch()
        until(lambda: self.office.is_ready() or not self.daemon.alive, 60, "the daemon is not ready")
        assert self.daemon.alive, f"it ended with {self.daemon.status}: {self.daemon.tail()}"
        until(self.listens, 60, lambda: f"it does not listen: {self.daemon.tail()}")

    def launch(self) -> None:
        self.daemon.start(environment=self._environment)

    def listens(self) -> bool:
        """Both doors are open: sources start after the web server."""
        return MllpSender(self.adt).reachable() and HttpSender(self.http).reachable()

    def kill(self) -> None:
        self.daemon.kill()
        assert self.daemon.status == KILLED, f"the daemon ended with {self.daemon.status}: {self.daemon.tail()}"
        self.kills += 1

    def stop(self) -> None:
        self.daemon.kill()
        self.lab.close()
        self.ward.close()

    def senders(self, each: int = 2, *, size: int = 100_000) -> list[Sender]:
        """So many of every kind, each with a patient of its own; of the orders every tenth is as large as `size`."""
        made: list[Sender] = []
        for number in range(each):
            made += [MllpSender(self.adt, f"A{number}"), HttpSender(self.http, f"H{number}", size=size)]
            made.append(SoapSender(self.http, f"S{number}"))
        return made

    # --- what the engine says

    def health(self) -> dict[str, tuple[str, str]]:
        """State and reason by connection, as the dashboard shows it; empty while it cannot."""
        try:
            rows = self.office.get("/api/v1/dashboard")["connections"]
        except (Away, Problem):
            return {}
        return {row["name"]: (row["state"], row["reason"]) for row in rows}

    def ready(self) -> dict[str, Any]:
        """What /health/ready answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.web}/health/ready", timeout=5) as answer:
                found: dict[str, Any] = json.load(answer)
        except urllib.error.HTTPError as error:
            found = json.load(error)
        except (OSError, http.client.HTTPException):
            return {"ready": False, "reasons": ["away"]}
        return found

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        return rows(self.state, sql, *values)

    def open_runs(self) -> list[tuple[Any, ...]]:
        return self.rows("SELECT route, state, step, code, reason FROM run WHERE ended_at IS NULL LIMIT 5")

    def finish(self, seconds: float = 90) -> None:
        """Until every run has ended."""
        until(lambda: not self.open_runs(), seconds, lambda: f"open: {self.open_runs()}; {self.daemon.tail()[-1500:]}")


def rows(state: Path, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """Of the store, read beside the daemon."""
    with contextlib.closing(sqlite3.connect(f"file:{state / 'waybill.sqlite'}?mode=ro", uri=True, timeout=30)) as db:
        return db.execute(sql, values).fetchall()


@contextlib.contextmanager
def mill(folder: Path, kind: type[Mill] = Mill, **more: Any) -> Iterator[Mill]:
    """A mill whose processes and threads are ended."""
    made = kind(folder, **more)
    try:
        yield made
    finally:
        made.stop()
