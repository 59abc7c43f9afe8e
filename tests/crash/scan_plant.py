"""A record office in a folder: two stations' folders, patients by HL7, a HIS that is told, and the real daemon."""

from __future__ import annotations

import contextlib
import itertools
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.message import Refused
from engine.runtime.control import ask
from simulators import his, hl7
from tests.crash.children import KILLED, ROOT, Child, until
from tests.crash.mill import rows
from tests.crash.office import THREE_TIMES, Away, Office, Problem
from tests.crash.scan_points import Kind
from tests.ports import free_ports

STATION = "desk"
SITE = """
connections:
  adt_in: {{type: mllp_in, listen: 127.0.0.1:{adt}, operations: {{ADT_A28: Patient, ADT_A40: Merge}}}}
  his_out: {{type: soap_out, url: 'http://127.0.0.1:{his}/his', envelope: hip, timeout: 4s}}
  records: {{type: records}}
  scan_drop: {{type: folder, path: scans, settle: {settle}, poll: 50ms}}
alerts:
  ward_desk: {{roles: [OP]}}
policies:
  default: {{first: 100ms, factor: 2, max: 1s, jitter: 0%, then: hold}}
routes:
  patient:
    receive: {{from: adt_in, operation: Patient}}
    steps:
      - {{id: demographics, call: {{to: records, operation: upsert_patient, body: transforms/hl7/patient.yaml}}}}
  merge:
    receive: {{from: adt_in, operation: Merge}}
    steps:
      - {{id: each, split: {{by: MRG, identity: ['PID-3[1].1', 'MRG-1[1].1', MSH-10]}}}}
      - {{id: merged, call: {{to: records, operation: merge_patient, body: transforms/hl7/merge.yaml}}}}
  filed:
    receive:
      {{from: records, operation: document_filed, order: {{key: /document/id, until: send, on_failure: hold}}}}
    labels: {{id: {{path: /document/id}}}}
    steps:
      - {{id: pdf, call: {{to: records, operation: read_document, id: $(body/id)}}}}
      - id: send
        call:
          {{to: his_out, operation: RegisterDocumentRt, body: transforms/his/scanned-document.xsl,
           expect: {{xpath: "//ResultCode = '0'"}}, in_doubt: {doubt}}}
  replaced:
    receive:
      {{from: records, operation: document_replaced, order: {{key: /document/id, until: send, on_failure: hold}}}}
    labels: {{id: {{path: /document/id}}}}
    steps:
      - {{id: pdf, call: {{to: records, operation: read_document, id: $(body/id)}}}}
      - id: send
        call:
          {{to: his_out, operation: RegisterDocumentRt, body: transforms/his/scanned-document.xsl,
           expect: {{xpath: "//ResultCode = '0'"}}, in_doubt: {doubt}}}
  withdrawn:
    receive: {{from: records, operation: document_withdrawn}}
    labels: {{id: {{path: /document/id}}}}
    steps:
      - {{id: seen, set: {{labels: {{id: $(body/id)}}}}}}
  scans:
    receive: {{from: scan_drop, operation: file, order: {{key: $(meta/folder), until: add, on_failure: pass}}}}
    steps:
      - id: add
        call:
          {{to: records, operation: add_scan, document: $(body), station: '$(meta/folder|default:scanner)',
           name: $(meta/name), written: '$(meta/written|default:)'}}
"""


class Clerk(Office):
    """A person with every role, who uploads too. Others may be made beside the first."""

    def __init__(self, base: str, state: Path, login: str = "crash") -> None:
        nothing: Any = None  # the HIS says for itself what arrived
        super().__init__(base, state, nothing, login)

    def send(self, method: str, path: str, body: dict[str, Any] | bytes) -> Any:
        """Any other method of the API."""
        return self._ask(lambda browser: browser.send(method, path, body))


