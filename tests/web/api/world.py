"""An engine for tests of the web: a real store, a runtime that records, and a browser without a network."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection
from twisted.internet.defer import Deferred, succeed

from engine.channel import Health, HealthState
from engine.message import Refused
from engine.runtime.condition import Condition
from engine.site.model import Connection as SiteConnection
from engine.site.model import Receive, Route, Site, Step
from engine.store.blobs import Blobs
from engine.store.database import Store
from tests.engine.ops import seed
from web.api.app import create_served
from web.api.auth import create_link
from web.api.bridge import Bridge

ALL = ("AN", "OP", "SC", "CL", "PH", "AD", "AU")
HOST = "127.0.0.1:8080"
PNG = b"\x89PNG a page"


class FakeRuntime:
    """Remembers what was asked of it."""

    def __init__(self) -> None:
        self.poked = 0
        self.listeners: list[Callable[[set[str]], None]] = []
        self.said: dict[str, Health] = {"his_out": Health(HealthState.DOWN, "connection refused")}
        self.routes: dict[str, Route] = {}
        self.condition = Condition()
        self.notified: list[set[str]] = []

    def notify(self, topics: set[str]) -> None:
        self.notified.append(topics)

    def poke(self) -> None:
        self.poked += 1

    def subscribe(self, callback: Callable[[set[str]], None]) -> None:
        self.listeners.append(callback)

    def unsubscribe(self, callback: Callable[[set[str]], None]) -> None:
        self.listeners.remove(callback)

    def route(self, name: str, revision: str) -> Route | None:
        found = self.routes.get(name)
        return found if found is not None and found.revision == revision else None

    def health(self) -> dict[str, Health]:
        return self.said

    def counters(self) -> dict[str, Any]:
        row = {
            "in": 3, "out": 2, "refused": 1, "repeats": 1, "failed": 4, "rate_in": 1.5, "rate_out": 0.5,
            "last_error": "", "spark": [1, 2, 3], "since": seed.NOW / 1000,
        }  # fmt: skip
        return {"connections": {"his_out": row}, "routes": {"exam_report": row}}

    def health_history(self, connection: str) -> list[tuple[float, str, str]]:
        return [(seed.NOW / 1000, "up", ""), (seed.NOW / 1000 + 5, "down", "connection refused")]

    def queue(self) -> dict[str, int]:
        return {"arriving": 1, "queued": 2, "active": 3}


@dataclass
class FakeActs:
    """What was asked for, by name; `refusal` is raised when set."""

    called: list[tuple[Any, ...]] = field(default_factory=list)
    refusal: Refused | None = None
    offered: list[dict[str, Any]] = field(default_factory=list)

    def _done(self, *call: Any) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.called.append(call)

    def retry(self, conn: Connection, run_id: str, user: str, note: str, origin: str = "") -> None:
        self._done("retry", run_id, user, note)

    def cancel(self, conn: Connection, run_id: str, user: str, note: str, origin: str = "") -> None:
        self._done("cancel", run_id, user, note)

    def answer_doubt(self, conn: Connection, run_id: str, answer: str, user: str, note: str, origin: str = "") -> None:
        self._done("doubt", run_id, answer, user, note)

    def retry_from(self, conn: Connection, run_id: str, step: str, user: str, note: str, origin: str = "") -> None:
        self._done("retry_from", run_id, step, user, note)

    def release(self, conn: Connection, run_id: str, user: str, note: str, origin: str = "") -> None:
        self._done("release", run_id, user, note)

    def edit(self, conn: Connection, run_id: str, user: str, note: str, edited: Any, origin: str = "") -> str:
        self._done("edit", run_id, user, note, edited)
        return "0" * 36

    def answer(self, conn: Connection, run_id: str, answer: str, user: str, note: str, origin: str = "") -> None:
        self._done("answer", run_id, answer, user, note)

    def candidates(self, conn: Connection, file_id: int) -> list[dict[str, Any]]:
        return self.offered

    def choose(self, conn: Connection, file_id: int, run_id: str, user: str, origin: str = "") -> None:
        self._done("choose", file_id, run_id, user)

    def discard(self, conn: Connection, file_id: int, reason: str, user: str, origin: str = "") -> None:
        self._done("discard", file_id, reason, user)

    def acknowledge(self, conn: Connection, entry: int, user: str, note: str, origin: str = "") -> None:
        self._done("acknowledge", entry, user, note)

    def close(self, conn: Connection, entry: int, answer: str, user: str, note: str, origin: str = "") -> None:
        self._done("close", entry, answer, user, note)

    def sign(self, conn: Connection, run_id: str, signer: int) -> int:
        self._done("sign", run_id, signer)
        row = conn.exec_driver_sql("SELECT seq FROM run WHERE id = ?", (run_id,)).scalar_one()
        return seed.job(conn, row, signer, "0" * 64)

    def refuse(self, conn: Connection, run_id: str, signer: int, reason: str) -> None:
        self._done("refuse", run_id, signer, reason)

    def reread(self, conn: Connection, run_id: str, signer: int) -> None:
        self._done("reread", run_id, signer)

    def withdraw(self, conn: Connection, run_id: str, signer: int) -> None:
        self._done("withdraw", run_id, signer)


class FakeWorkers:
    """Draws the same page always."""

    def __init__(self) -> None:
        self.jobs: list[tuple[str, tuple[Any, ...]]] = []

    def run(
        self, job: str, *args: Any, deadline: float | None = None, heavy: bool = False, crew: str = ""
    ) -> Deferred[Any]:
        assert crew or (heavy and deadline)
        self.jobs.append((job, args))
        return succeed(PNG)


@dataclass
class FakeDesk:
    """Remembers what was asked; `failure` is raised when set. Deferred-coloured as the engine's own."""

    called: list[tuple[Any, ...]] = field(default_factory=list)
    failure: Exception | None = None
    answer: Any = None
    planned: dict[str, Any] = field(default_factory=dict)

    async def _done(self, *call: Any) -> Any:
        await succeed(None)
        if self.failure is not None:
            raise self.failure
        self.called.append(call)
        return self.answer

    async def stop(self, kind: str, name: str, by: str, note: str) -> Any:
        return await self._done("stop", kind, name, by, note)

    async def start(self, kind: str, name: str, by: str) -> Any:
        return await self._done("start", kind, name, by)

    async def pause(self, kind: str, name: str, by: str, note: str) -> Any:
        return await self._done("pause", kind, name, by, note)

    async def resume(self, kind: str, name: str, by: str) -> Any:
        return await self._done("resume", kind, name, by)

    async def probe(self, name: str) -> Any:
        return await self._done("probe", name)

    async def plan(self) -> Any:
        return self.planned

    async def reload(self, by: str, folder: Any, route: str | None, revision: str | None) -> Any:
        await self._done("reload", by, folder, route, revision)
        return self.planned


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return str(self.json()["code"])


