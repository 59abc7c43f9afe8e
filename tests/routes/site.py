"""The demonstration site on free ports with short times, in this process, between its simulators.

The HIS and the CA are the simulators' own servers in threads; the test itself is the device, the physician and the
phone, so that every moment can be chosen.
"""

from __future__ import annotations

import http.client
import shutil
import sqlite3
import threading
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, select
from twisted.internet.threads import deferToThread

from engine.message import Blob, Value
from engine.ops import signing, users
from engine.runtime import journal
from engine.runtime.states import State
from engine.runtime.values import decode
from engine.store.schema import attention, effect, event, file, label, message, run, sign_job, signal, value
from simulators import ca, device, his
from simulators.ca_jobs import Clerk, Log
from simulators.ca_keys import Authority
from simulators.his_push import KINDS, Message, build
from simulators.his_soap import TYPES, read_call, read_result, write_call
from simulators.report import report_bytes
from tests.engine.world import World

ROOT = Path(__file__).parents[2]
SECRET = "a secret that only these tests know"
SPEED = {
    "path: var/demo/PatientData": "path: var/demo/PatientData, settle: 100ms, poll: 50ms",
    "app_id: demo": "app_id: demo, poll_every: 100ms",
    "default: {first: 200ms": "default: {first: 50ms",
    "remote: {first: 5s, factor: 2, max: 15m": "remote: {first: 50ms, factor: 2, max: 300ms",
    "listen: 127.0.0.1:8081": "listen: 127.0.0.1:0",
    "listen: 127.0.0.1:2575": "listen: localhost:0",
}
"""What makes the demonstration quick; the flow stays as it is."""


def uid(word: str = "") -> str:
    """An id that nothing else in the test run has."""
    return f"{word}{uuid.uuid4().hex[:10]}"


def order_id() -> str:
    """An order's id in the HIS's form."""
    return f"{uid()}||1"


def copy_site(folder: Path, his_port: int, ca_port: int, changes: dict[str, str]) -> Path:
    """The site's text and transforms, changed; each change must find its place."""
    text = (ROOT / "routes.yaml").read_text("utf-8")
    ports = {"127.0.0.1:8091": f"127.0.0.1:{his_port}", "127.0.0.1:8092": f"127.0.0.1:{ca_port}"}
    for old, new in {**SPEED, **ports, **changes}.items():
        assert old in text, f"routes.yaml has no {old!r} any more"
        text = text.replace(old, new)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "routes.yaml").write_text(text, "utf-8")
    shutil.copytree(ROOT / "transforms", folder / "transforms")
    secrets = folder / "secrets"
    secrets.mkdir(mode=0o700)
    (secrets / "ca_hmac").touch(0o600)
    (secrets / "ca_hmac").write_text(SECRET)
    return folder


class RecordingHis(his.His):
    """The HIS simulator, and what it was sent."""

    def __init__(self, options: his.Options) -> None:
        super().__init__(options)
        self.bodies: list[bytes] = []

    def take(self, body: bytes) -> tuple[int, str, bytes] | None:
        self.bodies.append(body)
        return super().take(body)


class Peers:
    """HIS and CA in threads, and the device's database; everything below `folder`/var/demo."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "var" / "demo"
        self.received = self.folder / "received"
        self.his = RecordingHis(his.Options(0, self.folder / "his.jsonl", self.received))
        self.authority = Authority(self.folder / "ca", "ecdsa")
        for user in ("U-D9001", "U-D9002"):
            self.authority.signer(user)
        self.clerk = Clerk(self.folder / "ca" / "jobs", self.authority, Log(self.folder / "ca.jsonl", 0), "ask", 0)
        users_of_ca = {"D9001": "U-D9001", "D9002": "U-D9002"}
        options = ca.parser().parse_args(["--state", str(self.folder / "ca")])
        service = ca.Service(self.clerk, SECRET.encode(), users_of_ca, options)
        handler = type("Handler", (ca.Handler,), {"service": service})
        self._his_server = his.HisServer(self.his)
        self._ca_server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._ca_server.daemon_threads = True
        for server in (self._his_server, self._ca_server):
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        words = ["--database", self.database, "--folders", self.folders, "--log", self.folder / "device.jsonl"]
        device.Device(device.parser().parse_args([str(word) for word in words])).create()

    @property
    def his_port(self) -> int:
        return int(self._his_server.server_address[1])

    @property
    def ca_port(self) -> int:
        return int(self._ca_server.server_address[1])

    @property
    def database(self) -> Path:
        return self.folder / "device.sqlite"

    @property
    def folders(self) -> Path:
        return self.folder / "PatientData"

    def stop(self) -> None:
        for server in (self._his_server, self._ca_server):
            server.shutdown()
            server.server_close()

    def fails(self, count: int) -> None:
        """The HIS answers -1 to the next `count` documents."""
        self.his.options = replace(self.his.options, fail=self._documents() + count, hang=0)

    def hangs(self, count: int) -> None:
        """The HIS takes the next `count` documents and never answers."""
        self.his.options = replace(self.his.options, fail=0, hang=self._documents() + count)

    def _documents(self) -> int:
        return sum(call["operation"] == "RegisterDocumentRt" for call in self.his.calls)

    def documents(self, order: str) -> list[dict[str, Any]]:
        """What the HIS was sent for this order, by its own log."""
        return [call for call in self.his.calls if call.get("order_id") == order]

    def accepted(self, order: str) -> list[dict[str, Any]]:
        return [call for call in self.documents(order) if call["accepted"]]

    def rows(self, order: str) -> list[dict[str, Any]]:
        """The device's rows of this order."""
        connection = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)
        connection.row_factory = sqlite3.Row
        try:
            sql = "SELECT * FROM Clients WHERE ClientID = ?"
            return [dict(row) for row in connection.execute(sql, (client(order),))]
        finally:
            connection.close()

    def request(self, order: str) -> dict[str, str]:
        """The fields of the newest RegisterDocumentRt of this order, as the HIS reads them."""
        for body in reversed(self.his.bodies):
            call = read_call(body)
            if call.text("OEORIOrderItemID") == order:
                return {str(element.tag): element.text or "" for element in call.request.iter()}
        raise AssertionError("the HIS was sent no such document")

    def received_pdf(self, order: str) -> bytes:
        """The bytes of the one document that the HIS took for this order."""
        (call,) = self.accepted(order)
        return (self.received / f"{call['document_id']}.pdf").read_bytes()


