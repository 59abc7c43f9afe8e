"""The whole object graph, wired in one place that decides nothing else: a site in, a running daemon out."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import gc
import logging
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Literal

from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as TimedOut

from engine import logs
from engine.alerts.texts import Place
from engine.alerts.watch import Alerts
from engine.channel import Health, HealthState, Services
from engine.desk.channels import Channels
from engine.desk.desk import Desk
from engine.message import Failure
from engine.registry import Registry
from engine.repeat import Repeat
from engine.runtime import pauses, recovery, revisions
from engine.runtime.clockwatch import ClockWatch
from engine.runtime.diskwatch import DiskWatch
from engine.runtime.filebook import FileBook
from engine.runtime.runtime import Parts, Runtime
from engine.site.load import load_site
from engine.site.model import Connection, Site
from engine.site.secrets import Secrets
from engine.steps import sign
from engine.store.blobs import Blobs
from engine.store.clock import now_ms
from engine.store.database import Store
from engine.store.migrate import TooNew
from engine.store.writer import is_disk
from engine.tasks import Tasks
from engine.threads import Pools
from engine.transform.pool import Pool

log = logging.getLogger(__name__)

DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EACCES)
"""What a start meets on a disk that is full, broken or read-only."""
STAGE_WITHIN = 5.0
"""Seconds that a stop leaves the start to end the stage which it is in."""
TIDY = 10.0
"""Seconds between two looks for signing jobs that their provider must be told of."""

Band = Literal["DEMO", "TEST", "LIVE"]


Stage = Callable[[], Awaitable[None]]


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
        site = load_site(options.site, self.registry)
        state = options.state
        self.store = Store(state / "waybill.sqlite", reactor, durable=options.durable)
        self.blobs = Blobs(state / "blobs", durable=options.durable)
        self.threads = Pools(reactor)
        self.workers = Pool(reactor, size=2)
        self.tasks = Tasks()
        self.web: Any = None
        self.control: Any = None
        self.failed = False
        self.ending = False
        self._starting: Deferred[None] | None = None
        self._opened = False
        self._lock: int | None = None
        self._tidying: Repeat | None = None
        self.runtime = Runtime(
            Parts(reactor, site, self.store, self.blobs, self.threads, self.workers, self.tasks, self.registry.verb)
        )
        runtime = self.runtime
        self._clock = ClockWatch(reactor, self.store, runtime.condition, lambda: runtime.dispatcher.wake_at(0))
        self._disk = DiskWatch(reactor, self.store, runtime.condition)
        self._channels = Channels(reactor, self.runtime, self.registry)
        self.desk = Desk(self.runtime, self._channels, self.registry, state)
        self.alerts = Alerts(self.runtime, state, _place(options), _certificate_ends)

    @property
    def site(self) -> Site:
        """The site that is at work: a reload changes it."""
        return self.runtime.site

    @property
    def channels(self) -> dict[str, Any]:
        return self._channels.by_name

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
        """Everything up, sources last: nothing is accepted before what was open is taken up again.

        A stop that comes meanwhile ends it at the next stage.
        """
        self._starting = Deferred()
        try:
            if await self._up():
                log.info("waybill is up: %s", ", ".join(sorted(self.site.routes)))
        finally:
            starting, self._starting = self._starting, None
            starting.callback(None)

    async def _up(self) -> bool:
        """Whether it came to its end."""
        self.lock()
        self.store.open(lambda text: log.info("%s", text))
        self._opened = True
        self._watch()
        self.workers.start()
        self._load_revisions()
        self._build_channels()
        await self.store.write(lambda conn: revisions.write(conn, self.site.routes.values(), now_ms()))
        self.runtime.mark(self.store.read_now(pauses.load))
        sources = [name for name in self.channels if self._channels.is_source(name)]
        others: list[Stage] = [partial(self._start_channel, name) for name in self.channels if name not in sources]
        doors: list[Stage] = [partial(self._start_channel, name) for name in sources]
        engine: list[Stage] = [self.runtime.dispatcher.start, self._start_tidying, self._start_control, self._start_web]
        for stage in (*others, *engine, *doors):
            if self.ending:
                return False
            await stage()
        self.alerts.start()
        self._spare_the_collector()
        return not self.ending

    async def _start_tidying(self) -> None:
        self._tidying = Repeat(self.reactor, "signing jobs", TIDY, lambda: sign.tidy(self.runtime))
        _ = self.tasks.spawn("signing jobs", self._tidying.run())

    def _watch(self) -> None:
        """The machine's clock and disk; not where a test lets days pass in milliseconds."""
        if self._clock.start():
            _ = self.tasks.spawn("clock", self._clock.repeat.run())
            _ = self.tasks.spawn("disk", self._disk.repeat.run())

    @staticmethod
    def _spare_the_collector() -> None:
        """What is there now stays: looking through it again and again for garbage costs a tenth of the processor."""
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 20, 20)

    async def stop(self) -> None:
        """Sources refuse, screens end, running steps get their time, the writer drains. In this order."""
        self.runtime.inbox.closed = self.ending = True
        if self._starting is not None:
            await self._start_over(self._starting)
        self.alerts.stop()
        if self.web is not None:
            await self.web.stop()
        if self.control is not None:
            await self.control.stop()
        self._channels.closing = True
        for name in [name for name in self._channels.started if self._channels.is_source(name)]:
            await self._channels.stop(name)
        await self.runtime.dispatcher.stop()
        if self._tidying is not None:
            self._tidying.stop()
        self._clock.stop()
        self._disk.repeat.stop()
        for name in list(self._channels.started):
            await self._channels.stop(name)
        await self.tasks.stop()
        if self._opened:
            await self.workers.stop()
            await self.store.write(lambda conn: recovery.give_back(conn, now_ms()))
            self.store.close()
        self.threads.stop()
        if self._lock is not None:
            os.close(self._lock)
        log.info("waybill has stopped")

    async def _start_over(self, starting: Deferred[None]) -> None:
        """Until the start has left its stage, which is short; one that hangs does not hold up the stop."""
        over: Deferred[None] = Deferred()
        _ = starting.addCallback(lambda _: None if over.called else over.callback(None))
        with contextlib.suppress(TimedOut):
            await over.addTimeout(STAGE_WITHIN, self.reactor)

    def _load_revisions(self) -> None:
        """The routes go to work as they are kept: the folder that people edit counts at the next reload."""
        folder = self.options.state / "revisions"
        site = revisions.at_work(self.site, revisions.keep(self.site, folder), self._load)
        self.runtime.use(revisions.with_pins(site, revisions.pins(folder), folder, self._load))
        wanted = self.store.read_now(lambda conn: revisions.still_used(conn, self.site))
        self.runtime.add_revisions(revisions.load(wanted, folder, self._load))

    def _load(self, folder: Path) -> Site:
        return load_site(folder, self.registry)

    def _build_channels(self) -> None:
        secrets = Secrets(self.site.folder)
        extra: dict[str, Any] = {
            "http_ports": {}, "notify": self.runtime.notify, "subscribe": self.runtime.subscribe,
            "unsubscribe": self.runtime.unsubscribe, **self.options.extra,
        }  # fmt: skip
        self._channels.services = Services(
            self.reactor, self.site.folder, self.options.state, self.store, self.blobs, self.threads, self.workers,
            FileBook(self.runtime), secrets.get, self.runtime.set_health, self.tasks.spawn, extra,
        )  # fmt: skip
        for name, connection in self.site.connections.items():
            self._channels.put(name, self._channels.build(connection))

    async def _start_channel(self, name: str) -> None:
        """One that cannot start is down with its reason, tried again, and does not keep the others from starting."""
        mark = self.runtime.paused.connections.get(name)
        if mark is not None and mark.state == "stopped":
            self.runtime.set_health(name, Health(HealthState.STOPPED, mark.text()))
        else:
            await self._channels.start(name)

    async def _start_control(self) -> None:
        from engine.runtime.control import Control

        self.control = Control(self.reactor, self.options.state / "control.sock", self.store, self.runtime, self.desk)
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
            clock=lambda: now_ms() / 1000,
        )  # fmt: skip
        bridge.desk, bridge.alerts = self.desk, self.alerts
        self.web = WebServer(bridge, self.options.web)
        await self.web.start()

    def _fatal(self, reason: str) -> None:
        """The web server ended by itself: loud, and the daemon with it, so that a supervisor starts it again."""
        log.critical("the web server ended: %s", reason)
        self.failed = True
        self.reactor.stop()


