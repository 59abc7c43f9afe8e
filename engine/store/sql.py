"""Hot statements: written once in SQLAlchemy Core, compiled once, executed on the raw driver.

SQLAlchemy's own execution costs 50 to 100 microseconds a statement; the raw driver 3 to 10.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any, cast

from sqlalchemy import Connection
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import ClauseElement

_DIALECT = sqlite.dialect(paramstyle="named")

Row = sqlite3.Row


class Statement:
    """A compiled statement with named parameters.

    order: their names in the order of the rows of `tuples`, which is faster than rows as maps.
    """

    __slots__ = ("defaults", "positional", "sql")

    def __init__(self, clause: ClauseElement, order: tuple[str, ...] = ()) -> None:
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

        self.positional = ""
        if order:
            places = {name: f"?{place}" for place, name in enumerate(order, 1)}
            self.positional = re.sub(r":(\w+)", lambda found: places[found[1]], self.sql)

    def run(self, conn: Connection, **values: Any) -> sqlite3.Cursor:
        return raw(conn).execute(self.sql, {**self.defaults, **values})

    def tuples(self, conn: Connection, rows: Iterable[tuple[Any, ...]]) -> sqlite3.Cursor:
        """As `many`, of rows in the order that the statement was made with."""
        assert self.positional
        return raw(conn).executemany(self.positional, rows)

    def many(self, conn: Connection, rows: Iterable[Mapping[str, Any]]) -> sqlite3.Cursor:
        if not self.defaults:
            return raw(conn).executemany(self.sql, rows)
        return raw(conn).executemany(self.sql, [{**self.defaults, **row} for row in rows])

    def one(self, conn: Connection, **values: Any) -> Row | None:
        return cast("Row | None", self.run(conn, **values).fetchone())

    def all(self, conn: Connection, **values: Any) -> list[Row]:
        return self.run(conn, **values).fetchall()


def raw(conn: Connection) -> sqlite3.Connection:
    """The driver's connection below SQLAlchemy's; rows come as `sqlite3.Row`."""
    try:
        return cast(sqlite3.Connection, conn._waybill_driver)  # type: ignore[attr-defined]
    except AttributeError:  # four properties deep, and asked for at each statement
        driver = conn._waybill_driver = conn.connection.driver_connection  # type: ignore[attr-defined]
        return cast(sqlite3.Connection, driver)
