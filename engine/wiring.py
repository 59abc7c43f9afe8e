"""The whole object graph, wired in one place that decides nothing else: a site in, a running daemon out."""

from __future__ import annotations

import fcntl
import logging
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from twisted.internet.defer import Deferred

from engine.channel import Health, HealthState, Services
from engine.message import Failure
from engine.registry import Registry
from engine.repeat import Repeat
from engine.runtime import recovery, revisions
from engine.runtime.filebook import FileBook
from engine.runtime.runtime import Parts, Runtime
from engine.site.load import load_site
from engine.site.model import Site
from engine.site.secrets import Secrets
from engine.steps import sign
from engine.store.blobs import Blobs
from engine.store.clock import now_ms
from engine.store.database import Store
from engine.store.migrate import TooNew
from engine.tasks import Tasks
from engine.threads import Pools
from engine.transform.pool import Pool

log = logging.getLogger(__name__)

TIDY = 10.0
"""Seconds between two looks for signing jobs that their provider must be told of."""

Band = Literal["DEMO", "TEST", "LIVE"]


class Locked(Exception):
    """Another daemon uses this state folder."""


@dataclass(frozen=True)
class Options:
    """How a daemon is started. state: `var/`. web: host:port, empty for none. durable: tests may leave out fsync.

    phone: the address of the demonstration's simulated phone, shown to a physician who signs.
    """

    site: Path
    state: Path
    web: str = "127.0.0.1:8080"
    band: Band = "LIVE"
    name: str = ""
    phone: str | None = None
    origins: tuple[str, ...] = ()
    durable: bool = True
    extra: dict[str, Any] = field(default_factory=dict)


