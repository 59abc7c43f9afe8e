"""Where the two colours meet: the engine's Deferreds and the web's asyncio, in one loop and one thread.

Wiring builds one `Bridge`; everything in `web.api` reaches the engine through it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

from sqlalchemy import Connection
from twisted.internet.defer import Deferred

from engine.channel import Health, Workers
from engine.message import Blob
from engine.ops.read_audit import record, record_each
from engine.ops.read_values import Content
from engine.points import point
from engine.runtime.condition import Condition
from engine.site.model import Route, Site, Step
from web.api.acts import Acts, EngineActs
from web.api.auth import Attempts, Person

T = TypeVar("T")
log = logging.getLogger(__name__)

UI = Path(__file__).resolve().parent.parent / "ui" / "dist"
DRAW_LIMIT = 20.0
"""Seconds that a worker may take to draw a page."""


class Runtime(Protocol):
    """What the web asks of the running engine. `poke` is called from any thread, the rest from the reactor's."""

    def poke(self) -> None:
        """Look for due runs now: something was written."""
        ...

    def notify(self, topics: set[str]) -> None: ...

    def subscribe(self, callback: Callable[[set[str]], None]) -> None:
        """`callback(topics)` in the reactor's thread when something changed: `worklist`, `sign`, `run:<id>`, ..."""
        ...

    def unsubscribe(self, callback: Callable[[set[str]], None]) -> None: ...

    def route(self, name: str, revision: str) -> Route | None:
        """The route of a revision that runs are on; None when it is not loaded."""
        ...

    @property
    def condition(self) -> Condition:
        """Of the machine: its disk and its clock."""
        ...

    def health(self) -> Mapping[str, Health]:
        """By connection."""
        ...

    def counters(self) -> Mapping[str, Any]:
        """`{"connections": {name: {in, out, last_error, spark, since}}, "routes": {...}}`: numbers since the start,
        `since` in seconds."""
        ...

    def health_history(self, connection: str) -> Sequence[tuple[float, str, str]]:
        """The last changes of a connection's health, oldest first: seconds since 1970, state, reason."""
        ...

    def queue(self) -> Mapping[str, int]:
        """`arriving`, `queued` and `active`: messages and runs in memory."""
        ...


class StoreNow(Protocol):
    """The store from an API thread: both block."""

    def read_now(self, query: Callable[[Connection], T]) -> T: ...
    def write_now(self, operation: Callable[[Connection], T]) -> T: ...
    def queued(self) -> int: ...
    def wal_bytes(self) -> int: ...
    def written(self) -> tuple[int, int]: ...


class BlobFiles(Protocol):
    def path(self, blob: Blob) -> Path: ...

    def put_file(self, path: Path, content_type: str = ..., name: str = ...) -> Blob:
        """Blocking: the bytes of a file, durable."""
        ...


