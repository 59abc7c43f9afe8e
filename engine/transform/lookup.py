"""Look-up tables in CSV: one column is what is looked for, another what is found. Read with the table that names it.

UTF-8, the first line names the columns; separated by commas, semicolons or tabs, whichever the first line has most.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from engine.message import Refused
from engine.site.nodes import Map, Node, Text
from engine.site.settings import option
from engine.site.units import SitePath
from engine.transform.files import BAD_FILE

MOST_BYTES = 4 * 1024 * 1024
MOST_ROWS = 100_000
SEPARATORS = ",;\t"


@dataclass(frozen=True)
class LookUp:
    """A look-up table in a file, with two or more columns."""

    file: SitePath = option("the CSV file, from the site's folder: `transforms/lookups/sex.csv`")
    key: str = option("the column that is looked in (default: the first)", "")
    value: str = option("the column that is the result (default: the second)", "")
    else_: str | None = option("the result for what is not there (default: an error)", None, key="else")

    @classmethod
    def claims(cls, node: Node) -> bool:
        """Whether a `table` names a file, rather than holding the texts itself."""
        file = node.get("file") if isinstance(node, Map) else None
        return isinstance(file, Text) and file.endswith(".csv")


@dataclass(frozen=True)
class Columns:
    """A file in memory: each column's texts, all equally long."""

    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def read(path: Path) -> Columns:
    """A whole file. Raises `Refused` WB-2003 with file and line."""
    name = path.name
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise Refused(BAD_FILE, f"{name}: {error.strerror}") from None
    if len(data) > MOST_BYTES:
        raise Refused(BAD_FILE, f"{name}: larger than {MOST_BYTES} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Refused(BAD_FILE, f"{name}:{line}: not UTF-8; save it as `CSV UTF-8`") from None
    return _columns(name, text)


def _columns(name: str, text: str) -> Columns:
    head = text.partition("\n")[0]
    separator = max(SEPARATORS, key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows: list[tuple[str, ...]] = []
    names: tuple[str, ...] = ()
    try:
        names = tuple(cell.strip() for cell in next(reader, []))
        for cells in reader:
            row = tuple(cell.strip() for cell in cells)
            if any(row):
                rows.append(_row(name, reader.line_num, names, row))
            if len(rows) > MOST_ROWS:
                raise Refused(BAD_FILE, f"{name}: more than {MOST_ROWS} rows")
    except csv.Error:
        raise Refused(BAD_FILE, f"{name}:{reader.line_num}: a quotation mark is not closed or not doubled") from None
    if len(names) < 2 or len(set(names)) != len(names):
        raise Refused(BAD_FILE, f"{name}:1: the first line names two or more different columns")
    return Columns(names, tuple(rows))


def _row(name: str, line: int, names: tuple[str, ...], row: tuple[str, ...]) -> tuple[str, ...]:
    if len(row) != len(names):
        raise Refused(BAD_FILE, f"{name}:{line}: {len(row)} columns, the first line names {len(names)}")
    return row


def texts(lookup: LookUp, found: Columns) -> dict[str, str]:
    """Key to value, from what `read` found. Raises `Refused` WB-2003: no such column, a key twice."""
    name = lookup.file.name
    key, value = _column(name, found, lookup.key, 0), _column(name, found, lookup.value, 1)
    table: dict[str, str] = {}
    for row in found.rows:
        if table.setdefault(row[key], row[value]) != row[value]:
            raise Refused(BAD_FILE, f"{name}: `{row[key]}` stands in {found.names[key]} twice, with different results")
    return table


def _column(name: str, found: Columns, wanted: str, default: int) -> int:
    if not wanted:
        return default
    if wanted not in found.names:
        raise Refused(BAD_FILE, f"{name}: there is no column `{wanted}`; it has {', '.join(found.names)}")
    return found.names.index(wanted)
