"""The blocking half of `access`: one job with one file, in a thread, through ODBC."""

from __future__ import annotations

import contextlib
import os
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyodbc

from channels._access.table import DIFFERS, NO, Column, Table, json_value, same
from engine.message import Failure, InDoubt, Refused, Unavailable
from engine.points import point

AWAY = "WB-3001"  # the file, its driver or its share is not there
DOUBT = "WB-3002"  # the time was over while the transaction was being committed
LOCKED = "WB-3006"  # another program holds the file or the row

ROWS = 10_000
"""`find` through a driver without `?` reads at most this many rows."""

pyodbc.pooling = False  # a pooled connection would keep the device's file open between jobs


class Turn:
    """Who was first: the caller that gave up, or the thread that began to commit. A commit is never begun after."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._committing = False
        self._given_up = False

    def check(self) -> None:
        if self._given_up:
            raise Unavailable(AWAY, "the caller gave up")

    def commit(self) -> None:
        """The thread is about to commit; raises when the caller has gone."""
        with self._lock:
            self.check()
            self._committing = True

    def give_up(self) -> bool:
        """The caller leaves; true when nothing has been and nothing will be committed."""
        with self._lock:
            self._given_up = not self._committing
            return self._given_up


@dataclass(frozen=True, slots=True)
class Database:
    """One file. Raises the three failures, never a driver's text. timeout: seconds that the driver waits for a lock."""

    file: Path
    driver: str
    timeout: float = 5.0
    password: str = field(default="", repr=False)
    extra: str = field(default="", repr=False)

    @property
    def reads_only(self) -> bool:
        """MDBTools takes no INSERT; libmdb's own writes would damage indexes and report success."""
        return "mdbtools" in self.driver.lower() or "mdbodbc" in self.driver.lower()

    def probe(self) -> None:
        """Open and close the file."""
        with self._open():
            pass

    def insert(self, name: str, key: Sequence[str], row: Mapping[str, Any], turn: Turn, *, refuse: bool) -> str:
        """One row; `new`, or `same` when it was there with equal values."""
        with self._writing() as connection:
            table = _table(connection, name)
            values = table.fit(row)
            old = _one_row(connection, table, table.key(key, values))
            if old is not None and refuse:
                raise Refused(DIFFERS, f"a row with this {', '.join(key)} exists in {name}")
            if old is not None:
                table.must_equal(values, old)
                return "same"
            columns, marks = ", ".join(f"[{column}]" for column in values), ", ".join("?" * len(values))
            sql = f"INSERT INTO [{table.name}] ({columns}) VALUES ({marks})"  # noqa: S608 (names of the table itself)
            connection.execute(sql, *values.values())
            commit(connection, turn)
        return "new"

    def update(self, name: str, key: Sequence[str], row: Mapping[str, Any], turn: Turn) -> str:
        """The one row with this key; `changed`, or `same` when it had these values."""
        with self._writing() as connection:
            table = _table(connection, name)
            values = table.fit(row)
            where = table.key(key, values)
            old = _one_row(connection, table, where)
            if old is None:
                raise Refused(NO, f"no row has this {', '.join(key)} in {name}")
            new = {column: value for column, value in values.items() if not same(value, old[column])}
            if not new:
                return "same"
            sets, at = _list(new, ", "), _list(where, " AND ")
            sql = f"UPDATE [{table.name}] SET {sets} WHERE {at}"  # noqa: S608 (names of the table itself)
            connection.execute(sql, *new.values(), *where.values())
            commit(connection, turn)
        return "changed"

    def has(self, name: str, key: Sequence[str], row: Mapping[str, Any]) -> bool:
        """Whether the row is there with these values."""
        with self._open() as connection:
            table = _table(connection, name)
            values = table.fit(row)
            old = _one_row(connection, table, table.key(key, values))
            if old is not None:
                table.must_equal(values, old)
            return old is not None

    def find(self, name: str, key: Mapping[str, Any]) -> dict[str, Any] | None:
        """The one row with this key, as JSON: dates as ISO text, decimals as text, no bytes."""
        with self._open() as connection:
            table = _table(connection, name)
            where = table.key(list(key), table.fit(key))
            row = (_scan if self.reads_only else _one_row)(connection, table, where)
            return None if row is None else {column: json_value(value) for column, value in row.items()}

    @contextlib.contextmanager
    def _writing(self) -> Iterator[pyodbc.Connection]:
        if self.reads_only:
            reason = "the MDBTools driver only reads: nothing on Linux may write an Access file (run on its Windows PC)"
            raise Refused(NO, reason)
        with self._open() as connection:
            yield connection

    @contextlib.contextmanager
    def _open(self) -> Iterator[pyodbc.Connection]:
        self._must_be_there()
        try:
            connection = pyodbc.connect(self._string(), autocommit=False)
        except pyodbc.Error as error:
            raise explain(error) from None
        try:
            yield connection
        except pyodbc.Error as error:
            raise explain(error) from None
        finally:
            with contextlib.suppress(pyodbc.Error):
                connection.rollback()
            connection.close()

    def _must_be_there(self) -> None:
        if not self.file.is_file():
            raise Unavailable(AWAY, f"there is no file {self.file.name} in its folder, or the share is away")
        if os.name != "nt" and not str(self.file).isascii():
            # It would cut each character to one byte, and libsqliteodbc would make a new file of that name.
            raise Unavailable(AWAY, "unixODBC takes only ASCII letters in the path of the database file")
        known = pyodbc.drivers()
        if self.driver not in known and not re.search(r"[/\\]", self.driver):
            there = ", ".join(known) or "none"
            raise Unavailable(AWAY, f"the ODBC driver {self.driver} is not installed (there are: {there})")

    def _string(self) -> str:
        """The connection string."""
        if "sqlite" in self.driver.lower():
            parts = {"Database": str(self.file), "Timeout": str(int(self.timeout * 1000)), "NoCreat": "1"}
        else:
            parts = {"DBQ": _quoted(str(self.file))}
        if self.password:
            parts["PWD"] = _quoted(self.password)
        text = ";".join(f"{word}={value}" for word, value in ({"DRIVER": f"{{{self.driver}}}"} | parts).items())
        return f"{text};{self.extra}" if self.extra else text


