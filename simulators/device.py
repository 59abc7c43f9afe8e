"""A stand-in for the test device: it reads patients from its database over ODBC and writes PDF reports, slowly.

python -m simulators.device --database FILE --folders DIR --log FILE [--create] [--delay S] [--pieces N]

A row of `Clients` is tested when a folder of the same name stands below DIR with an `order.txt`, as the staff would
choose it; the report grows there piece by piece. Each row seen and each report finished is one fsynced line of the log.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyodbc

from simulators.report import report_bytes

COLUMNS = (
    "ClientID VARCHAR(50)",
    "ClientFirstName VARCHAR(100)",
    "ClientLastName VARCHAR(100)",
    "Sex VARCHAR(10)",
    "BirthDate DATETIME",
    "Note TEXT",
)
"""Of the device's own file; like there, nothing but the one who writes keeps ClientID unique."""
SEX = {"1": "男", "2": "女"}
ORDER = "order.txt"


@dataclass(slots=True)
class Report:
    """A report that is being written. left: the bytes still to come, in pieces."""

    client: str
    folder: Path
    file: Path
    data: bytes
    left: list[bytes]
    due: float


class Log:
    """One JSON line per act, durable before anything else happens; `kill_after` ends us at that report, unlogged."""

    def __init__(self, path: Path, kill_after: int) -> None:
        self._path = path
        self._left = kill_after

    def lines(self) -> Iterator[dict[str, Any]]:
        """What an earlier life of this device logged."""
        if self._path.exists():
            for line in self._path.read_text("utf-8").splitlines():
                if line.endswith("}"):
                    yield json.loads(line)

    def add(self, act: str, **values: Any) -> None:
        if act == "report":
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as log:
            log.write(
                json.dumps({"at": datetime.now(UTC).isoformat(), "act": act, **values}, ensure_ascii=False) + "\n"
            )
            log.flush()
            os.fsync(log.fileno())


