"""The store as the engine and the API see it: grouped writes, reads on other connections, checkpoints aside."""

from __future__ import annotations

import contextlib
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, create_engine, event
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure as TwistedFailure
from twisted.python.threadpool import ThreadPool

from engine.message import Unavailable
from engine.store import migrate
from engine.store.sheet import Bundle
from engine.store.writer import Job, Joined, Writer, is_disk
from engine.tasks import Once

T = TypeVar("T")

READ_LIMIT = 2.0
"""Seconds after which a read transaction is ended: a long one keeps the WAL from being checkpointed."""
CHECKPOINT_AT = 8 * 1024 * 1024
RESTART_AT = 64 * 1024 * 1024
"""Bytes of the WAL from which on it is begun anew. It does that by itself only when nobody writes, and under load there
is always somebody: it grew by 3 GB in ten minutes."""
FORCE_AT = 4 * RESTART_AT
"""Bytes from which on the writer waits for those who read."""
FRAME = 4096 + 24
READERS = 4


class Store:
    """One SQLite file. `durable=False` (tests only) leaves out fsync."""

    def __init__(self, path: Path, reactor: Any, *, durable: bool = True, limit: int = 20_000) -> None:
        self.path = path
        self._reactor = reactor
        self._synchronous = "FULL" if durable else "OFF"
        self._engine = self._make_engine()
        self._readers = ThreadPool(0, READERS, name="waybill-read")
        self._writer = Writer(self._connect_writer, self._deliver, limit)
        self._checkpoint = threading.Event()
        self._long_wal = 0
        self._closed = False
        self._anchor: sqlite3.Connection | None = None
        self._checkpointer = threading.Thread(target=self._checkpoints, name="waybill-checkpoint", daemon=True)

    def open(self, progress: Callable[[str], None] = lambda _: None) -> None:
        """Create or migrate the file and start; raises `migrate.TooNew` for a newer schema. Blocking."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path.touch(mode=0o600)
        self.path.chmod(0o600)  # SQLite gives its -wal and -shm files the same
        migrate.prepare(self.path, self._engine, progress)
        self._anchor = self._anchored()
        self._readers.start()
        self._writer.start()
        self._checkpointer.start()

    def close(self) -> None:
        """Write what is queued, end the threads, empty the WAL. Blocking; safe to call once from the reactor."""
        self._writer.close()
        self._closed = True
        self._checkpoint.set()
        self._checkpointer.join()
        self._readers.stop()
        if self._anchor is not None:
            self._anchor.close()
        with self._engine.connect() as conn:
            conn.exec_driver_sql("PRAGMA query_only = OFF")
            conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        self._engine.dispose()

    def write(self, operation: Callable[[Connection], T], *, background: bool = False) -> Deferred[T]:
        """Run `operation` in the writer; fires in the reactor after COMMIT with what it returned or raised."""
        done: Once[T] = Once()
        job = Job(operation, lambda job: _fire(done, job))
        self._writer.put(job, background=background)
        return done

    def join(self, joined: Joined, item: Any, then: Callable[[Any], None] | None = None) -> Deferred[Any]:
        """As `write`, for an operation that is written together with those of its kind that come with it.

        then: called in the reactor with the result, also when the waiter has been cancelled in the meantime.
        """
        done: Once[Any] = Once()

        def settle(job: Job) -> None:
            if then is not None and job.error is None:
                then(job.result)
            _fire(done, job)

        self._writer.put(Job(None, settle, joined=joined, item=item))
        return done

    def write_now(self, operation: Callable[[Connection], T]) -> T:
        """As `write`, from another thread than the reactor's: blocks until committed."""
        box: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._writer.put(_Direct(operation, box.put))
        job = box.get()
        if job.error is not None:
            raise job.error
        result: T = job.result
        return result

    def read(self, query: Callable[[Connection], T]) -> Deferred[T]:
        done: Deferred[T] = deferToThreadPool(self._reactor, self._readers, self.read_now, query)
        return done

    def read_now(self, query: Callable[[Connection], T]) -> T:
        """Run `query` on a read connection of this thread's own; `Unavailable` after `READ_LIMIT` or without disk."""
        try:
            conn = self._engine.connect()
        except DBAPIError as error:
            raise Unavailable("WB-1012", "the store does not answer now") from error
        with conn:
            driver = conn.connection.driver_connection
            assert isinstance(driver, sqlite3.Connection)
            end = time.monotonic() + READ_LIMIT
            driver.set_progress_handler(lambda: time.monotonic() > end, 10_000)
            try:
                conn.exec_driver_sql("BEGIN")
                result = query(conn)
                conn.exec_driver_sql("COMMIT")
            except BaseException as error:
                if driver.in_transaction:
                    driver.rollback()
                if is_disk(error):
                    raise Unavailable("WB-1012", "the store does not answer now") from error
                raise
            finally:
                driver.set_progress_handler(None, 0)
            return result

    def checkpoint(self) -> None:
        """Bring the whole WAL into the file. Blocking: for commands that are alone."""
        connection = sqlite3.connect(self.path, isolation_level=None, timeout=5)
        try:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            connection.close()

    def rewrite(self) -> None:
        """Write the file anew, so that empty pages can be given back piece by piece. Blocking, and alone."""
        with self._engine.connect() as conn:
            conn.exec_driver_sql("PRAGMA auto_vacuum = INCREMENTAL")
            conn.exec_driver_sql("VACUUM")
        self.checkpoint()

    def queued(self) -> int:
        return self._writer.waiting()

    def written(self) -> tuple[int, int]:
        """Groups and operations committed since the start: their ratio is the size of a group."""
        return self._writer.groups, self._writer.written

    def wal_bytes(self) -> int:
        wal = self.path.with_name(self.path.name + "-wal")
        return wal.stat().st_size if wal.exists() else 0

    def _deliver(self, group: list[Job]) -> None:
        direct = [job for job in group if isinstance(job, _Direct)]
        for job in direct:
            job.settle(job)
        rest = [job for job in group if not isinstance(job, _Direct)]
        if rest:
            self._reactor.callFromThread(_settle_all, rest)
        if self._long_wal:
            self._restart_wal()
        elif self._writer.groups % 64 == 0:
            self._checkpoint.set()

    def _restart_wal(self) -> None:
        """In the writer's thread between two groups, so nobody writes; little is left to copy. Who reads goes on."""
        very = self._long_wal > FORCE_AT
        patience, how = (READ_LIMIT, "TRUNCATE") if very else (0.005, "RESTART")
        self._long_wal = 0
        with contextlib.suppress(sqlite3.Error), contextlib.closing(self._aside(patience)) as connection:
            connection.execute(f"PRAGMA wal_checkpoint({how})").fetchall()

    def _checkpoints(self) -> None:
        while not self._closed:
            self._checkpoint.wait()
            self._checkpoint.clear()
            if self.wal_bytes() > CHECKPOINT_AT:
                # A busy or full disk: the writer meets it too and says so.
                with contextlib.suppress(sqlite3.Error), contextlib.closing(self._aside(5.0)) as connection:
                    self._copy(connection)

    def _copy(self, connection: sqlite3.Connection) -> None:
        """Copy the WAL while others write; what they wrote meanwhile once more, when it is to begin anew."""
        frames = 0
        for _ in range(2):
            _, frames, _ = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            if frames * FRAME < RESTART_AT:
                return
        self._long_wal = frames * FRAME

    def _aside(self, patience: float) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, timeout=patience)
        connection.execute(f"PRAGMA synchronous = {self._synchronous}")
        return connection

    def _anchored(self) -> sqlite3.Connection:
        """Open as long as the store: the last connection that closes removes the WAL, which a full disk cannot make
        anew; then nobody could even read."""
        anchor = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        anchor.execute("SELECT count(*) FROM alembic_version").fetchall()
        return anchor

    def _make_engine(self) -> Engine:
        made = create_engine(
            URL.create("sqlite", database=str(self.path)),
            isolation_level="AUTOCOMMIT",
            hide_parameters=True,  # an error in the log must not quote a patient's value
            poolclass=QueuePool,
            pool_size=READERS,
            max_overflow=8,
            connect_args={"timeout": 5, "check_same_thread": False, "cached_statements": 512},
        )
        event.listen(made, "connect", self._on_connect)
        return made

    def _on_connect(self, connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        connection.row_factory = sqlite3.Row
        connection.executescript(
            f"PRAGMA journal_mode = WAL; PRAGMA synchronous = {self._synchronous}; PRAGMA foreign_keys = ON;"
            # Small: SQLite looks through all of it at nearly every commit (a b-tree that was balanced makes it so), and
            # what a group needs of the upper levels of the trees is little; the rest lies in the system's cache.
            "PRAGMA wal_autocheckpoint = 0; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -4000;"
            "PRAGMA mmap_size = 0; PRAGMA busy_timeout = 5000;"
        )

    def _connect_writer(self) -> Connection:
        conn = self._engine.connect()
        Bundle.prepare(conn)
        return conn


class _Direct(Job):
    """A job whose caller blocks in another thread: settled there, without a hop to the reactor."""


def _settle_all(jobs: list[Job]) -> None:
    for job in jobs:
        job.settle(job)


def _fire(done: Deferred[Any], job: Job) -> None:
    if done.called:
        return  # its waiter was cancelled; what was written stays written
    if job.error is None:
        done.callback(job.result)
    else:
        done.errback(TwistedFailure(job.error))
