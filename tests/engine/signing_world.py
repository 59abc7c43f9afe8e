"""A whole engine whose route asks for a signature: the real `coss` channel, and the CA simulator in a thread."""

from __future__ import annotations

import contextlib
import socket
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

from sqlalchemy import select
from twisted.internet.threads import deferToThread

from engine.message import Request
from engine.ops import signing, users
from engine.store.schema import attention, event, label, run, sign_job, value, wait
from simulators.ca import Handler, Service, parser
from simulators.ca_jobs import Clerk, Log
from simulators.ca_keys import Authority
from simulators.report import report_bytes
from tests.engine.world import World, write_site

KEY = "a key that only these tests know"
SIGN = "seal: {keyword: 医师签名, width: 30mm}"
SITE = """
connections:
  source: {type: memory_in}
  device: {type: memory_out, repeat: same}
  sink: {type: memory_out, repeat: same}
  ca: {type: coss, url: 'http://127.0.0.1:PORT', app_id: demo, key: {secret: ca_hmac}, trust: [ca/root.pem],
       poll_every: 30ms, timeout: 5s}
alerts:
  ward_desk: {roles: [OP]}
routes:
  r:
    receive: {from: source, operation: order, identity: [//id]}
    labels: {id: {path: //id}}
    steps:
      - {id: report, status: Processing, call: {to: device, operation: report, body: $(body//id)}}
      - {id: signed, status: Processed, sign: {with: ca, document: $(report), WORDS}}
      - {id: out, status: Sent, call: {to: sink, operation: send, body: $(signed)}}
"""


class Phone:
    """The CA and the physician's phone. `lost` names operations whose answer never arrives; `hold` keeps one back."""

    def __init__(self, folder: Path, minute: float = 60.0) -> None:
        options = parser().parse_args(["--state", str(folder), "--minute", str(minute)])
        self.authority = Authority(folder, "ecdsa")
        self.clerk = Clerk(folder / "jobs", self.authority, Log(folder / "calls.jsonl", 0), "ask", 0.0)
        self.staff = {"D9001": "U-D9001", "D9002": "U-D9002"}
        self.lost: set[str] = set()
        self.calls: list[tuple[str, str]] = []
        self.connections: set[socket.socket] = set()
        self.held = ""
        self._release = threading.Event()
        self._service = Service(self.clerk, KEY.encode(), self.staff, options)
        self._port = 0
        self._server: ThreadingHTTPServer | None = None

    @property
    def port(self) -> int:
        return self._port

    def start(self) -> None:
        """Listen; after `stop` again, on the same port and with the same jobs."""
        handler = type("Handler", (_Handler,), {"service": self._service, "phone": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), handler)
        self._server.daemon_threads = True
        self._port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()
            for connection in list(self.connections):  # kept ones as well: it is away
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def hold(self, operation: str) -> None:
        """Do what is asked, and answer only after `release`."""
        self.held = operation
        self._release.clear()

    def release(self) -> None:
        self.held = ""
        self._release.set()

    def wait(self) -> None:
        self._release.wait(10)

    def count(self, operation: str) -> int:
        return sum(name == operation for name, _ in self.calls)


class _Handler(Handler):
    phone: Phone

    def _json(self, value: dict[str, Any]) -> None:
        operation = self.path.rpartition("/")[2]
        self.phone.calls.append((operation, str(value.get("status"))))
        if operation == self.phone.held:
            self.phone.wait()
        if operation in self.phone.lost:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        super()._json(value)

    def setup(self) -> None:
        super().setup()
        self.phone.connections.add(self.connection)

    def handle(self) -> None:
        with contextlib.suppress(OSError, ValueError):  # a connection that was cut
            super().handle()

    def finish(self) -> None:
        self.phone.connections.discard(self.connection)
        with contextlib.suppress(OSError, ValueError):
            super().finish()


