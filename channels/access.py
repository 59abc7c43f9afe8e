"""Rows in a device's database file through ODBC: Microsoft Access on Windows, other drivers for the demonstration.

Windows: `driver: 'Microsoft Access Driver (*.mdb, *.accdb)'` (the driver and Python of the same bitness); the file may
be open in the device's own program at the same time. Demonstration and tests: `driver: SQLite3` (libsqliteodbc).
Linux with `driver: MDBTools` only reads: nothing on Linux respects the locks of a live Access file.

A connection is opened per job and closed after it, each write is one short transaction: look by key, then write one
row. All drivers get the same SQL: `?` and `[brackets]`, nothing else; column names are those that the table really has.

With `agent` the file is on the computer where `waybill agent` runs: the same code does the same work there, and a
connection that is cut after the request has left is doubt.
"""

from __future__ import annotations

import enum
import threading
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as TimeIsOver

from channels._access.database import AWAY, DOUBT, Database, Turn
from channels._access.table import NO
from channels._agent.far import FarRows
from channels._agent.settings import Agent
from engine.channel import Health, HealthState, Services
from engine.message import Failure, InDoubt, Refused, Repeat, Request, Response, Unavailable, Value
from engine.site.paths import Template
from engine.site.settings import Duration, Secret, SitePath, TransformFile, option

T = TypeVar("T")


class IfExists(enum.StrEnum):
    """What an `insert` makes of a row that has its key already."""

    SAME = "same"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Settings:
    """One database file. Its folder may be a network share, the file itself belongs to the device's program."""

    driver: str = option(
        "name of the ODBC driver as the operating system lists it, or the path of its library", default=""
    )
    file: SitePath | None = option("the database file; it is never created here", default=None)
    password: Secret | None = option("password of the database file", default=None)
    timeout: Duration = option("time for one job; the SQLite driver also waits so long for a lock", default=Duration(5))
    max_in_flight: int = option("calls at the same time; one thread serves the file, so more only queue", default=1)
    extra: str = option("text added to the connection string, for example `ExtendedAnsiSQL=1`", default="")
    agent: Agent | None = option(
        "the computer that has the file, where `waybill agent` runs; `driver`, `file` and `password` stand there",
        default=None,
    )

    def __post_init__(self) -> None:
        near = (bool(self.driver), self.file is not None)
        if near != ((True, True) if self.agent is None else (False, False)):
            raise ValueError("a database has `driver` and `file`, or `agent: {url: ..., secret: ...}`")


@dataclass(frozen=True, slots=True)
class Insert:
    """Insert one row, unless a row has its key: with equal values the work is done, with others it is refused."""

    insert: str = option("the table")
    values: TransformFile | dict[str, Template] = option("the row: a transform, or a template for each column")
    key: list[str] = option("the columns that tell one row from another")
    if_exists: IfExists = option(
        "`same`: an equal row counts as done; `refuse`: any row with this key is refused", default=IfExists.SAME
    )


@dataclass(frozen=True, slots=True)
class Update:
    """Change the one row that has this key; equal values already count as done."""

    update: str = option("the table")
    values: TransformFile | dict[str, Template] = option("the columns to change, and those of the key")
    key: list[str] = option("the columns that tell one row from another")


@dataclass(frozen=True, slots=True)
class Find:
    """Read the one row that has this key; nothing, when there is none."""

    find: str = option("the table")
    key: dict[str, Template] = option("a template for each column of the key")


CALLS: dict[str, type] = {"insert": Insert, "update": Update, "find": Find}


def good_answer(settings: Settings, operation: str, arguments: Mapping[str, Any]) -> Value:
    """What a written row answers; tests of routes say so where they say nothing else."""
    return None if operation == "find" else {"row": "new" if operation == "insert" else "changed"}


def repeat_of(operation: str, arguments: object) -> Repeat:
    """An insert that refuses any existing row cannot be repeated, but the table can be asked."""
    given = arguments.get("if_exists") if isinstance(arguments, Mapping) else getattr(arguments, "if_exists", None)
    return "ask" if operation == "insert" and given == IfExists.REFUSE else "same"


