"""The one writer: a thread that commits operations in groups, each in its own savepoint.

Operations of one `Joined` kind that come together are written together, each of their statements once for all of them,
in one statement that also commits where nothing else is to be written; when that cannot be, all is undone and each is
done alone, so every caller gets its own outcome.

A caller goes on only after COMMIT (and its fsync) returned. A full disk or a COMMIT that raises fails the whole
group `Unavailable` and the connection is opened again.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from engine.message import Answered, Unavailable
from engine.points import point
from engine.store.sheet import Sheet, facts
from engine.store.sql import raw

log = logging.getLogger(__name__)

Operation = Callable[[Connection], Any]
Outcome = tuple[Any, BaseException | None]

GATHER = 0.002
"""Seconds that the writer waits at most for a group as large as the last ones."""
GROUP = 256
"""Operations in one transaction at most: bounds the latency of the first of them."""


@dataclass(frozen=True, slots=True)
class Joined:
    """Operations that differ in their values only.

    collect: puts what all of them write on the sheet, in the order in which they came, and has one result each; it may
    read, and keep what it learns in `facts`. It raises `Apart` when one of them needs more than its rows, and so may
    what is written. alone: one of them, as any other operation.
    """

    collect: Callable[[Connection, list[Any], Sheet], list[Any]]
    alone: Callable[[Connection, Any], Any]

    def together(self, conn: Connection, items: list[Any]) -> list[Any]:
        """Write all of them in the caller's transaction."""
        sheet = Sheet()
        results = self.collect(conn, items, sheet)
        sheet.write(conn)
        return results


class Apart(Exception):
    """These operations cannot be written together."""


@dataclass(slots=True)
class Job:
    operation: Operation | None
    # Called in the writer's thread with the outcome after COMMIT; `None` error means committed.
    settle: Callable[[Job], None]
    result: Any = None
    error: BaseException | None = None
    joined: Joined | None = None
    item: Any = None

    def perform(self, conn: Connection) -> Any:
        if self.joined is not None:
            return self.joined.alone(conn, self.item)
        assert self.operation is not None
        return self.operation(conn)


