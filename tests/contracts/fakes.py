"""What a channel is given in its contract test: real blobs, threads and a database in a temporary folder.

Nothing here pretends: the fakes do the work in the simplest way, and keep a book of what the channel did.
"""

from __future__ import annotations

import hashlib
import importlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure as Trouble

from engine.channel import Health, HealthState, SeenFile, Services, TakenFile
from engine.message import Blob, Failure, Incoming, Reply

T = TypeVar("T")

NAME = "植入甲"
"""The planted patient name: it may be in a message, and nowhere else."""

log = logging.getLogger("fake.services")


class FakeInbox:
    """Takes what a source hands in. `outcome` decides: a reply, an exception to raise, or a Deferred to wait for."""

    def __init__(self, operations: frozenset[str] = frozenset({"AddRisAppBillRt"})) -> None:
        self.known = operations
        self.accepted: list[Incoming] = []
        self.rejected: list[tuple[Incoming, str, str]] = []
        self.outcome: Reply | BaseException | Deferred[Reply] | Callable[[Incoming], Reply] | None = None
        self.waiting = 0

    async def accept(self, incoming: Incoming) -> Reply:
        """Durable, as far as this test is concerned, when the incoming is in `accepted`."""
        outcome = self.outcome
        if isinstance(outcome, BaseException):
            raise outcome
        if isinstance(outcome, Deferred):
            self.waiting += 1
            try:
                outcome = await outcome
            finally:
                self.waiting -= 1
        if callable(outcome):
            outcome = outcome(incoming)
        self.accepted.append(incoming)
        return outcome if isinstance(outcome, Reply) else Reply("accepted", f"m{len(self.accepted)}", b"<Response/>")

    async def reject(self, incoming: Incoming, code: str, reason: str) -> str:
        if isinstance(self.outcome, Failure):
            raise self.outcome
        self.rejected.append((incoming, code, reason))
        return f"r{len(self.rejected)}"

    def operations(self, connection: str) -> frozenset[str]:
        return self.known


class FolderBlobs:
    """A blob store of plain files named by their SHA-256."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def put(self, data: bytes, content_type: str = "application/octet-stream", name: str = "") -> Blob:
        digest = hashlib.sha256(data).hexdigest()
        (self.folder / digest).write_bytes(data)
        return Blob(digest, len(data), content_type, name)

    def put_file(self, path: Path, content_type: str = "application/octet-stream", name: str = "") -> Blob:
        return self.put(path.read_bytes(), content_type, name)

    def path(self, blob: Blob) -> Path:
        return self.folder / blob.sha256

    def read(self, blob: Blob) -> bytes:
        return self.path(blob).read_bytes()


class PoolThreads:
    """Threads of the reactor's own pool; the names of the pools that were asked for are kept."""

    def __init__(self, reactor: Any) -> None:
        self.reactor = reactor
        self.pools: set[str] = set()

    def run(self, pool: str, work: Callable[..., T], *args: Any) -> Awaitable[T]:
        self.pools.add(pool)
        deferred: Deferred[T] = deferToThreadPool(self.reactor, self.reactor.getThreadPool(), work, *args)
        return deferred


class FileStore:
    """One SQLite file; writes are transactions of their own, one after the other."""

    def __init__(self, threads: PoolThreads, path: Path) -> None:
        self.threads = threads
        self.engine = sqlalchemy.create_engine(f"sqlite:///{path}")

    def write(self, operation: Callable[[sqlalchemy.Connection], T], *, background: bool = False) -> Awaitable[T]:
        return self.threads.run("store", self.run_now, operation)

    def read(self, query: Callable[[sqlalchemy.Connection], T]) -> Awaitable[T]:
        return self.threads.run("store", self.run_now, query)

    def run_now(self, operation: Callable[[sqlalchemy.Connection], T]) -> T:
        """The operation in a transaction of this thread: also for tests that look into the store."""
        with self.engine.begin() as connection:
            return operation(connection)


