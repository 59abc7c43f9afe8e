"""Appointments out of a CSV file: bytes in, rows and errors out. Nothing of a row's values is in an error.

The first line names the columns; commas, semicolons or tabs; UTF-8 or GB18030. A date may be written 2026-11-30,
2026/11/30, 20261130 or 30/11/2026.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection

from engine.message import Refused
from records import appointments, names

REFUSED = "WB-8703"  # a file of appointments that cannot be read, or rows of it that are wrong

COLUMNS = ("id", "number", "name", "department", "day", "time", "reason", "paper", "state")
NEEDED = ("id", "number", "day")
LARGEST = 8 << 20
MOST = 20_000
SHOWN = 10
"""Errors that are named; more are counted."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the file and what it says; `state` is `planned` or `cancelled`."""

    line: int
    fields: dict[str, str] = field(repr=False)


def read(data: bytes, columns: Mapping[str, str] | None = None) -> list[Entry]:
    """All lines with something in them. columns: what the file calls a field, where it is not our word."""
    if len(data) > LARGEST:
        raise Refused(REFUSED, "the file of appointments is larger than 8 MiB")
    text = _decoded(data)
    head = text.split("\n", 1)[0]
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count))
    try:
        places = _places(next(lines, []), columns or {})
        return list(_entries(lines, places))
    except csv.Error:
        raise Refused(REFUSED, f"line {lines.line_num} of the file of appointments is no CSV") from None


def _decoded(data: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Refused(REFUSED, "the file of appointments is neither UTF-8 nor GB18030")


def _places(head: list[str], columns: Mapping[str, str]) -> dict[str, int]:
    """Where each field is."""
    called = {names.fold(word).strip(): place for place, word in enumerate(head)}
    wanted = {name: names.fold(columns.get(name, name)).strip() for name in COLUMNS}
    places = {name: called[word] for name, word in wanted.items() if word in called}
    missing = [name for name in NEEDED if name not in places]
    if missing:
        raise Refused(REFUSED, f"the first line of the file names no column for {', '.join(missing)}")
    return places


def _entries(lines: Iterator[list[str]], places: Mapping[str, int]) -> Iterator[Entry]:
    for number, line in enumerate(lines, 2):
        if number > MOST + 1:
            raise Refused(REFUSED, f"the file has more than {MOST} appointments")
        if any(cell.strip() for cell in line):
            found = {name: line[place].strip() for name, place in places.items() if place < len(line)}
            yield Entry(number, _normal(found))


def _normal(fields: dict[str, str]) -> dict[str, str]:
    (day, *_), state = names.dates(fields.get("day", "")) or [""], fields.get("state", "").lower()
    if len(day) == 8:
        fields["day"] = f"{day[:4]}-{day[4:6]}-{day[6:]}"
    fields["state"] = state or "planned"
    return fields


def complaint(errors: list[tuple[int, str]], count: int) -> str:
    """One line: which rows were not taken, and why."""
    named = "; ".join(f"line {line}: {reason}" for line, reason in errors[:SHOWN])
    more = f"; and {len(errors) - SHOWN} more" if len(errors) > SHOWN else ""
    return f"{len(errors)} of {count} appointments were not taken, all others were: {named}{more}"


def put(conn: Connection, entry: Entry, at: int) -> None:
    """Write one line; `Refused` with why not."""
    if entry.fields["state"] == "cancelled":
        appointments.cancel(conn, entry.fields.get("id", ""), at)
    elif entry.fields["state"] == "planned":
        appointments.put(conn, entry.fields, at)
    else:
        raise Refused(REFUSED, "the state is neither planned nor cancelled")