class Device:
    """`step` does what is due; nothing in it waits."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._log = Log(options.log, options.kill_after_effect)
        self._rows: Counter[str] = Counter()
        self._done: set[str] = set()
        self._late: list[Report] = []
        self._writing: dict[str, Report] = {}
        self._waiting: dict[str, float] = {}
        for line in self._log.lines():
            if line["act"] == "row":
                self._rows[line["client"]] += 1
            elif line["act"] == "report":
                self._done.add(line["client"])

    def create(self) -> None:
        """The database file with its empty table, and the folder of reports."""
        self._options.folders.mkdir(parents=True, exist_ok=True)
        self._options.database.parent.mkdir(parents=True, exist_ok=True)
        with self._connect() as connection:
            # A reader does not hold up the one who writes: as in Access.
            connection.execute("PRAGMA journal_mode = WAL").fetchall()
            connection.execute(f"CREATE TABLE IF NOT EXISTS [Clients] ({', '.join(COLUMNS)})")
        connection.close()

    def step(self, now: float) -> None:
        """Look at the rows, begin what has its folder, write the pieces that are due."""
        for client in self._new_rows():
            self._log.add("row", client=client, count=self._rows[client])
        folders = self._order_folders() if self._waiting else {}
        for client in list(self._waiting):
            if client in folders:
                self._begin(client, folders[client], now)
        for report in list(self._writing.values()):
            self._write(report, now)
        for report in list(self._late):
            self._write_late(report)

    def _connect(self) -> pyodbc.Connection:
        options = self._options
        key = "Database" if "sqlite" in options.driver.lower() else "DBQ"
        # Spaces need no braces, and some drivers would take them for a part of the path.
        return pyodbc.connect(f"DRIVER={{{options.driver}}};{key}={options.database};Timeout=2000", autocommit=True)

    def _new_rows(self) -> list[str]:
        """Rows that came since the last look, one entry each; none while the file is away or locked."""
        if not self._options.database.is_file():
            return []
        rows = Counter(str(row[0]) for row in self._select("SELECT [ClientID] FROM [Clients]"))
        new = list((rows - self._rows).elements())
        self._rows |= rows
        known = self._done | self._writing.keys() | self._waiting.keys()
        self._waiting |= {client: 0.0 for client in rows if client not in known}
        return new

    def _select(self, sql: str, *values: str) -> list[Any]:
        try:
            connection = self._connect()
        except pyodbc.Error:
            return []
        try:
            return list(connection.execute(sql, *values).fetchall())
        except pyodbc.Error:
            return []
        finally:
            connection.close()

    def _order_folders(self) -> dict[str, Path]:
        """The folders below the patients' folders, by their names."""
        return {order.parent.name: order.parent for order in self._options.folders.glob(f"*/*/{ORDER}")}

    def _begin(self, client: str, folder: Path, now: float) -> None:
        """Start the report when the patient has sat long enough before the device."""
        due = self._waiting[client] = self._waiting[client] or now + self._options.delay
        if now < due:
            return
        rows = self._select(
            "SELECT [ClientFirstName], [ClientLastName], [Sex], [BirthDate], [Note]"
            " FROM [Clients] WHERE [ClientID] = ?",
            client,
        )
        if rows:
            del self._waiting[client]
            report = self._writing[client] = self._prepare(client, folder, rows[0], now)
            if self._options.foreign:
                self._stray(report)

    def _prepare(self, client: str, folder: Path, row: Any, now: float) -> Report:
        first, last, sex, born, note = row
        line = f"姓名: {last or ''}{first or ''}  性别: {SEX.get(str(sex), '')}  出生日期: {str(born or '')[:10]}"
        lines = dict(part.partition(": ")[::2] for part in (folder / ORDER).read_text("utf-8-sig").splitlines())
        order, exam = lines.get("order", client), str(note or lines.get("note", ""))
        data = report_bytes(order, line, exam)
        size = -(-len(data) // self._options.pieces)
        pieces = [data[at : at + size] for at in range(0, len(data), size)]
        file = folder / f"ANS {client}.pdf"
        if (folder / ".done" / file.name).exists() or (file.exists() and file.read_bytes() == data):
            pieces = []  # written to its end before we were killed
        else:
            file.write_bytes(b"")
        return Report(client, folder, file, data, pieces, now)

    def _write(self, report: Report, now: float) -> None:
        if report.left and now >= report.due:
            with report.file.open("ab") as out:
                out.write(report.left.pop(0))
            report.due = now + self._options.piece_delay
        if not report.left:
            digest = hashlib.sha256(report.data).hexdigest()
            self._log.add("report", client=report.client, file=self._relative(report.file), sha256=digest)
            del self._writing[report.client]
            self._done.add(report.client)
            if self._options.late:
                self._late.append(report)

    def _stray(self, report: Report) -> None:
        """A report that belongs to nobody here, in the patient's folder."""
        stray = report.folder.parent / f"scan of {report.client}.pdf"
        stray.write_bytes(report_bytes("unknown", "姓名: 无名氏", "ANS"))
        self._log.add("foreign", client=report.client, file=self._relative(stray))

    def _write_late(self, report: Report) -> None:
        """Once more, after the first one was taken."""
        if report.file.exists():
            return
        self._late.remove(report)
        second = report.folder / f"ANS {report.client} 2.pdf"
        second.write_bytes(report_bytes(report.client, "second measurement", "ANS"))
        self._log.add("late", client=report.client, file=self._relative(second))

    def _relative(self, file: Path) -> str:
        return file.relative_to(self._options.folders).as_posix()


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="simulators.device", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    made.add_argument("--database", type=Path, required=True, help="the device's database file")
    made.add_argument("--driver", default="SQLite3", help="its ODBC driver (default SQLite3)")
    made.add_argument("--folders", type=Path, required=True, help="where the folders of orders are made")
    made.add_argument("--log", type=Path, required=True, help="a JSON line per row and report")
    made.add_argument("--create", action="store_true", help="make the database and the folder when they are missing")
    made.add_argument("--delay", type=float, default=1.0, metavar="S", help="from the folder to the first piece")
    made.add_argument("--pieces", type=int, default=4, metavar="N", help="pieces of a report")
    made.add_argument("--piece-delay", type=float, default=0.3, metavar="S", help="between two pieces")
    made.add_argument("--poll", type=float, default=0.2, metavar="S", help="between two looks at the rows")
    made.add_argument("--foreign", action="store_true", help="also leave a report of somebody else")
    made.add_argument("--late", action="store_true", help="write a second report after the first was taken")
    made.add_argument("--kill-after-effect", type=int, default=0, metavar="N", help="SIGKILL at the Nth report")
    return made


def main(arguments: list[str] | None = None) -> int:
    """Run until killed; prints `ready`."""
    options = parser().parse_args(arguments)
    options.database, options.folders = options.database.absolute(), options.folders.absolute()
    options.pieces = max(1, options.pieces)
    device = Device(options)
    if options.create:
        device.create()
    print("ready", flush=True)
    try:
        while True:
            device.step(time.monotonic())
            time.sleep(options.poll)
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
