"""The contract between the engine and a channel: source, sink, health, and what a channel is given.

`channels/<type>.py` holds three names: `Settings` (frozen dataclass, documented), `Channel`, and, for a sink,
`CALLS`: the frozen dataclasses of its operations by their word. Constructing does no I/O; `start` does.
"""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from engine.message import Blob, Incoming, Repeat, Reply, Request, Response

if TYPE_CHECKING:
    from sqlalchemy import Connection

T = TypeVar("T")


class HealthState(enum.StrEnum):
    STARTING = "starting"
    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Health:
    """A channel's own word on itself; `reason` is one line without a patient's value."""

    state: HealthState
    reason: str = ""


class Inbox(Protocol):
    """Where sources hand in. Each method returns when its outcome is durable."""

    async def accept(self, incoming: Incoming) -> Reply:
        """Raises `Unavailable` when the engine is full, stopping or its disk does not take the message."""
        ...

    async def reject(self, incoming: Incoming, code: str, reason: str) -> str:
        """Keep what no route can receive (not XML, not SOAP, too large, unknown operation); its message id."""
        ...

    def operations(self, connection: str) -> frozenset[str]:
        """The operations of this connection that some route receives."""
        ...


class BlobStore(Protocol):
    """Bytes by SHA-256; durable when `put` returns. All methods are blocking: call through `threads`."""

    def put(self, data: bytes, content_type: str = ..., name: str = ...) -> Blob: ...
    def put_file(self, path: Path, content_type: str = ..., name: str = ...) -> Blob: ...
    def path(self, blob: Blob) -> Path: ...
    def read(self, blob: Blob) -> bytes: ...


class Store(Protocol):
    """The one database, seen by channels: writes are grouped in one writer thread, reads run in a thread."""

    def write(self, operation: Callable[[Connection], T], *, background: bool = False) -> Awaitable[T]: ...
    def read(self, query: Callable[[Connection], T]) -> Awaitable[T]: ...


class Threads(Protocol):
    """The one door to threads: a bounded pool per purpose (for example one per database file)."""

    def run(self, pool: str, work: Callable[..., T], *args: Any) -> Awaitable[T]: ...


class Workers(Protocol):
    """The one door to processes: bounded, with a deadline; `Refused` when a worker is killed or crashes."""

    def run(
        self, job: str, *args: Any, deadline: float | None = None, heavy: bool = False, crew: str = ""
    ) -> Awaitable[Any]: ...


class Files(Protocol):
    """The engine's book of files: which are seen, waited for, taken. Given to channels that watch folders."""

    async def observe(self, connection: str, files: list[SeenFile], gone: list[str]) -> list[TakenFile]:
        """Record what a scan found; answers which files are now taken and must be moved to `.done/`."""
        ...

    async def watched(self, connection: str) -> list[str]:
        """Folders of this connection (relative, `/`) that a wait, or a satisfied wait, is bound to."""
        ...

    async def incomplete(self, connection: str) -> list[str]:
        """The files of this connection that the book has as incomplete."""
        ...

    async def moved(self, connection: str, path: str) -> None:
        """The taken file has been moved to `.done/`."""
        ...


@dataclass(frozen=True, slots=True)
class SeenFile:
    """A settled file. path: relative, with `/`. blob: set when `complete` (its bytes are durable)."""

    path: str
    size: int
    mtime_ns: int
    inode: int
    complete: bool
    reason: str = ""
    blob: Blob | None = None


@dataclass(frozen=True, slots=True)
class TakenFile:
    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Services:
    """What wiring gives to each channel. `reactor` is Twisted's; `clock()` monotonic seconds.

    site: the folder with routes.yaml (relative paths in settings start there, already resolved by the
    settings loader). state: `var/`.
    """

    reactor: Any
    site: Path
    state: Path
    store: Store
    blobs: BlobStore
    threads: Threads
    workers: Workers
    files: Files
    secret: Callable[[str], str]
    health: Callable[[str, Health], None]
    spawn: Callable[[str, Awaitable[Any]], Any]
    extra: Mapping[str, Any] = field(default_factory=dict)

    def notify(self, topics: set[str]) -> None:
        """Something changed that screens show, or that background work waits for; nobody listens in tests of routes."""
        told: Callable[[set[str]], None] | None = self.extra.get("notify")
        if told is not None:
            told(topics)


class Source(Protocol):
    async def start(self, inbox: Inbox) -> None: ...
    async def stop(self) -> None: ...


class Sink(Protocol):
    async def call(self, request: Request) -> Response: ...

    def repeat(self, operation: str, arguments: Mapping[str, Any]) -> Repeat: ...

    async def ask(self, request: Request) -> Response | None:
        """For `repeat` = `ask`, or on a person's word: what became of the effect with this key; None: it was not done.

        `Unavailable` and `InDoubt`: asked again later. `Refused`: this peer cannot be asked, the doubt stays.
        """
        ...