class Channel:
    """The sink: every job runs in this connection's own thread, so a hung share holds up nobody else."""

    def __init__(self, name: str, settings: Settings, services: Services) -> None:
        self._name = name
        self._settings = settings
        self._services = services
        self._health: Health | None = None
        self._one = threading.Lock()
        self._far = FarRows(name, settings.agent, services, settings.max_in_flight) if settings.agent else None

    async def start(self, _inbox: object = None) -> None:
        """Tell whether the file can be opened; a file, or an agent, that is away does not stop the start."""
        if self._far is not None:
            await self._far.start(self._tell)
        self._tell(await self.probe())

    async def stop(self) -> None:
        if self._far is not None:
            await self._far.stop()
        self._tell(Health(HealthState.STOPPED))

    async def probe(self) -> Health:
        """Open the file and close it."""
        if self._far is not None:
            return await self._far.probe(self._settings.timeout + 5)
        try:
            await self._work(lambda turn: self._database().probe(), self._settings.timeout + 5)
        except Failure as failure:
            return Health(HealthState.DOWN, failure.reason)
        return Health(HealthState.UP)

    async def call(self, request: Request) -> Response:
        arguments = request.arguments
        work = {"insert": self._insert, "update": self._update, "find": self._find}[request.operation]
        try:
            if self._far is not None:
                response = await self._far.call(request)
            else:
                response = await self._work(lambda turn: work(arguments, turn), request.timeout)
        except Refused:
            self._tell(Health(HealthState.UP))
            raise
        except Failure as failure:
            self._tell(Health(HealthState.DOWN, failure.reason))
            raise
        self._tell(Health(HealthState.UP))
        return response

    def repeat(self, operation: str, arguments: Mapping[str, Any]) -> Repeat:
        """See `repeat_of`."""
        return repeat_of(operation, arguments)

    async def ask(self, request: Request) -> Response | None:
        """Whether the row of this insert is there with its values."""
        arguments = request.arguments
        if self._far is not None:
            return await self._far.ask(request)
        return await self._work(lambda turn: self._look(arguments), request.timeout)

    def _insert(self, arguments: Mapping[str, Any], turn: Turn) -> Response:
        refuse = arguments.get("if_exists") == IfExists.REFUSE
        done = self._database().insert(arguments["insert"], arguments["key"], _row(arguments), turn, refuse=refuse)
        return Response({"row": done}, f"row {done}")

    def _update(self, arguments: Mapping[str, Any], turn: Turn) -> Response:
        done = self._database().update(arguments["update"], arguments["key"], _row(arguments), turn)
        return Response({"row": done}, f"row {done}")

    def _find(self, arguments: Mapping[str, Any], turn: Turn) -> Response:
        row = self._database().find(arguments["find"], arguments["key"])
        return Response(row, "row found" if row else "no such row")

    def _look(self, arguments: Mapping[str, Any]) -> Response | None:
        there = self._database().has(arguments["insert"], arguments["key"], _row(arguments))
        return Response({"row": "same"}, "row same") if there else None

    def _database(self) -> Database:
        """In the thread: the secret is read when it is needed, and kept nowhere."""
        settings = self._settings
        assert settings.file is not None, "checked in Settings"
        password = self._services.secret(settings.password.name) if settings.password else ""
        return Database(settings.file, settings.driver, settings.timeout, password, settings.extra)

    async def _work(self, work: Callable[[Turn], T], seconds: float) -> T:
        turn = Turn()

        def alone() -> T:
            # The pool of one thread is the rule; the lock holds it also where a pool has more.
            with self._one:
                turn.check()
                return work(turn)

        deferred = Deferred.fromCoroutine(_awaited(self._services.threads.run(f"odbc:{self._name}", alone)))
        try:
            return await deferred.addTimeout(seconds, self._services.reactor)
        except TimeIsOver:
            if turn.give_up():
                reason = f"the database has not answered within {seconds:g} s; nothing was written"
                raise Unavailable(AWAY, reason) from None
            raise InDoubt(DOUBT, f"no answer to COMMIT within {seconds:g} s") from None
        finally:
            turn.give_up()

    def _tell(self, health: Health) -> None:
        if self._far is not None:
            self._far.say(health)
        elif health != self._health:
            self._health = health
            self._services.health(self._name, health)


def _row(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    values = arguments["values"]
    if not isinstance(values, Mapping) or not values:
        raise Refused(NO, "the transform of `values` made no row")
    return values


async def _awaited(work: Awaitable[T]) -> T:
    return await work
