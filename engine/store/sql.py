"""Hot statements: written once in SQLAlchemy Core, compiled once, executed on the raw driver.

SQLAlchemy's own execution costs 50 to 100 microseconds a statement; the raw driver 3 to 10.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import ClauseElement

T = TypeVar("T")

_DIALECT = sqlite.dialect(paramstyle="named")

Row = sqlite3.Row

SIZES: tuple[int, ...] = (64, 48, 32, 24, *range(16, 0, -1))
"""Rows of one statement: few sizes, so that the driver finds its prepared statements again."""


class Statement:
    """A compiled statement with named parameters."""

    __slots__ = ("defaults", "sql")

    def __init__(self, clause: ClauseElement) -> None:
        compiled = cast(SQLCompiler, clause.compile(dialect=_DIALECT))
        self.sql = str(compiled)
        # Literals of the clause (state names, for example) are parameters with a fixed value.
        self.defaults: dict[str, Any] = {}
        for bind, name in compiled.bind_names.items():
            if bind.expanding and not bind.required:
                # A list in `IN`: SQLAlchemy would write it out at each execution; here it is fixed.
                words = {f"{name}_{place}": word for place, word in enumerate(bind.value or ())}
                self.sql = self.sql.replace(f"__[POSTCOMPILE_{name}]", ", ".join(f":{word}" for word in words))
                self.defaults |= words
            elif not bind.required:
                self.defaults[name] = bind.value

    def run(self, conn: Connection, **values: Any) -> sqlite3.Cursor:
        return raw(conn).execute(self.sql, {**self.defaults, **values})

    def many(self, conn: Connection, rows: Iterable[Mapping[str, Any]]) -> sqlite3.Cursor:
        if not self.defaults:
            return raw(conn).executemany(self.sql, rows)
        return raw(conn).executemany(self.sql, [{**self.defaults, **row} for row in rows])

    def one(self, conn: Connection, **values: Any) -> Row | None:
        return cast("Row | None", self.run(conn, **values).fetchone())

    def all(self, conn: Connection, **values: Any) -> list[Row]:
        return self.run(conn, **values).fetchall()


class Rows:
    """A statement that writes many rows in one step of SQLite.

    `executemany` takes a step a row, and each lets go of the interpreter's lock and has to get it back from a busy
    reactor; here the lock is given up once for all of them. Raises what the driver raises; nothing is written then
    but by the steps before, so it belongs into a savepoint.
    """

    __slots__ = ("_texts",)

    def __init__(self, head: str, width: int, tail: str = "") -> None:
        row = f"({', '.join('?' * width)})"
        # Made once: the driver looks a statement up by its text, and these are long.
        self._texts = {size: head + ", ".join([row] * size) + tail for size in SIZES}

    @classmethod
    def insert(cls, table: Table, *columns: str, tail: str = "") -> Rows:
        """`INSERT` of rows with these columns in this order (default: all of the table)."""
        names = columns or tuple(column.name for column in table.columns)
        listed = ", ".join(quoted(name) for name in names)
        return cls(f"INSERT INTO {quoted(table.name)} ({listed}) VALUES ", len(names), tail)  # noqa: S608 (our names)

    @classmethod
    def update(cls, table: Table, columns: tuple[str, ...], change: str, where: str) -> Rows:
        """`UPDATE table SET change WHERE where`, both of which see the rows as a table `given` with these columns."""
        # Not as WITH: the driver counts the rows of a statement only when it begins with UPDATE.
        listed = ", ".join(f"column{place} AS {name}" for place, name in enumerate(columns, 1))
        head = f"UPDATE {quoted(table.name)} SET {change} FROM (SELECT {listed} FROM (VALUES "  # noqa: S608 (ours)
        return cls(head, len(columns), f")) AS given WHERE {where}")

    def run(self, conn: Connection, rows: Sequence[tuple[Any, ...]]) -> int:
        """How many rows were written."""
        driver = raw(conn)
        done = start = 0
        while start < len(rows):
            size = _at_once(len(rows) - start)
            values = tuple(chain.from_iterable(rows[start : start + size]))
            written: int = driver.execute(self._texts[size], values).rowcount
            done += written
            start += size
        return done


def _at_once(left: int) -> int:
    return next(size for size in SIZES if size <= left)


def pieces(items: Sequence[T], size: int = 500) -> Iterator[list[T]]:
    """The items in pieces that fit into one statement (SQLite takes 32,766 values), or into one short commit."""
    for start in range(0, len(items), size):
        yield list(items[start : start + size])


def quoted(name: str) -> str:
    """A name as SQLite wants it."""
    return _DIALECT.identifier_preparer.quote(name)


def raw(conn: Connection) -> sqlite3.Connection:
    """The driver's connection below SQLAlchemy's; rows come as `sqlite3.Row`."""
    try:
        return cast(sqlite3.Connection, conn._waybill_driver)  # type: ignore[attr-defined]
    except AttributeError:  # four properties deep, and asked for at each statement
        driver = conn._waybill_driver = conn.connection.driver_connection  # type: ignore[attr-defined]
        return cast(sqlite3.Connection, driver)