class Ward(World):
    """That engine, its physicians `doctor` and `other`, and what they do. Each order has an id of its own."""

    def __init__(self, folder: Path, words: str = SIGN, minute: float = 60.0) -> None:
        self.phone = Phone(folder / "ca", minute)
        self.phone.start()
        (folder / "secrets").mkdir(parents=True, exist_ok=True, mode=0o700)
        (folder / "secrets" / "ca_hmac").touch(0o600)
        (folder / "secrets" / "ca_hmac").write_text(KEY)
        super().__init__(write_site(folder, SITE.replace("PORT", str(self.phone.port)).replace("WORDS", words)))
        self.made: dict[str, bytes] = {}
        self.measured = 0

    async def start(self) -> Ward:
        await super().start()
        self.channel("device").answer = self._report
        if not self.users():
            await self.person("doctor", "D9001", "U-D9001")
            await self.person("other", "D9002", "U-D9002")
        return self

    async def stop(self) -> None:
        await super().stop()
        self.phone.stop()

    def anew(self) -> Ward:
        """Another engine on the state of this one, which has stopped; not started."""
        ward = Ward.__new__(Ward)
        ward.__dict__.update(self.__dict__)
        World.__init__(ward, self.daemon.options.site)
        return ward

    # --- the device

    def _report(self, request: Request) -> Any:
        """A new report each time, unless the test laid one down under the order's id."""
        order = str(request.arguments["body"])
        self.measured += 1
        data = self.made.get(order) or report_bytes(f"{order} {self.measured}", "invented", "ANS", 1)
        return self.daemon.blobs.put(data, "application/pdf", "report.pdf")

    async def report(self, order: str) -> dict[str, Any]:
        """An order, and its run when the report waits for a physician."""
        await self.put(f"<order><id>{order}</id></order>", "order")
        await self.queued(order)
        return self.run_of(order)

    # --- people

    async def person(self, login: str, staff: str | None, certificate: str | None, **more: Any) -> int:
        roles = more.pop("roles", ["PH"])
        return int(await self.act(lambda conn: users.add(conn, login, "示例医师", roles, staff, certificate, **more)))

    def users(self) -> dict[str, int]:
        from engine.store.schema import users as table

        return {row["login"]: row["id"] for row in self.rows(table)}

    async def act(self, operation: Any) -> Any:
        """What a person does, as the API does it."""
        done = await self.daemon.store.write(operation)
        self.daemon.runtime.poke()
        return done

    async def ask(self, order: str, login: str = "doctor") -> int:
        """The physician asks for the signature."""
        user, run_id = self.users()[login], self.run_of(order)["id"]
        return int(await self.act(lambda conn: signing.request(conn, run_id, user)))

    async def sign(self, order: str, login: str = "doctor") -> dict[str, Any]:
        """The physician asks; the job once the phone has it."""
        number = await self.ask(order, login)
        await self.until(lambda: self.job(number)["state"] == "waiting")
        return self.job(number)

    async def decide(self, job: dict[str, Any], decision: str = "approve", hostile: str = "") -> None:
        """The physician's thumb."""
        self.phone.clerk.hostile = hostile
        done = await deferToThread(self.phone.clerk.decide, job["reference"], decision)
        self.phone.clerk.hostile = ""
        assert done, "the phone has no such job"

    # --- what is there

    def rows(self, table: Any, **columns: Any) -> list[dict[str, Any]]:
        def query(conn: Any) -> list[dict[str, Any]]:
            wanted = select(table).where(*(table.c[name] == wish for name, wish in columns.items()))
            return [dict(row) for row in conn.execute(wanted).mappings()]

        return list(self.read(query))

    def run_of(self, order: str) -> dict[str, Any]:
        (seq,) = [row["run"] for row in self.rows(label, name="id", value=order)]
        return self.rows(run, seq=seq)[0]

    def jobs(self, order: str) -> list[dict[str, Any]]:
        """Oldest first."""
        return sorted(self.rows(sign_job, run=self.run_of(order)["seq"]), key=lambda job: int(job["generation"]))

    def states(self, order: str) -> list[str]:
        return [job["state"] for job in self.jobs(order)]

    def job(self, number: int) -> dict[str, Any]:
        return self.rows(sign_job, id=number)[0]

    def waits(self, order: str) -> list[dict[str, Any]]:
        return self.rows(wait, run=self.run_of(order)["seq"])

    def events(self, order: str, kind: str) -> list[str]:
        return [row["text"] for row in self.rows(event, run=self.run_of(order)["seq"], kind=kind)]

    def attention(self, order: str) -> list[str]:
        rows = self.rows(attention, run=self.run_of(order)["seq"])
        return [row["kind"] for row in rows if row["closed_at"] is None]

    def values(self, order: str) -> set[str]:
        return {row["name"] for row in self.rows(value, run=self.run_of(order)["seq"])}

    def sent(self, order: str) -> list[Any]:
        """What went out for this order."""
        seq = self.run_of(order)["seq"]
        return [asked.arguments["body"] for asked in self.channel("sink").requests if asked.run == seq]

    # --- waiting

    async def at(self, order: str, state: str, seconds: float = 10) -> dict[str, Any]:
        """The order's run once it is in this state."""
        await self.until(lambda: self.run_of(order)["state"] == state, seconds)
        return self.run_of(order)

    async def queued(self, order: str, jobs: int = 0) -> None:
        """The report waits for a physician, after so many jobs, and still has its status."""

        def there() -> bool:
            if not self.rows(label, name="id", value=order):
                return False
            row = self.run_of(order)
            return (row["state"], row["waits_for"]) == ("waiting", "a physician's signature")

        await self.until(lambda: there() and len(self.jobs(order)) >= jobs)
        assert self.run_of(order)["status"] == "Processed"

    async def signed(self, order: str) -> None:
        """The physician signs; done is done, and exactly one signed report went out."""
        await self.decide(await self.sign(order))
        await self.at(order, "done")
        assert len(self.sent(order)) == 1
