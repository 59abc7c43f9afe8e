"""Documents in the order of their day, read from the index of days, a few months at a time.

Filters are the database's own work and cannot be stopped, so a stretch is short at first; where documents are few it
grows. A document that has no date has the day on which it was filed. Those of one day are in the order in which they
were filed.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection

from engine.store.schema import DOCUMENT_DAY
from engine.store.sql import raw

QUICK, SLOW = 0.004, 0.02
"""Seconds: after a quick stretch the next one is much longer, after a slow one not."""
LATEST = 9999 * 12
AFTER_ALL = "~"
"""Behind every day that begins with the same words."""

DAY = re.sub(r"\b(date|created_at)\b", r"d.\1", DOCUMENT_DAY)
"""The day of a document `d`, as the index has it."""
COLUMNS = f"d.id, d.public_id, d.patient, d.kind, d.title, {DAY}, d.department, d.pages"
_FROM = "FROM document d INDEXED BY document_day WHERE"
_IN = f"{DAY} >= :low AND {DAY} < :high"
_ORDER = f"ORDER BY {DAY} {{way}}, d.id {{way}}"
STRETCH = f"SELECT {COLUMNS} {_FROM} {_IN} AND {{tie}} AND {{where}} {_ORDER}"
EDGE = f"SELECT d.id {_FROM} {_IN} AND {{tie}} {_ORDER} LIMIT 1"
END = f"SELECT {DAY} {_FROM} 1 {_ORDER} LIMIT 1"
OWN = f"SELECT {COLUMNS} FROM document d WHERE {{tie}} AND {{where}} {_ORDER}"  # noqa: S608
DAY_OF = f"SELECT {DAY} FROM document d WHERE d.id = ?"  # noqa: S608
ONE = f"SELECT {COLUMNS} FROM document d WHERE d.id = ?"  # noqa: S608
OF_PAGES = f"""SELECT DISTINCT {DAY}, d.id FROM json_each(:pages) p CROSS JOIN document_page dp ON dp.page = p.value
CROSS JOIN document d ON d.id = dp.document AND d.version = dp.version WHERE {{tie}} AND {{where}}
{_ORDER}"""  # noqa: S608


class ByDay:
    """Documents that fit `where` (of a document `d`, with `values`), behind the document `after`.

    newest: the latest day first. since, until: days, both included; they are not in `where`.
    """

    def __init__(
        self,
        conn: Connection,
        where: str,
        values: Mapping[str, Any],
        *,
        newest: bool,
        after: int | None,
        since: str = "",
        until: str = "",
    ) -> None:
        self.conn, self.where, self.newest = conn, where, newest
        self.values = dict(values)
        self.since, self.until = since, until
        self.way = "DESC" if newest else "ASC"
        self.day = ""
        self._range = ("", "")
        if after is not None:
            row = raw(conn).execute(DAY_OF, (after,)).fetchone()
            self.day = row[0] if row else ""
            self.values |= {"at_day": self.day, "at": after}

    @property
    def _tie(self) -> str:
        """Behind the document that was the last, among those of any day."""
        if not self.day:
            return "1"
        sign = "<" if self.newest else ">"
        return f"({DAY} {sign} :at_day OR ({DAY} = :at_day AND d.id {sign} :at))"

    def _limits(self) -> str:
        found = [self._tie]
        if self.since:
            found.append(f"{DAY} >= :since")
        if self.until:
            found.append(f"{DAY} <= :until")
        self.values |= {"since": self.since, "until": self.until}
        return " AND ".join(found)

    def own(self) -> Iterator[Any]:
        """All at once: for the documents of one patient."""
        sql = OWN.format(tie=self._limits(), where=self.where, way=self.way)
        return iter(raw(self.conn).execute(sql, self.values))

    def of_pages(self, pages: str) -> Iterator[Any]:
        """Those that have any of these pages (JSON) in their current version."""
        sql = OF_PAGES.format(tie=self._limits(), where=self.where, way=self.way)
        for row in raw(self.conn).execute(sql, {**self.values, "pages": pages}).fetchall():
            yield raw(self.conn).execute(ONE, (row[1],)).fetchone()

    def walk(self) -> Iterator[Any]:
        """All of them, stretch by stretch; None at the end of each stretch."""
        low, high = self._ends()
        first, last = _month(low, 0), _month(high, LATEST)
        at, months = last if self.newest else first, 1
        while low < high and first <= at <= last:
            began = time.monotonic()
            begin = at - months + 1 if self.newest else at
            self._range = (
                low if begin <= first else _text(begin),
                high if begin + months > last else _text(begin + months),
            )
            sql = STRETCH.format(tie=self._tie, where=self.where, way=self.way)
            given = {**self.values, "low": self._range[0], "high": self._range[1]}
            yield from raw(self.conn).execute(sql, given)
            yield None
            at += -months if self.newest else months
            took = time.monotonic() - began
            months *= 8 if took < QUICK else 2 if took < SLOW else 1

    def reached(self) -> int | None:
        """The last document of the stretch that ended, whether it fits or not; None: there is none behind `after`."""
        way = "ASC" if self.newest else "DESC"
        low, high = self._range
        sql = EDGE.format(tie=self._tie, way=way)
        row = raw(self.conn).execute(sql, {**self.values, "low": low, "high": high}).fetchone()
        return int(row[0]) if row else None

    def _ends(self) -> tuple[str, str]:
        """From the first day to behind the last."""
        ends = [raw(self.conn).execute(END.format(way=way)).fetchone() for way in ("ASC", "DESC")]
        if ends[0] is None:
            return "", ""
        low, high = max(ends[0][0], self.since), min(ends[1][0], self.until or ends[1][0])
        if self.day:
            low, high = (low, min(high, self.day)) if self.newest else (max(low, self.day), high)
        return low, high + AFTER_ALL


def _month(day: str, otherwise: int) -> int:
    """Months since the year 0; of what is no day, the other."""
    try:
        return int(day[:4]) * 12 + int(day[5:7]) - 1
    except ValueError:
        return otherwise


def _text(month: int) -> str:
    """Where a month begins, before all its days."""
    return f"{month // 12:04}-{month % 12 + 1:02}"