class ScanPlant:
    """Start it once; kill what you like. `clerk` is who works at the desk."""

    def __init__(
        self, folder: Path, kind: Kind = "repeat", *, settle: str = "50ms", more: dict[str, str] | None = None
    ):
        self.kind = kind
        self.site, self.state = folder / "site", folder / "site" / "var"
        self.drop = self.site / "scans"
        self.arming = folder / "kill"
        self.kills = 0
        self.numbers = itertools.count(1)
        self.his = his.His(his.Options(0, folder / "his.jsonl", dedupe=kind == "repeat"))
        self._server = his.HisServer(self.his)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        self.adt, web = free_ports(2)
        self.drop.mkdir(parents=True)
        shutil.copytree(ROOT / "transforms", self.site / "transforms")
        port, doubt = self._server.server_address[1], "person" if kind == "person" else "repeat"
        text = SITE.format(adt=self.adt, his=port, settle=settle, doubt=doubt)
        (self.site / "routes.yaml").write_text(text, "utf-8")
        self.base = f"http://127.0.0.1:{web}"
        self.daemon = Child(
            "daemon", "engine.cli",
            ["run", "--site", self.site, "--state", self.state, "--web", f"127.0.0.1:{web}", "--band", "TEST"],
            folder / "daemon.log", forked="LD_PRELOAD" not in (more or {}),
        )  # fmt: skip
        self._environment = {"WAYBILL_KILL": f"@{self.arming}", "WAYBILL_LOG": "INFO", **(more or {})}
        self.clerk = Clerk(self.base, self.state)

    # --- start, kill, stop

    def start(self) -> None:
        """Up, with a station, a kind of document, and two patients."""
        self.start_daemon()
        self.clerk.make_user()
        self.station(STATION)
        self.patient("0009000001")
        self.patient("0009000002")

    def start_daemon(self) -> None:
        """Up and ready; killed at a point while it starts, it starts once more."""
        self.daemon.start(environment=self._environment)
        until(lambda: self.clerk.is_ready() or not self.daemon.alive, 60, "the daemon is not ready")
        if not self.daemon.alive:
            self.expect_killed()
            self.start_daemon()

    def expect_killed(self) -> None:
        assert self.daemon.status == KILLED, f"the daemon ended with {self.daemon.status}: {self.daemon.tail()}"
        self.kills += 1

    def kill(self) -> None:
        self.daemon.kill()
        self.expect_killed()

    def revive(self) -> bool:
        """Start the daemon again when it was killed; whether it was."""
        if self.daemon.alive:
            return False
        self.expect_killed()
        self.start_daemon()
        return True

    def stop(self) -> None:
        self.daemon.kill()
        self._server.shutdown()
        self._server.server_close()

    # --- what comes in

    def patient(self, number: str) -> str:
        """An invented patient, made by the HIS; the public id."""
        self.hl7("A28", number, f"PID|1||{number}^^^H||Example^{number[-4:]}||19800102|F")
        sql = "SELECT public_id FROM patient WHERE number = ?"
        return str(until(lambda: self.rows(sql, number), 30, lambda: f"no patient: {self.daemon.tail()}")[0][0])

    def merge(self, survivor: str, retired: str) -> None:
        self.hl7("A40", retired, f"PID|1||{survivor}^^^H\rMRG|{retired}")

    def hl7(self, event: str, name: str, segments: str) -> None:
        """Sent until it is taken."""
        text = f"MSH|^~\\&|T|A|W|B|20260101||ADT^{event}|{event}-{name}|P|2.5\r{segments}\r"

        def sent() -> bool:
            self.revive()
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.adt), 30) as line:
                line.sendall(hl7.START + text.encode() + hl7.END)
                return b"MSA|AA" in next(hl7.frames(line), b"")
            return False

        until(sent, 60, lambda: f"HL7 is not taken: {self.daemon.tail()}")

    def station(self, code: str) -> None:
        """A station whose pages are read in English only: that is quicker."""
        sql = "INSERT OR IGNORE INTO station (code, title, languages, options, active) VALUES (?, ?, 'eng', '{}', 1)"
        with contextlib.closing(sqlite3.connect(self.state / "waybill.sqlite", timeout=30)) as db, db:
            db.execute(sql, (code, code))

    def put(self, station: str, name: str, data: bytes) -> None:
        """A scanner writes a file, and gives it its name when it is whole."""
        place = self.drop / station
        place.mkdir(exist_ok=True)
        (place / f".{name}").write_bytes(data)
        (place / f".{name}").rename(place / name)

    # --- what people see

    def people(self) -> None:
        """Say of what is in doubt what the HIS itself says."""
        doubts = """SELECT run.id, label.value FROM run JOIN effect ON effect.run = run.seq
            JOIN label ON label.run = run.seq AND label.name = 'id'
            WHERE effect.state = 'doubt' AND run.ended_at IS NULL"""
        for run, document in self.rows(doubts):
            answer = "arrived" if self.told(document) else "again"
            with contextlib.suppress(Refused, OSError):
                ask(self.state, "runs.answer_doubt",
                    {"run_id": run, "answer": answer, "user": "op", "note": "asked them"})  # fmt: skip

        for (run,) in self.rows("SELECT id FROM run WHERE state = 'held' AND reason = ?", THREE_TIMES):
            with contextlib.suppress(Away, Problem):
                self.clerk.post(f"/api/v1/runs/{run}/retry", {"note": "looked at it"})

    def told(self, document: str) -> int:
        """How often the HIS accepted this document."""
        return sum(1 for call in self.his.calls if call.get("document_id") == document and call["accepted"])

    def batch(self, public_id: str) -> dict[str, Any] | None:
        """As the screen shows it; None while the daemon is away."""
        try:
            found: dict[str, Any] = self.clerk.get(f"/api/v1/scan/batches/{public_id}")
        except Away:
            return None
        return found

    def shown(self, public_id: str) -> dict[str, Any]:
        """The same, waited for."""
        found = until(lambda: self.batch(public_id), 60, lambda: f"the batch is not shown: {self.daemon.tail()}")
        assert found is not None
        return found

    def new_batch(
        self, sheets: int | None, documents: int | None, station: str = STATION, title: str = ""
    ) -> tuple[str, str]:
        """Public id and the number on its header sheet, as SHEETS makes them."""
        title = title or f"b{next(self.numbers)}"
        body = {"kind": "header", "station": station, "title": title, "documents": documents,
                "sheets": None if sheets is None else sheets - 1 - (documents or 0)}  # fmt: skip
        sql = "SELECT public_id, header FROM batch WHERE title = ?"

        def made() -> list[tuple[Any, ...]]:
            self.revive()
            if not self.rows(sql, title):
                with contextlib.suppress(Away):  # a PDF is no JSON, too
                    self.clerk.post("/api/v1/scan/sheets", body)
            return self.rows(sql, title)

        [(public_id, header)] = until(made, 60, lambda: f"no batch: {self.daemon.tail()}")
        return str(public_id), str(header)

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Of the store, read beside the daemon."""
        return rows(self.state, sql, *values)

    def verify(self) -> None:
        """`waybill verify` finds nothing wrong."""
        command = [sys.executable, "-m", "engine.cli", "verify", "--state", str(self.state)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr

    def memory(self) -> dict[int, int]:
        """PSS in bytes by pid, of the daemon and what it started."""
        found = {}
        for pid in [self.daemon.pid, *_children(self.daemon.pid)]:
            with contextlib.suppress(OSError):
                text = Path(f"/proc/{pid}/smaps_rollup").read_text()
                found[pid] = 1024 * next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
        return found


def _children(pid: int) -> list[int]:
    mine: list[int] = []
    for place in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(place.read_text().rpartition(")")[2].split()[1]) == pid:
                mine.append(int(place.parent.name))
    return mine + [one for child in mine for one in _children(child)]


@contextlib.contextmanager
def scan_plant(folder: Path, kind: Kind = "repeat", **more: Any) -> Iterator[ScanPlant]:
    """A plant that runs; everything in it is ended."""
    made = ScanPlant(folder, kind, **more)
    try:
        made.start()
        yield made
    finally:
        made.stop()