class Browser:
    """Sends requests into the application; keeps cookies and the CSRF token as the screens do."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.cookies: dict[str, str] = {}
        self.headers: dict[str, str] = {"host": HOST}
        self.address = "127.0.0.1"

    def get(self, path: str, **headers: str) -> Answer:
        return self.send("GET", path, None, headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.send("POST", path, body, headers)

    def send(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        sent = {**self.headers, **{key.replace("_", "-"): text for key, text in (headers or {}).items()}}
        if body is not None:
            sent.setdefault("content-type", "application/json")
            sent.setdefault("content-length", str(len(data)))
        if self.cookies:
            sent["cookie"] = "; ".join(f"{key}={text}" for key, text in self.cookies.items())
        answer = run_asgi(self.app, method, path, {key: text for key, text in sent.items() if text}, data, self.address)
        for key, morsel in SimpleCookie(answer.headers.get("set-cookie", "")).items():
            self.cookies[key] = morsel.value
        return answer


def run_asgi(app: Any, method: str, path: str, headers: dict[str, str], body: bytes, address: str) -> Answer:
    """One request through the application, in a loop of its own."""
    path, _, query = path.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(key.lower().encode(), text.encode()) for key, text in headers.items()],
        "client": (address, 50000),
        "server": ("127.0.0.1", 8080),
        "extensions": {},
    }
    sent: list[dict[str, Any]] = []
    pieces = [body[at : at + 65536] for at in range(0, len(body), 65536)] or [b""]

    async def receive() -> dict[str, Any]:
        if not pieces:
            await asyncio.sleep(60)
        piece = pieces.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    # In a thread, because the loop of an async test runs in this one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(app(scope, receive, send))).result()
    start = sent[0]
    return Answer(
        start["status"],
        {key.decode(): text.decode() for key, text in start["headers"]},
        b"".join(message.get("body", b"") for message in sent[1:]),
    )


class World:
    """All of it."""

    def __init__(self, folder: Path, reactor: Any) -> None:
        self.folder = folder
        self.time = seed.NOW / 1000
        self.store = Store(folder / "waybill.sqlite", reactor, durable=False)
        self.blobs = Blobs(folder / "blobs", durable=False)
        self.runtime = FakeRuntime()
        self.acts = FakeActs()
        self.workers = FakeWorkers()
        self.desk = FakeDesk()
        self.fatal: list[str] = []
        site = make_site(folder)
        self.runtime.routes = site.routes
        self.bridge = Bridge(
            reactor=reactor,
            store=self.store,
            blobs=self.blobs,
            site=site,
            runtime=self.runtime,
            state=folder,
            workers=self.workers,
            acts=self.acts,
            name="Test site",
            band="TEST",
            ui=folder / "dist",
            fatal=self.fatal.append,
            clock=lambda: self.time,
        )
        self.bridge.desk = self.desk
        self.app = create_served(self.bridge, HOST)

    def write(self, operation: Callable[[Connection], Any]) -> Any:
        return self.store.write_now(operation)

    def rows(self, sql: str) -> list[dict[str, Any]]:
        return self.store.read_now(lambda conn: [dict(row._mapping) for row in conn.exec_driver_sql(sql)])

    def audit(self) -> list[dict[str, Any]]:
        return self.rows("SELECT user, act, patient, run, subject, origin FROM audit ORDER BY seq")

    def acts_audited(self) -> list[str]:
        return [row["act"] for row in self.audit() if not row["act"].startswith("session.")]

    def sign_in(self, *roles: str, login: str = "demo", **user: Any) -> Browser:
        """A browser in which a new user with these roles is signed in."""
        now = int(self.time * 1000)

        def link(conn: Connection) -> str:
            seed.user(conn, login, roles or ALL, **user)
            return create_link(conn, login, now)

        browser = Browser(self.app)
        answer = browser.post("/api/v1/session/link", {"token": self.write(link)})
        assert answer.status == 204, answer.body
        browser.headers["x-csrf"] = browser.get("/api/v1/session").json()["csrf"]
        return browser


def make_site(folder: Path) -> Site:
    call = SimpleNamespace(to="his_out")
    steps = (
        Step("each_order", "split", SimpleNamespace(), into="each_order"),
        Step("patient", "wait", SimpleNamespace(call=SimpleNamespace(to="records")), into="patient"),
        Step("order", "transform", SimpleNamespace(), into="order"),
        Step("report", "wait", SimpleNamespace(in_="device_dir"), into="report"),
        Step("signed", "sign", SimpleNamespace(with_="ca"), into="signed"),
        Step("send_back", "call", call, into="send_back", help="Ask the HIS desk.", contact="ext. 7"),
    )
    route = Route("exam_report", "r1", Receive(("his_in",)), (), steps, help="The report of an order.")
    kinds = {"his_in": "soap_in", "his_out": "soap_out", "records": "records", "device_dir": "folder", "ca": "coss"}
    connections = {name: SiteConnection(name, kind, SimpleNamespace()) for name, kind in kinds.items()}
    return Site(folder, connections, {}, {route.name: route}, {}, {})