class Bridge:
    """The engine, seen by the web.

    site: None while none is loaded. band: the coloured band on every screen. origins: the addresses
    (`https://waybill.example`) under which browsers reach a listener that is not loopback; one with `https` makes the
    cookie `Secure`. phone: where the demonstration's phone stands. fatal: what to do when the server ends by itself.
    """

    desk: Any = None
    alerts: Any = None
    bulks: Any = None
    hub: Any = None
    looks: Any = None
    made_dashboard: tuple[int, Any] | None = None

    def __init__(
        self,
        *,
        reactor: Any,
        store: StoreNow,
        blobs: BlobFiles,
        site: Site | None,
        runtime: Runtime,
        state: Path,
        workers: Workers | None = None,
        acts: Acts | None = None,
        name: str = "",
        band: Literal["DEMO", "TEST", "LIVE"] = "DEMO",
        origins: Sequence[str] = (),
        ui: Path = UI,
        phone: str | None = None,
        fatal: Callable[[str], None] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.reactor = reactor
        self.store = store
        self.blobs = blobs
        self._site = site
        self.runtime = runtime
        self.state = state
        self.workers = workers
        self.acts: Acts = acts or EngineActs()
        self.name = name or _site_name(site)
        self.band = band
        self.origins = tuple(origins)
        self.ui = ui
        self.clock = clock
        self.phone = phone
        self.attempts = Attempts()
        self.pieces = 0  # of uploads, that are being received
        self.started_at = self.now()
        self.closing = False
        self._fatal = fatal

    def now(self) -> int:
        """UTC milliseconds."""
        return int(self.clock() * 1000)

    @property
    def site(self) -> Site | None:
        """The site that runs now: a reload changes it."""
        return getattr(self.runtime, "site", self._site)

    @site.setter
    def site(self, site: Site | None) -> None:
        self._site = site

    @property
    def secure(self) -> bool:
        return any(origin.startswith("https://") for origin in self.origins)

    def route(self, name: str) -> Route | None:
        """The site's current route of this name."""
        return self.site.routes.get(name) if self.site is not None else None

    def step(self, route: str, step: str) -> Step | None:
        """A step of the site's current route, for its help and contact."""
        found = self.route(route)
        return next((one for one in found.steps if one.id == step), None) if found is not None else None

    def read(self, query: Callable[[Connection], T]) -> T:
        return self.store.read_now(query)

    def act(self, operation: Callable[[Connection], T]) -> T:
        """Do something with the engine: in the writer, then the engine looks for work."""
        result = self.store.write_now(operation)
        point("act.committed")
        self.runtime.poke()
        return result

    def audit(
        self, person: Person, act: str, *, patient: int | None = None, run: int | None = None, subject: str = ""
    ) -> None:
        """Durable when it returns; called after the read and before its data goes out."""
        at = self.now()
        self.store.write_now(
            lambda conn: record(
                conn, at, person.login, act, patient=patient, run=run, subject=subject, origin=person.origin
            )
        )

    def audit_each(self, person: Person, act: str, patients: Sequence[int]) -> None:
        """The same act on several patients, in one commit; one row without a patient when there are none."""
        at = self.now()

        self.store.write_now(lambda conn: record_each(conn, at, person.login, act, patients, origin=person.origin))

    def content_path(self, content: Content) -> Path | None:
        """The file of a content that is a blob."""
        return self.blobs.path(content.blob) if content.blob is not None else None

    def notify(self, topics: set[str]) -> None:
        """Something changed that screens show, or that background work waits for. From any thread."""
        self.reactor.callFromThread(self.runtime.notify, topics)

    async def work(self, job: str, *args: Any, crew: str = "") -> Any:
        """A job in a worker process (default: a light one), within its pool's deadline. Asyncio-coloured."""
        if self.workers is None:
            raise RuntimeError("no workers")
        return await future(
            _as_deferred(self.workers.run(job, *args, crew=crew) if crew else self.workers.run(job, *args))
        )

    async def draw(self, path: Path, page: int, width: int) -> bytes:
        """A page (from 1) of a PDF as PNG, made in a heavy worker process. Asyncio-coloured."""
        if self.workers is None:
            raise RuntimeError("no workers")
        job = self.workers.run(
            "engine.transform.pdf:render_png", str(path), page, width, deadline=DRAW_LIMIT, heavy=True
        )
        drawn: bytes = await future(_as_deferred(job))
        return drawn

    def fatal(self, reason: str) -> None:
        """The web server ended by itself: loud, and the end of the engine."""
        log.critical("the web server ended by itself: %s", reason)
        if self._fatal is not None:
            self._fatal(reason)
        else:
            self.reactor.stop()


def deferred(coroutine: Coroutine[Any, Any, T]) -> Deferred[T]:
    """Run an asyncio-coloured coroutine in the running loop; the engine awaits the Deferred."""
    made: Deferred[T] = Deferred.fromFuture(asyncio.ensure_future(coroutine))
    return made


def future(engine: Deferred[T]) -> asyncio.Future[T]:
    """Await a Deferred of the engine from asyncio."""
    return engine.asFuture(asyncio.get_running_loop())


def _as_deferred(job: Any) -> Deferred[Any]:
    return job if isinstance(job, Deferred) else Deferred.fromCoroutine(job)


def _site_name(site: Site | None) -> str:
    return site.folder.resolve().name if site is not None else "Waybill"