class ThreadWorkers:
    """Runs the job `module:function` in a thread: no deadline and no process, the same answers."""

    def __init__(self, threads: PoolThreads) -> None:
        self.threads = threads

    def run(
        self, job: str, *args: Any, deadline: float | None = None, heavy: bool = False, crew: str = ""
    ) -> Awaitable[Any]:
        module, _, function = job.partition(":")
        return self.threads.run("workers", getattr(importlib.import_module(module), function), *args)


class FilesBook:
    """What a folder channel observed. `take` names the files that the engine says are taken."""

    def __init__(self) -> None:
        self.seen: dict[str, SeenFile] = {}
        self.gone: list[str] = []
        self.take: set[str] = set()
        self.folders: list[str] = []
        self.moved_files: list[str] = []

    async def observe(self, connection: str, files: list[SeenFile], gone: list[str]) -> list[TakenFile]:
        self.gone += gone
        for seen in files:
            self.seen[seen.path] = seen
        waiting = [seen for seen in self.seen.values() if seen.path not in self.moved_files]
        return [TakenFile(seen.path, seen.blob.sha256) for seen in waiting if seen.blob and seen.path in self.take]

    async def watched(self, connection: str) -> list[str]:
        return list(self.folders)

    async def incomplete(self, connection: str) -> list[str]:
        return [path for path, seen in self.seen.items() if not seen.complete and path not in self.gone]

    async def moved(self, connection: str, path: str) -> None:
        self.moved_files.append(path)


@dataclass
class World:
    """The services of one test and the book of what came of them. bugs: what spawned coroutines died of."""

    services: Services
    blobs: FolderBlobs
    store: FileStore
    threads: PoolThreads
    files: FilesBook
    health: list[Health] = field(default_factory=list)
    bugs: list[BaseException] = field(default_factory=list)

    @property
    def state(self) -> HealthState | None:
        """The health that was reported last."""
        return self.health[-1].state if self.health else None


def make_world(
    reactor: Any, folder: Path, secrets: Mapping[str, str] | None = None, extra: Mapping[str, Any] | None = None
) -> World:
    """Services in `folder`: `site/` (the site), `var/` (the state with blobs and the database)."""
    site, state = folder / "site", folder / "var"
    site.mkdir(parents=True, exist_ok=True)
    state.mkdir(parents=True, exist_ok=True)
    threads = PoolThreads(reactor)
    blobs, store, files = FolderBlobs(state / "blobs"), FileStore(threads, state / "test.sqlite"), FilesBook()
    health: list[Health] = []
    bugs: list[BaseException] = []

    def spawn(name: str, work: Awaitable[Any]) -> Deferred[Any]:
        deferred: Deferred[Any] = Deferred.fromCoroutine(work)  # type: ignore[arg-type]
        return deferred.addErrback(loud, name)

    def loud(trouble: Trouble, name: str) -> None:
        if trouble.check(CancelledError):
            return
        assert trouble.value is not None
        bugs.append(trouble.value)
        log.error("%s died of %s", name, type(trouble.value).__name__)

    services = Services(
        reactor=reactor,
        site=site,
        state=state,
        store=store,
        blobs=blobs,
        threads=threads,
        workers=ThreadWorkers(threads),
        files=files,
        secret=dict(secrets or {}).__getitem__,
        health=lambda _name, change: health.append(change),
        spawn=spawn,
        extra=extra if extra is not None else {"http_ports": {}},
    )
    return World(services, blobs, store, threads, files, health, bugs)


class Untouchable:
    """Stands for a service while a channel is constructed: whoever touches it does I/O too early."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, word: str) -> Any:
        raise AssertionError(f"constructing touched {self._name}.{word}")

    def __call__(self, *_args: Any, **_keywords: Any) -> Any:
        raise AssertionError(f"constructing called {self._name}")