def _quoted(value: str) -> str:
    """In braces only where it must be: libsqliteodbc and mdbtools take the braces for a part of the path."""
    return "{" + value.replace("}", "}}") + "}" if re.search("[;{}]", value) else value


_NATIVE = re.compile(r"\((-?\d+)\) \(SQL\w+\)")
_LOCK_WORDS = re.compile(
    "database is locked|database table is locked"  # SQLite
    # The Access driver: records, tables and the file held by another user; the text is that of Windows' language,
    # the numbers below are not.
    "|currently locked|could not lock|already in use|opened exclusively|being opened or locked|locked by",
    re.IGNORECASE,
)
_LOCK_NUMBERS = {-1102, -1032, -1024}
SQLITE_CONSTRAINT, SQLITE_ERROR, SQLITE_MISUSE = 19, 1, 20


def explain(error: pyodbc.Error) -> Failure:
    """A driver's error as one of ours, by SQLSTATE, native number and message; nothing of its text is kept.

    libsqliteodbc says HY000 for everything. What is unknown counts as not done: it is raised before COMMIT only.
    """
    state, text = str(error.args[0]), str(error.args[-1])
    match = _NATIVE.search(text)
    native = int(match[1]) if match else 0
    sqlite = "[SQLite]" in text
    shown = f"ODBC {state}, {native}"
    if native in _LOCK_NUMBERS or _LOCK_WORDS.search(text):
        return Unavailable(LOCKED, f"another program holds the database ({shown})")
    if "UNIQUE" in text or native == -1605:
        return Refused(DIFFERS, f"a unique rule of the table refuses the row ({shown})")
    if state.startswith(("22", "23", "42")) or (sqlite and native in (SQLITE_CONSTRAINT, SQLITE_ERROR, SQLITE_MISUSE)):
        return Refused(NO, f"the database refuses the row ({shown})")
    return Unavailable(AWAY, f"the database cannot be used ({shown})")


def commit(connection: pyodbc.Connection, turn: Turn) -> None:
    """COMMIT, unless the caller has gone. It failed for a lock: nothing was written; for anything else: in doubt."""
    turn.commit()
    point("access.before_commit")
    try:
        connection.commit()
    except pyodbc.Error as error:
        failure = explain(error)
        if isinstance(failure, Unavailable) and failure.code != LOCKED:
            raise InDoubt(DOUBT, f"COMMIT failed: {failure.reason}") from None
        raise failure from None
    point("access.after_commit")


def _table(connection: pyodbc.Connection, name: str) -> Table:
    # SQLColumns takes a pattern, so `_` in a name also finds other tables.
    rows = [row for row in _described(connection, name) if row.table_name.casefold() == name.casefold()]
    if not rows or "]" in name:
        raise Refused(NO, f"there is no table {name}")
    columns = {row.column_name: Column(row.column_name, row.data_type, row.column_size or 0) for row in rows}
    return Table(rows[0].table_name, columns)


def _described(connection: pyodbc.Connection, name: str) -> list[Any]:
    """The columns of the table; the Access driver fills remarks with bytes that are no UTF-16, read leniently here."""
    with connection.cursor() as cursor:
        try:
            return list(cursor.columns(table=name).fetchall())
        except UnicodeDecodeError:
            connection.add_output_converter(pyodbc.SQL_WVARCHAR, _lenient)
            try:
                return list(cursor.columns(table=name).fetchall())
            finally:
                connection.remove_output_converter(pyodbc.SQL_WVARCHAR)


def _lenient(raw: bytes | None) -> str | None:
    return None if raw is None else raw.decode("utf-16-le", "ignore").split("\0", 1)[0]


def _one_row(connection: pyodbc.Connection, table: Table, where: Mapping[str, Any]) -> dict[str, Any] | None:
    sql = f"SELECT * FROM [{table.name}] WHERE {_list(where, ' AND ')}"  # noqa: S608 (names of the table itself)
    with connection.cursor() as cursor:
        rows = _dicts(cursor.execute(sql, *where.values()), 2)
    return _only(rows, where)


def _scan(connection: pyodbc.Connection, table: Table, where: Mapping[str, Any]) -> dict[str, Any] | None:
    """As `_one_row`, for a driver that knows no `?`."""
    with connection.cursor() as cursor:
        rows = _dicts(cursor.execute(f"SELECT * FROM [{table.name}]"), ROWS)  # noqa: S608 (the table's own name)
    return _only([row for row in rows if all(same(value, row[column]) for column, value in where.items())], where)


def _dicts(cursor: pyodbc.Cursor, limit: int) -> list[dict[str, Any]]:
    names = [part[0] for part in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchmany(limit)]


def _only(rows: list[dict[str, Any]], where: Mapping[str, Any]) -> dict[str, Any] | None:
    if len(rows) > 1:
        raise Refused(DIFFERS, f"several rows have the same {', '.join(where)}")
    return rows[0] if rows else None


def _list(columns: Mapping[str, Any], between: str) -> str:
    return between.join(f"[{column}] = ?" for column in columns)