class Daemon:
    """One site at work. `start` and `stop` once each."""

    def __init__(self, reactor: Any, options: Options) -> None:
        self.reactor = reactor
        self.options = options
        self.registry = Registry()
        self.site: Site = load_site(options.site, self.registry)
        state = options.state
        self.store = Store(state / "waybill.sqlite", reactor, durable=options.durable)
        self.blobs = Blobs(state / "blobs", durable=options.durable)
        self.threads = Pools(reactor)
        self.workers = Pool(reactor, size=2)
        self.tasks = Tasks()
        self.channels: dict[str, Any] = {}
        self.web: Any = None
        self.control: Any = None
        self.failed = False
        self._opened = False
        self._lock: int | None = None
        self._tidying: Repeat | None = None
        self._started: list[Any] = []
        self.runtime = Runtime(
            Parts(
                reactor, self.site, self.store, self.blobs, self.threads, self.workers, self.tasks, self.registry.verb
            )
        )

    def lock(self) -> None:
        """Take `var/lock`; raises `Locked`."""
        state = self.options.state
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        state.chmod(0o700)  # whoever made it: what lies in it is patients' data
        self._lock = os.open(self.options.state / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Locked(str(self.options.state)) from None
        os.ftruncate(self._lock, 0)
        os.write(self._lock, f"{os.getpid()}\n".encode())

    async def start(self) -> None:
        """Everything up, sources last: nothing is accepted before what was open is taken up again."""
        self.lock()
        self.store.open(lambda text: log.info("%s", text))
        self._opened = True
        self.workers.start()
        self._load_revisions()
        self._build_channels()
        await self.store.write(lambda conn: revisions.write(conn, self.site, now_ms()))
        sources = [name for name in self.channels if self.site.connections[name].type.endswith("_in")]
        for name in [name for name in self.channels if name not in sources]:
            await self._start_channel(name)
        await self.runtime.dispatcher.start()
        self._tidying = Repeat(self.reactor, "signing jobs", TIDY, lambda: sign.tidy(self.runtime))
        _ = self.tasks.spawn("signing jobs", self._tidying.run())
        await self._start_control()
        await self._start_web()
        for name in sources:
            await self._start_channel(name)
        log.info("waybill is up: %s", ", ".join(sorted(self.site.routes)))

    async def stop(self) -> None:
        """Sources refuse, screens end, running steps get their time, the writer drains. In this order."""
        self.runtime.inbox.closed = True
        if self.web is not None:
            await self.web.stop()
        if self.control is not None:
            await self.control.stop()
        for name in [name for name in self._started if self.site.connections[name].type.endswith("_in")]:
            await self._stop_channel(name)
        await self.runtime.dispatcher.stop()
        if self._tidying is not None:
            self._tidying.stop()
        for name in list(self._started):
            await self._stop_channel(name)
        await self.tasks.stop()
        if self._opened:
            await self.workers.stop()
            await self.store.write(lambda conn: recovery.give_back(conn, now_ms()))
            self.store.close()
        self.threads.stop()
        if self._lock is not None:
            os.close(self._lock)
        log.info("waybill has stopped")

    def _load_revisions(self) -> None:
        folder = self.options.state / "revisions"
        revisions.keep(self.site, folder)
        wanted = self.store.read_now(lambda conn: revisions.still_used(conn, self.site))
        loaded = revisions.load(wanted, folder, lambda path: load_site(path, self.registry))
        self.runtime.add_revisions(loaded)

    def _build_channels(self) -> None:
        secrets = Secrets(self.site.folder)
        extra: dict[str, Any] = {"http_ports": {}, **self.options.extra}
        services = Services(
            self.reactor, self.site.folder, self.options.state, self.store, self.blobs, self.threads, self.workers,
            FileBook(self.runtime), secrets.get, self.runtime.set_health, self.tasks.spawn, extra,
        )  # fmt: skip
        for name, connection in self.site.connections.items():
            module = self.registry.channel(connection.type)
            self.channels[name] = module.Channel(name, connection.settings, services)
            if hasattr(self.channels[name], "call"):
                self.runtime.sinks[name] = self.channels[name]

    async def _start_channel(self, name: str) -> None:
        """A channel that cannot start is down with its reason, and does not keep the others from starting."""
        self._started.append(name)
        try:
            await self.channels[name].start(self.runtime.inbox)
        except Exception as error:  # noqa: BLE001 - whatever one channel meets (a port in use), the rest must run
            why = error.reason if isinstance(error, Failure) else type(error).__name__
            log.error("connection %s does not start: %s", name, why)
            self.runtime.set_health(name, Health(HealthState.DOWN, f"does not start: {why}"))

    async def _stop_channel(self, name: str) -> None:
        self._started.remove(name)
        try:
            await self.channels[name].stop()
        except Exception as error:  # noqa: BLE001 - the rest must stop in order all the same
            log.error("connection %s does not stop cleanly: %s", name, type(error).__name__)

    async def _start_control(self) -> None:
        from engine.runtime.control import Control

        self.control = Control(self.reactor, self.options.state / "control.sock", self.store, self.runtime)
        await self.control.start()

    async def _start_web(self) -> None:
        if not self.options.web:
            return
        from web.api.bridge import Bridge
        from web.api.server import WebServer

        bridge = Bridge(
            reactor=self.reactor, store=self.store, blobs=self.blobs, site=self.site, runtime=self.runtime,
            state=self.options.state, workers=self.workers, band=self.options.band, name=self.options.name,
            fatal=self._fatal, phone=self.options.phone, origins=self.options.origins,
        )  # fmt: skip
        self.web = WebServer(bridge, self.options.web)
        await self.web.start()

    def _fatal(self, reason: str) -> None:
        """The web server ended by itself: loud, and the daemon with it, so that a supervisor starts it again."""
        log.critical("the web server ended: %s", reason)
        self.failed = True
        self.reactor.stop()


STOP_WITHIN = 15.0
"""Seconds after SIGTERM in which the process is gone, whatever hangs."""


def run(options: Options) -> int:
    """Run until SIGTERM or SIGINT; the exit status."""
    from engine.runtime.reactor import install

    reactor = install()
    daemon = Daemon(reactor, options)

    def failed(failure: Any) -> None:
        daemon.failed = True
        if failure.check(Locked):
            log.critical("another daemon uses %s", options.state)
        elif failure.check(TooNew, Failure):
            log.critical("waybill does not start: %s", failure.value)
        else:
            log.critical("waybill does not start: %s\n%s", failure.type.__name__, failure.getTraceback())
        if reactor.running:
            reactor.stop()

    def start() -> None:
        started: Deferred[None] = Deferred.fromCoroutine(daemon.start())
        _ = started.addErrback(failed)

    def stop() -> Deferred[Any]:
        end = reactor.callLater(STOP_WITHIN - 1, _end_hard, daemon)
        stopped: Deferred[None] = Deferred.fromCoroutine(daemon.stop())
        _ = stopped.addErrback(lambda failure: log.error("stopping failed: %s", failure.type))
        return stopped.addBoth(lambda _: end.cancel() if end.active() else None)

    reactor.callWhenRunning(start)
    reactor.addSystemEventTrigger("before", "shutdown", stop)
    reactor.run()
    return int(daemon.failed)


def _end_hard(daemon: Daemon) -> None:
    log.error("stopping took too long: ending now; what was open is taken up at the next start")
    os._exit(int(daemon.failed))