def client(order: str) -> str:
    """The order's name at the device, for the ids of these tests."""
    return order.replace("|", "%7C")


class Site(World):
    """The engine on that site."""

    def __init__(self, folder: Path, changes: dict[str, str] | None = None) -> None:
        self.peers = Peers(folder)
        copy_site(folder, self.peers.his_port, self.peers.ca_port, changes or {})
        super().__init__(folder)
        self.doctor = self.other_doctor = 0

    async def start(self) -> Site:
        await super().start()
        self.doctor = await self.write(lambda conn: users.add(conn, "doctor", "示例医师", ["PH"], "D9001", "U-D9001"))
        self.other_doctor = await self.write(
            lambda conn: users.add(conn, "other", "示例医师二", ["PH"], "D9002", "U-D9002")
        )
        return self

    async def stop(self) -> None:
        await super().stop()
        self.peers.stop()

    async def write(self, operation: Callable[[Connection], Any]) -> Any:
        """One act of a person, as the API does it."""
        done = await self.daemon.store.write(operation)
        self.daemon.runtime.poke()
        return done

    def url(self, envelope: str = "hip") -> str:
        port = self.daemon.channels["his_in"].port
        return f"http://127.0.0.1:{port}/his" + ("/operation" if envelope == "operation" else "")

    # --- the HIS

    async def push(self, kind: str, envelope: str = "hip", **fields: Any) -> his.Pushed:
        """One message of the HIS simulator."""
        return (await deferToThread(his.push, kind, self.url(envelope), 1, 1, envelope, **fields))[0]

    async def post(self, kind: str, xml: str, envelope: str = "hip") -> tuple[str, str]:
        """Business XML as it stands; (ResultCode or `fault`, ResultContent)."""
        operation, code = KINDS[kind]
        body = write_call("1.1", envelope, operation, code, xml)
        status, answer = await deferToThread(send, self.url(envelope), body, TYPES["1.1"])
        assert status, "no answer"
        result = read_result(answer)
        return result[0], result[1]

    async def order(self, order: str, **fields: Any) -> dict[str, Any]:
        """An order of layout A, and its run when it waits for the device."""
        pushed = await self.push("order", order_id=order, **{"patient": uid("p"), **fields})
        assert pushed.ok, pushed
        return await self.at(order, "Processing")

    # --- runs

    def runs_of(self, order: str, route: str = "exam_report") -> list[dict[str, Any]]:
        """The leaf runs of this order, oldest first."""

        def query(conn: Connection) -> list[dict[str, Any]]:
            found = (
                select(run).join(label, label.c.run == run.c.seq)
                .where(run.c.route == route, run.c.children == 0, label.c.name == "order_id", label.c.value == order)
                .order_by(run.c.seq)
            )  # fmt: skip
            return [dict(row) for row in conn.execute(found).mappings()]

        return list(self.read(query))

    def run_of(self, order: str, route: str = "exam_report") -> dict[str, Any]:
        """The first of them, which is not a repeat."""
        return self.runs_of(order, route)[0]

    async def at(self, order: str, status: str, state: str = "waiting", seconds: float = 15) -> dict[str, Any]:
        """The order's run once it has this status and state."""

        def there() -> bool:
            found = self.runs_of(order)
            return bool(found) and (found[0]["status"], found[0]["state"]) == (status, state)

        await self.until(there, seconds)
        return self.run_of(order)

    async def handled(self, message_id: str, seconds: float = 10) -> dict[str, Any]:
        """The message's run once it ended, and what it told others is applied."""

        def mine() -> list[dict[str, Any]]:
            return [row for row in self.runs() if row["message_id"] == self.message(message_id)["id"]]

        ended = ("done", "dead", "filtered", "cancelled")
        await self.until(lambda: any(row["parent"] is None and row["state"] in ended for row in mine()), seconds)
        await self.until(
            lambda: not self.table(signal, applied_at=None)
        )  # a run that was busy takes it when it settles
        return mine()[0]

    def message(self, message_id: str) -> dict[str, Any]:
        """The newest message with this MessageID in its body."""
        return next(row for row in reversed(self.table(message)) if message_id.encode() in (row["body"] or b""))

    def table(self, table: Any, **columns: Any) -> list[dict[str, Any]]:
        """Rows of a table with these values."""

        def query(conn: Connection) -> list[dict[str, Any]]:
            wanted = select(table)
            for name, wish in columns.items():
                wanted = wanted.where(table.c[name] == wish)
            return [dict(row) for row in conn.execute(wanted).mappings()]

        return list(self.read(query))

    def labels(self, seq: int) -> dict[str, str]:
        return {row["name"]: row["value"] for row in self.table(label, run=seq)}

    def value(self, seq: int, name: str) -> Value:
        (row,) = self.table(value, run=seq, name=name)
        return decode(row["kind"], row["data"])

    def blob(self, seq: int, name: str) -> Path:
        """Where the bytes of a run's document are."""
        value = self.value(seq, name)
        assert isinstance(value, Blob)
        return self.daemon.blobs.path(value)

    def has_value(self, seq: int, name: str) -> bool:
        return bool(self.table(value, run=seq, name=name))

    def open_attention(self, seq: int | None = None, kind: str = "") -> list[dict[str, Any]]:
        rows = [row for row in self.table(attention) if row["closed_at"] is None]
        return [row for row in rows if (seq is None or row["run"] == seq) and kind in ("", row["kind"])]

    def events(self, seq: int) -> list[str]:
        return [row["kind"] for row in self.table(event, run=seq)]

    def effects(self, seq: int, step: str) -> list[dict[str, Any]]:
        return self.table(effect, run=seq, step=step)

    def jobs(self, seq: int) -> list[dict[str, Any]]:
        return self.table(sign_job, run=seq)

    def files(self, name: str) -> list[dict[str, Any]]:
        """The book's entries of files with this name."""
        return [row for row in self.table(file) if row["path"].rpartition("/")[2] == name]

    async def cancel_wait(self, seq: int) -> None:
        """Perform the run's step again now, as its next due time would."""
        await self.write(lambda conn: _due(conn, seq, self.daemon.runtime.now()))

    # --- the device

    def folder(self, order: str) -> Path:
        """The order's folder, as the staff see it in the worklist."""
        made = self.value(self.run_of(order)["seq"], "device_folder")
        assert isinstance(made, dict)
        return Path(str(made["absolute"]))

    def report(self, order: str, name: str = "ANS.pdf", text: str = "") -> bytes:
        """The device writes a whole report."""
        data = report_bytes(text or order, "invented", "ANS")
        (self.folder(order) / name).write_bytes(data)
        return data

    # --- the physician and the phone

    async def processed(self, order: str, **fields: Any) -> dict[str, Any]:
        """A new order whose report waits for a signature."""
        await self.order(order, **fields)
        self.report(order)
        return await self.at(order, "Processed")

    async def sign(self, order: str, user: int = 0) -> dict[str, Any]:
        """The physician asks for the signature; the job once the phone has it."""
        mine = self.run_of(order)
        number = await self.write(lambda conn: signing.request(conn, mine["id"], user or self.doctor))
        await self.until(lambda: self.table(sign_job, id=number)[0]["state"] not in ("prepared", "submitted"))
        return self.table(sign_job, id=number)[0]

    async def phone(self, job: dict[str, Any], decision: str = "approve", hostile: str = "") -> None:
        """The physician's thumb, and what the CA then makes of it."""
        self.peers.clerk.hostile = hostile
        done = await deferToThread(self.peers.clerk.decide, job["reference"], decision)
        self.peers.clerk.hostile = ""
        assert done, "the phone has no such job"

    async def signed(self, order: str) -> None:
        """Signed and approved; what follows is not waited for."""
        await self.phone(await self.sign(order))

    async def sent(self, order: str) -> dict[str, Any]:
        """The order's run once all is done."""
        return await self.at(order, "Sent", "done")


def _due(conn: Connection, seq: int, now: int) -> None:
    journal.move(conn, journal.state_of(conn, seq), State.READY, now)


def send(url: str, body: bytes, content_type: str) -> tuple[int, bytes]:
    """Blocking: one POST; (0, b'') without an answer."""
    parts = urlsplit(url)
    line = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    try:
        line.request("POST", parts.path, body, {"Content-Type": content_type})
        answer = line.getresponse()
        return answer.status, answer.read()
    finally:
        line.close()


def message_xml(kind: str, **fields: Any) -> str:
    """Business XML of the HIS simulator's templates."""
    return build(Message(kind, **fields))


@asynccontextmanager
async def running(folder: Path, changes: dict[str, str] | None = None) -> AsyncIterator[Site]:
    """A site of its own for one test."""
    site = Site(folder, changes)
    try:
        yield await site.start()
    finally:
        await site.stop()
