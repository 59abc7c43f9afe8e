"""The site of `verbs_site` with the real daemon, between peers that are threads of the test and write what comes."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import os
import socket
import sqlite3
import threading
import urllib.request
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from engine.message import Refused
from engine.runtime.control import ask
from simulators import hl7
from tests.crash import verbs_site
from tests.crash.children import KILLED, Child, until
from tests.crash.verbs_mail import Mail
from tests.ports import free_ports

Reply = tuple[int, bytes]


class Outside:
    """An HTTP peer: every request is a line of its log, on the disk before its answer.

    `POST` with an `Idempotency-Key` that it knows changes nothing; `/poll/X` finds something when it is asked again.
    """

    def __init__(self, log: Path) -> None:
        self._log = log.open("a", encoding="utf-8")
        self._lock = threading.Lock()
        self._keys: set[str] = set()
        self._asked: Counter[str] = Counter()
        self.came: Counter[str] = Counter()
        self.done: Counter[str] = Counter()
        self.bodies: dict[str, str] = {}
        self.order: list[str] = []
        outside = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                status = outside.take(self.path, self.headers.get("Idempotency-Key", ""), body)
                answer = b'{"ok": "yes", "name": "invented"}'
                with contextlib.suppress(OSError):
                    self.send_response(status)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(answer)))
                    self.end_headers()
                    self.wfile.write(answer)

            do_PUT = do_GET = do_POST

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def take(self, path: str, key: str, body: str) -> int:
        """The status; what it does is counted in `done`."""
        with self._lock:
            kind = path.split("/")[1]
            self._asked[path] += 1
            if kind == "poll":
                return 200 if self._asked[path] > 1 else 404
            if kind in ("refuse", "away"):
                return 422 if kind == "refuse" else 503
            again = bool(key) and key in self._keys
            self._keys.add(key)
            self._log.write(json.dumps([path, key, body, again]) + "\n")
            self._log.flush()
            os.fsync(self._log.fileno())
            self.came[path] += 1
            self.done[path] += not again
            self.order += [] if again else [path]
            self.bodies[path] = body
            return 200

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._log.close()


class VerbsPlant:
    """Start it once; arm a point, send, `finish`."""

    def __init__(self, folder: Path) -> None:
        self.site, self.state = folder / "site", folder / "site" / "var"
        self.arming = folder / "kill"
        self.outside = Outside(folder / "outside.jsonl")
        self.lab = hl7.Neighbour(hl7.Options(0, folder / "lab.jsonl"))
        self.mail = Mail()
        self._listener = hl7.Listener(self.lab)
        threading.Thread(target=self._listener.serve_forever, args=(0.02,), daemon=True).start()
        self.web_in, self.adt, web = free_ports(3)
        lab = self._listener.server_address[1]
        out, mail = self.outside.port, self.mail.port
        verbs_site.write(self.site, web=self.web_in, adt=self.adt, lab=lab, out=out, mail=mail)
        self._ready = f"http://127.0.0.1:{web}/health/ready"
        self.daemon = Child(
            "daemon", "engine.cli",
            ["run", "--site", self.site, "--state", self.state, "--web", f"127.0.0.1:{web}", "--band", "TEST"],
            folder / "daemon.log", forked=True,
        )  # fmt: skip
        self.kills = 0
        self.numbers = itertools.count(1)
        self.answered: list[str] = []

    # --- start, kill, stop

    def start(self) -> None:
        """Up and ready; killed at a point while it starts, it starts once more."""
        self.daemon.start(environment={"WAYBILL_KILL": f"@{self.arming}", "WAYBILL_LOG": "INFO"})
        until(lambda: self._is_ready() or not self.daemon.alive, 60, "the daemon is not ready")
        if not self.daemon.alive:
            self.expect_killed()
            self.start()

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(self._ready, timeout=2) as answer:
                return bool(answer.status == 200)
        except (OSError, http.client.HTTPException):
            return False

    def expect_killed(self) -> None:
        assert self.daemon.status == KILLED, f"the daemon ended with {self.daemon.status}: {self.daemon.tail()}"
        self.kills += 1

    def revive(self) -> bool:
        """Start the daemon again when it was killed; whether it was."""
        if self.daemon.alive:
            return False
        self.expect_killed()
        self.start()
        return True

    def stop(self) -> None:
        self.daemon.kill()
        self.outside.close()
        self.mail.close()
        self._listener.shutdown()
        self._listener.server_close()

    # --- senders: each sends again until it is answered

    def post(self, path: str, body: str, seconds: float = 60) -> Reply:
        """The answer to the message; a killed daemon is started by whoever looks."""
        found: list[Reply] = []

        def sent() -> bool:
            self.revive()
            with contextlib.suppress(OSError, http.client.HTTPException):
                found.append(self.post_once(path, body))
            return bool(found) and found[-1][0] in (200, 202)

        until(sent, seconds, lambda: f"{path} is not taken: {found[-1:]}; {self.daemon.tail()}")
        return found[-1]

    def post_once(self, path: str, body: str) -> Reply:
        line = http.client.HTTPConnection("127.0.0.1", self.web_in, timeout=30)
        try:
            line.request("POST", path, body.encode(), {"Content-Type": "application/xml"})
            answer = line.getresponse()
            return answer.status, answer.read()
        finally:
            line.close()

    def hl7(self, control_id: str, patient: str, seconds: float = 60) -> str:
        """MSA-1 of the answer, AA at last."""
        text = f"MSH|^~\\&|T|A|W|B|20260101||ADT^A08|{control_id}|P|2.5\rPID|1||{patient}\r"
        codes: list[str] = []

        def sent() -> bool:
            self.revive()
            with contextlib.suppress(OSError):
                codes.append(self.hl7_once(text))
            return codes[-1:] == ["AA"]

        until(sent, seconds, lambda: f"{control_id} is not taken: {codes[-1:]}; {self.daemon.tail()}")
        return codes[-1]

    def hl7_once(self, text: str) -> str:
        with socket.create_connection(("127.0.0.1", self.adt), 30) as line:
            line.sendall(hl7.START + text.encode() + hl7.END)
            answer = next(hl7.frames(line), b"").decode()
        return next((one.split("|")[1] for one in answer.split("\r") if one.startswith("MSA|")), "")

    # --- people

    def act(self, act: str, **arguments: Any) -> None:
        """An operator's act; what cannot be done now is done at the next look."""
        with contextlib.suppress(Refused, OSError):
            ask(self.state, act, arguments)

    def people(self) -> None:
        """Answer what is asked, and what is in doubt as the peers' own logs say."""
        for (run,) in self.rows("SELECT run.id FROM run JOIN wait ON wait.run = run.seq WHERE wait.kind = 'person'"):
            self.act("persons.answer", run_id=run, answer="yes", user="op")
        doubts = """SELECT run.id, label.value FROM run JOIN effect ON effect.run = run.seq
            JOIN label ON label.run = run.seq AND label.name = 'id'
            WHERE run.state = 'held' AND effect.state = 'doubt'"""
        for run, name in self.rows(doubts):
            answer = "arrived" if self.at_lab(name) or self.mail.letters[name] else "again"
            self.act("runs.answer_doubt", run_id=run, answer=answer, user="op", note="asked them")
            self.answered.append(answer)

    def at_lab(self, name: str) -> int:
        """How often the lab took the message."""
        return sum(1 for one in self.lab.messages if one["control_id"] == name)

    # --- what the engine says

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Of the store, read beside the daemon."""
        path = self.state / "waybill.sqlite"
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as db:
            return db.execute(sql, values).fetchall()

    def last(self) -> int:
        return int(self.rows("SELECT coalesce(max(seq), 0) FROM run")[0][0])

    def ends(self, after: int = 0) -> list[tuple[str, str]]:
        """Route and state of the runs made since."""
        return [(route, state) for route, state in
                self.rows("SELECT route, state FROM run WHERE seq > ? ORDER BY route, state", after)]  # fmt: skip

    def open(self) -> list[tuple[Any, ...]]:
        return self.rows("SELECT seq, route, state, step, waits_for, code, reason FROM run WHERE ended_at IS NULL")


@contextlib.contextmanager
def verbs_plant(folder: Path) -> Iterator[VerbsPlant]:
    """A plant that runs; everything in it is ended."""
    made = VerbsPlant(folder)
    try:
        made.start()
        yield made
    finally:
        made.stop()
