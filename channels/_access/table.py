"""A table as the driver describes it, and what it takes to make a row fit it or to compare two rows."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

from engine.message import Refused

NO = "WB-3009"  # the table does not take this row
DIFFERS = "WB-3004"  # a row with this key exists with other values


@dataclass(frozen=True, slots=True)
class Column:
    """A column as the driver describes it. type: an ODBC SQL type number; size: characters of a text, 0 = unknown."""

    name: str
    type: int
    size: int


@dataclass(frozen=True, slots=True)
class Table:
    """The real table: what a row must fit."""

    name: str
    columns: dict[str, Column]

    def fit(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The row in the types of its columns, under their real names."""
        columns = [self._column(name) for name in row]
        return {column.name: fit(column, value) for column, value in zip(columns, row.values(), strict=True)}

    def key(self, names: Sequence[str], values: Mapping[str, Any]) -> dict[str, Any]:
        """The values of the key's columns, none of them empty."""
        columns = [self._column(name).name for name in names]
        empty = [column for column in columns if values.get(column) is None]
        if empty or not columns:
            raise Refused(NO, f"the key is not complete: {', '.join(empty) or 'no column'} has no value")
        return {column: values[column] for column in columns}

    def must_equal(self, values: Mapping[str, Any], old: Mapping[str, Any]) -> None:
        """Refuse a row that is there with other values, naming the columns only."""
        other = [column for column, value in values.items() if not same(value, old[column])]
        if other:
            raise Refused(DIFFERS, f"the row exists in {self.name} with other values of {', '.join(other)}")

    def _column(self, name: str) -> Column:
        for real, column in self.columns.items():
            if real.casefold() == name.casefold() and "]" not in real:
                return column
        near = difflib.get_close_matches(name, self.columns, 1, 0.6)
        advice = f"did you mean {near[0]}?" if near else f"it has {', '.join(self.columns)}"
        raise Refused(NO, f"the table {self.name} has no column {name} ({advice})")


TEXT = {1, 12, -1, -8, -9, -10}
WHOLE = {4, 5, -5, -6}
REAL = {6, 7, 8}
EXACT = {2, 3}
BIT, DAY, TIME, STAMP = {-7}, {9, 91}, {10, 92}, {11, 93}


def fit(column: Column, value: Any) -> Any:
    """A value in the type of its column; the empty text is no value, as Access sees it. Raises `Refused`."""
    if value is None or value == "":
        return None
    if column.type in TEXT:
        text = str(value)
        if 0 < column.size < len(text):
            raise Refused(NO, f"the text for {column.name} is too long ({len(text)}, the column takes {column.size})")
        return text
    try:
        return _typed(column.type, value)
    except (ValueError, InvalidOperation, OverflowError):
        raise Refused(NO, f"the value for {column.name} is not of the column's type") from None


def _typed(kind: int, value: Any) -> Any:
    text = str(value).strip()
    if kind in WHOLE:
        return int(text)
    if kind in REAL:
        return float(text)
    if kind in EXACT:
        return Decimal(text)
    if kind in BIT:
        return _bit(text.lower())
    if kind in DAY:
        return datetime.fromisoformat(text).date()
    if kind in TIME:
        return time.fromisoformat(text)
    # Jet keeps whole seconds in local time.
    return datetime.fromisoformat(text).replace(microsecond=0, tzinfo=None) if kind in STAMP else value


def _bit(text: str) -> bool:
    if text not in ("0", "1", "true", "false"):
        raise ValueError
    return text in ("1", "true")


def same(ours: Any, theirs: Any) -> bool:
    """Whether a fitted value and what the database holds mean the same."""
    if ours is None or theirs is None or theirs == "":
        return ours is None and theirs in (None, "")
    if isinstance(ours, float) and isinstance(theirs, float | int | Decimal):
        return math.isclose(ours, float(theirs), rel_tol=1e-6)  # a REAL column keeps seven digits
    if isinstance(theirs, datetime):
        theirs = theirs.replace(microsecond=0)
    return bool(ours == theirs)


def json_value(value: Any) -> Any:
    """A value of a row as JSON: dates as ISO text, decimals as text, no bytes."""
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    return None if isinstance(value, bytes | bytearray) else value