class Writer:
    """Groups what is queued. `deliver` gets each finished group once (one hop to the reactor per group)."""

    def __init__(self, connect: Callable[[], Connection], deliver: Callable[[list[Job]], None], limit: int) -> None:
        self._connect = connect
        self._deliver = deliver
        self._limit = limit
        self._front: deque[Job] = deque()
        self._back: deque[Job] = deque()
        self._lock = threading.Lock()
        self._bell = threading.Lock()  # rung by releasing it
        self._bell.acquire()
        self._sleeps = False
        self._closing = False
        self._usual = 1.0  # operations of a group, lately
        self._wanted = 1  # operations that are worth waking the writer for
        self._thread = threading.Thread(target=self._work, name="waybill-writer", daemon=True)
        self.groups = 0
        self.written = 0
        self.joined = 0
        self.apart = 0

    def start(self) -> None:
        self._thread.start()

    def put(self, job: Job, *, background: bool = False) -> None:
        """Queue a job; `Unavailable` when the queue is full or the writer is closing."""
        with self._lock:
            if self._closing:
                raise Unavailable("WB-1012", "the store is closing")
            if len(self._front) >= self._limit:
                raise Unavailable("WB-1012", "the store's queue is full")
            (self._back if background else self._front).append(job)
            if self._sleeps and (len(self._front) >= self._wanted or background):
                self._sleeps = False
                self._bell.release()

    def waiting(self) -> int:
        return len(self._front) + len(self._back)

    def drop(self) -> None:
        """Forget what is queued, as the end of the process would."""
        with self._lock:
            self._front.clear()
            self._back.clear()

    def close(self) -> None:
        """Write what is queued, then end."""
        with self._lock:
            self._closing = True
            if self._sleeps:
                self._sleeps = False
                self._bell.release()
        self._thread.join()

    def _next_group(self) -> list[Job]:
        while not (self._front or self._back or self._closing):
            self._sleep(1, -1)
        self._gather()
        with self._lock:
            group = [self._front.popleft() for _ in range(min(GROUP, len(self._front)))]
            if self._back and (not group or len(group) < GROUP):
                group.append(self._back.popleft())  # background work: one piece a group
        self._usual += (len(group) - self._usual) / 4
        return group

    def _gather(self) -> None:
        """Those that came together lately come together again, and a commit of many costs hardly more than one."""
        wanted = int(self._usual * 0.75)
        if wanted >= 2 and len(self._front) < wanted and not self._closing:
            self._sleep(wanted, GATHER)

    def _sleep(self, wanted: int, seconds: float) -> None:
        """Until so many wait, or the time is over (-1: there is none), or it closes. A bell, as a condition would have
        to be asked for by each caller, costs them five times as much."""
        with self._lock:
            if self._closing or len(self._front) >= wanted or (wanted == 1 and self._back):
                return
            self._wanted = wanted
            self._sleeps = True
        rung = self._bell.acquire(timeout=seconds)
        with self._lock:
            if not rung and not self._sleeps:
                self._bell.acquire()  # it rang when the time was just over
            self._sleeps = False

    def _work(self) -> None:
        conn: Connection | None = None
        while group := self._next_group():
            try:
                conn = conn or self._connect()
                self._commit(conn, group)
            except Exception as error:  # noqa: BLE001 - whatever it is, no caller may wait for ever
                log.error("the store does not take writes: %s", _plain(error))
                failure = Unavailable("WB-1012", f"the store does not take writes ({_plain(error)})")
                for job in group:
                    job.result, job.error = None, failure
                _drop(conn)
                conn = None
            self.groups += 1
            self.written += len(group)
            self._deliver(group)
        _drop(conn)

    def _commit(self, conn: Connection, group: list[Job]) -> None:
        joined = [job for job in group if job.joined is not None]
        sheet = Sheet()
        plain = bool(joined) and self._tried(conn, lambda: _collect(conn, joined, sheet))
        pair = sheet.pair() if plain and len(joined) == len(group) else None
        if pair is not None:
            point("writer.before_commit")
            plain = self._tried(conn, lambda: sheet.commit(conn, pair))
        if pair is None or not plain:
            raw(conn).execute("BEGIN IMMEDIATE")
            plain = plain and self._tried(conn, lambda: sheet.write(conn))
            self._perform_all(conn, [job for job in group if job.joined is None] if plain else group)
            point("writer.before_commit")
            self._end(conn)
        self.joined += len(joined) if plain else 0
        self.apart += 0 if plain else len(joined)
        point("writer.after_commit")

    def _end(self, conn: Connection) -> None:
        raw(conn).execute("COMMIT")

    def _tried(self, conn: Connection, what: Callable[[], None]) -> bool:
        """Whether it could be done for all that are joined; if not, nothing of it is written."""
        try:
            what()
        except MemoryError:
            raise
        except Exception as error:
            if is_disk(error):
                raise
            if not isinstance(error, Apart | sqlite3.IntegrityError):
                log.error("operations cannot be joined: %s", type(error).__name__, exc_info=_stack(error))
            facts(conn).clear()
            if raw(conn).in_transaction:
                raw(conn).execute("ROLLBACK")
                raw(conn).execute("BEGIN IMMEDIATE")
            return False
        return True

    def _perform_all(self, conn: Connection, jobs: list[Job]) -> None:
        """Each alone, in the transaction."""
        if jobs:
            facts(conn).clear()
        for job in jobs:
            job.result = None
            self._perform(conn, job)

    def _perform(self, conn: Connection, job: Job) -> None:
        driver = raw(conn)
        driver.execute("SAVEPOINT job")
        try:
            job.result = job.perform(conn)
        except MemoryError:
            raise
        except Exception as error:
            if is_disk(error):
                raise  # not this job's fault: the whole group is not done
            job.error = error
            driver.execute("ROLLBACK TO job")
            if not isinstance(error, Answered):
                log.error("an operation of the store failed: %s", type(error).__name__, exc_info=_stack(error))
        driver.execute("RELEASE job")


def _collect(conn: Connection, jobs: list[Job], sheet: Sheet) -> None:
    """What joined operations write, and their results."""
    kinds: dict[Joined, list[Job]] = {}
    for job in jobs:
        assert job.joined is not None
        kinds.setdefault(job.joined, []).append(job)
    for joined, some in kinds.items():
        for job, result in zip(some, joined.collect(conn, [job.item for job in some], sheet), strict=True):
            job.result = result


def is_disk(error: BaseException) -> bool:
    """Full, read-only, damaged, locked: everything but a wrong statement, which is a bug of its job alone."""
    original = getattr(error, "orig", None) or error
    # Integrity, data and programming errors are subclasses of DatabaseError too; a damaged file is just that.
    if not isinstance(original, sqlite3.OperationalError) and type(original) is not sqlite3.DatabaseError:
        return False
    return getattr(original, "sqlite_errorcode", sqlite3.SQLITE_IOERR) != sqlite3.SQLITE_ERROR


def _plain(error: BaseException) -> str:
    original = getattr(error, "orig", None) or error
    name = getattr(original, "sqlite_errorname", "")
    return name or type(original).__name__


def _stack(error: BaseException) -> tuple[type[BaseException], BaseException, Any]:
    """The traceback without the message: an integrity error may quote a value of the patient."""
    bare = RuntimeError(type(error).__name__)
    return (RuntimeError, bare, error.__traceback__)


def _drop(conn: Connection | None) -> None:
    if conn is not None:
        with contextlib.suppress(sqlite3.Error, DBAPIError):
            conn.invalidate()
            conn.close()
