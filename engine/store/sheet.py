"""What a group of operations writes: rows of bundles and what else there is, in one statement where that will do.

Each statement gives up the interpreter's lock some five times and has to get it back from a busy reactor, which then
waits in its turn: that, and waking the one who waits, costs more than the statement. So an operation is one row of a
bundle, whatever tables it goes into, and a group whose operations are such rows and nothing else is one statement in
all, which SQLite begins, writes and commits in one step.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from itertools import chain, zip_longest
from typing import Any, ClassVar

from sqlalchemy import Connection

from engine.store.sql import quoted, raw

MOST = 64
"""Rows of one statement."""

Values = tuple[Any, ...]


class _View:
    """A view of the writer's connection alone; its triggers write what is inserted into it.

    columns: of a row. triggers: each by its condition and its statements, which see the row as `NEW`. conflict: what
    becomes of the transaction when a row cannot be written.
    """

    known: ClassVar[list[_View]] = []
    __slots__ = ("_ddl", "_head", "_row", "_texts")

    def __init__(self, name: str, columns: Sequence[str], triggers: Sequence[tuple[str, str]], conflict: str) -> None:
        listed = ", ".join(f"NULL AS {quoted(column)}" for column in columns)
        self._ddl = [f"CREATE TEMP VIEW IF NOT EXISTS {name} AS SELECT {listed}"]
        for place, (when, body) in enumerate(triggers):
            self._ddl.append(
                f"CREATE TEMP TRIGGER IF NOT EXISTS {name}_{place} INSTEAD OF INSERT ON {name} {when} BEGIN {body} END"
            )
        self._head = f"INSERT OR {conflict} INTO {name} VALUES "  # noqa: S608 (our names)
        self._row = f"({', '.join('?' * len(columns))})"
        self._texts: dict[int, str] = {}
        self.known.append(self)

    @classmethod
    def prepare(cls, conn: Connection) -> None:
        """Make all that are known, on a connection that is in no transaction."""
        for view in cls.known:
            view._make(raw(conn))
        conn._waybill_views = frozenset(map(id, cls.known))  # type: ignore[attr-defined]

    def _insert(self, conn: Connection, rows: Sequence[Values]) -> None:
        driver = raw(conn)
        if id(self) not in getattr(conn, "_waybill_views", ()):
            self._make(driver)  # a rollback may take it away again, so this is not remembered
        sql = self._texts.get(len(rows))
        if sql is None:
            sql = self._texts[len(rows)] = self._head + ", ".join([self._row] * len(rows))
        driver.execute(sql, tuple(chain.from_iterable(rows)))

    def _make(self, driver: sqlite3.Connection) -> None:
        for statement in self._ddl:
            driver.execute(statement)


class Bundle(_View):
    """What an operation writes into several tables, as one row: an insert into a view whose trigger writes all of it.
    So one step of SQLite writes everything of many operations.

    columns: of the row; the first is never NULL. body: the statements of the trigger, which see the row as `NEW`. A
    constraint that fails, and `RAISE(FAIL, ...)` in the body, raise `sqlite3.IntegrityError`; what was written before
    stays, so the caller undoes the transaction or its savepoint.
    """

    __slots__ = ("body", "columns", "pair")

    def __init__(self, name: str, columns: Sequence[str], body: str) -> None:
        super().__init__(name, columns, [("", body)], "FAIL")
        self.columns = tuple(columns)
        self.body = body
        self.pair: Pair | None = None

    def run(self, conn: Connection, rows: Sequence[Values]) -> None:
        """Write what each row says."""
        for start in range(0, len(rows), MOST):
            self._insert(conn, rows[start : start + MOST])


class Pair(_View):
    """Two bundles whose rows lie side by side, so that one statement writes those of both and commits them.

    The rows are of different operations, so none needs what another writes: which comes first is SQLite's choice. When
    a row cannot be written, nothing is: `sqlite3.IntegrityError`.
    """

    __slots__ = ("_bundles", "_nothing")

    def __init__(self, name: str, left: Bundle, right: Bundle) -> None:
        columns, triggers = [], []
        for place, bundle in enumerate((left, right)):
            columns += [f"{column}_{place}" for column in bundle.columns]
            body = re.sub(r'NEW\.("?)(\w+)\1', rf"NEW.\2_{place}", bundle.body)
            triggers.append((f"WHEN NEW.{bundle.columns[0]}_{place} IS NOT NULL", body.replace("(FAIL,", "(ROLLBACK,")))
        super().__init__(name, columns, triggers, "ROLLBACK")
        self._nothing = [(None,) * len(bundle.columns) for bundle in (left, right)]
        self._bundles = (left, right)
        left.pair = right.pair = self

    def commit(self, conn: Connection, rows: Mapping[Bundle, Sequence[Values]]) -> None:
        """Write and commit rows of each bundle, at most `MOST`, on a connection that is in no transaction."""
        left, right = (rows.get(bundle, ()) for bundle in self._bundles)
        nothing, none = self._nothing
        self._insert(conn, [(one or nothing) + (other or none) for one, other in zip_longest(left, right)])


class Sheet:
    """What the operations of a group write, in order."""

    __slots__ = ("_calls", "_plain", "_rows")

    def __init__(self) -> None:
        self._calls: list[Callable[[Connection], Any]] = []
        self._rows: dict[Bundle, Sequence[Values]] = {}
        self._plain = True

    def rows(self, bundle: Bundle, rows: Sequence[Values]) -> None:
        """Rows of a bundle; once for each."""
        if rows:
            self._rows[bundle] = rows
            self._plain = self._plain and len(rows) <= MOST
            self._calls.append(lambda conn: bundle.run(conn, rows))

    def call(self, write: Callable[[Connection], Any]) -> None:
        """Whatever else is to be written."""
        self._plain = False
        self._calls.append(write)

    def write(self, conn: Connection) -> None:
        """In a transaction of the caller's."""
        for call in self._calls:
            call(conn)

    def pair(self) -> Pair | None:
        """What writes and commits all of it at once, if anything does."""
        pairs = {bundle.pair for bundle in self._rows} if self._plain else ()
        return pairs.pop() if len(pairs) == 1 else None

    def commit(self, conn: Connection, pair: Pair) -> None:
        """All of it, as `pair` said that it can be."""
        pair.commit(conn, self._rows)


def facts(conn: Connection) -> dict[str, Any]:
    """What operations that are written together have learned of the store. They alone write meanwhile: the writer
    forgets it when it does anything else."""
    try:
        known: dict[str, Any] = conn._waybill_facts  # type: ignore[attr-defined]
    except AttributeError:
        known = conn._waybill_facts = {}  # type: ignore[attr-defined]
    return known