def _place(options: Options) -> Place:
    """What a message about an alert says of its origin."""
    site = options.name or options.site.resolve().name
    address = options.origins[0] if options.origins else f"http://{options.web}" if options.web else ""
    return Place(site, f"{address.rstrip('/')}/engine/alerts" if address else "")


def _certificate_ends(connection: Connection) -> datetime | None:
    """Blocking; None without a certificate, or where its file cannot be read: its health says so."""
    from channels._tls.material import expiry

    try:
        return expiry(connection.settings.tls)
    except Failure:
        return None


STOP_WITHIN = 15.0
"""Seconds after SIGTERM in which the process is gone, whatever hangs."""


def run(options: Options) -> int:
    """Run until SIGTERM or SIGINT; the exit status."""
    from engine.runtime.reactor import install

    reactor = install()
    logs.twisted()
    daemon = Daemon(reactor, options)

    def failed(failure: Any) -> None:
        if daemon.ending:  # what it stood on was taken away
            log.info("the start was cut off: %s", failure.type.__name__)
            return
        daemon.failed = True
        if failure.check(Locked):
            log.critical("another daemon uses %s", options.state)
        elif failure.check(TooNew, Failure):
            log.critical("waybill does not start: %s", failure.value)
        elif failure.check(OSError) and failure.value.errno in DISK:
            log.critical("waybill does not start: %s: %s", failure.value.strerror, failure.value.filename)
        elif is_disk(failure.value):
            log.critical("waybill does not start: the disk of %s: %s", options.state, failure.value)
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
