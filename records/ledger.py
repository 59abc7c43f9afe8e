"""The page ledger: what was fed is what came, and what came is accounted for. A batch closes only when it balances."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, func, select, text

from engine.store.schema_records import batch, page, scan_file
from records.states import BatchState, FileState, PageState

WHY = ("unknown", "count", "documents", "rescan", "pending", "failed", "stopped")
"""Why it does not balance: nobody said how many sheets were fed; other images came than that; other documents than the
header sheet or a person said; a page waits for its better copy; files are not taken in yet; files could not be read;
the batch is stopped."""
RECORD = (PageState.KEPT, PageState.RESCAN)


@dataclass(frozen=True, slots=True)
class Ledger:
    """`images` is the sum of the states; `expected` is None while nobody said how many sheets were fed.

    documents: that were said, None: nobody did; `groups`: of pages, as they are now; before there are any, separators.
    """

    sheets: int | None
    sides: str
    expected: int | None
    kept: int = 0
    rescan: int = 0
    label: int = 0
    separator: int = 0
    header: int = 0
    blank: int = 0
    dropped: int = 0
    replaced: int = 0
    pending_files: int = 0
    failed_files: int = 0
    stopped: bool = False
    documents: int | None = None
    drafts: int = 0
    images: int = field(init=False)
    why: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "images", sum(getattr(self, state) for state in PageState))
        object.__setattr__(self, "why", tuple(word for word in WHY if self._is(word)))

    @property
    def balances(self) -> bool:
        return not self.why

    @property
    def groups(self) -> int:
        return self.drafts or self.separator

    def _is(self, word: str) -> bool:
        return bool(
            {
                "unknown": self.expected is None,
                "count": self.expected is not None and self.expected != self.images - self.replaced,
                "documents": self.documents is not None and self.documents != self.groups,
                "rescan": self.rescan,
                "pending": self.pending_files,
                "failed": self.failed_files,
                "stopped": self.stopped,
            }[word]
        )


def of(conn: Connection, batch_id: int) -> Ledger:
    """The ledger of one batch."""
    row = conn.execute(select(batch).where(batch.c.id == batch_id))
    return of_many(conn, [row.one()])[batch_id]


def of_many(conn: Connection, rows: Sequence[Row[Any]]) -> dict[int, Ledger]:
    """The ledgers of these rows of `batch` (with id, sheets, sides, documents, state), in a few questions."""
    ids = [row.id for row in rows]
    counts: dict[int, dict[str, int]] = {key: {} for key in ids}
    for key, state, number in _pages(conn, ids):
        counts[key][state] = number
    for key, state, number in _files(conn, ids):
        counts[key][FILES[state]] = number
    for key, number in _coming(conn, ids):
        counts[key]["pending_files"] = counts[key].get("pending_files", 0) + number
    for key, number in _drafts(conn, ids):
        counts[key]["drafts"] = number
    return {
        row.id: Ledger(
            row.sheets, row.sides, expected(row.sheets, row.sides), stopped=row.state == BatchState.STOPPED,
            documents=row.documents, **counts[row.id],
        )
        for row in rows
    }  # fmt: skip


def expected(sheets: int | None, sides: str) -> int | None:
    """Images that so many sheets give."""
    return None if sheets is None else sheets * (1 if sides == "one" else 2)


FILES = {FileState.TAKEN: "pending_files", FileState.FAILED: "failed_files"}


def _pages(conn: Connection, ids: Collection[int]) -> list[tuple[int, str, int]]:
    query = (
        select(page.c.batch, page.c.state, func.count())
        .where(page.c.batch.in_(ids))
        .group_by(page.c.batch, page.c.state)
    )
    return [(row[0], row[1], row[2]) for row in conn.execute(query)]


def _files(conn: Connection, ids: Collection[int]) -> list[tuple[int, FileState, int]]:
    query = (
        select(scan_file.c.batch, scan_file.c.state, func.count())
        .where(scan_file.c.batch.in_(ids), scan_file.c.state.in_(list(FILES)))
        .group_by(scan_file.c.batch, scan_file.c.state)
    )
    return [(row[0], FileState(row[1]), row[2]) for row in conn.execute(query)]


def _coming(conn: Connection, ids: Collection[int]) -> list[tuple[int, int]]:
    """Files in no batch yet, by the batch that they will join unless they begin with another's header sheet."""
    mine = (batch.c.station == scan_file.c.station) & batch.c.state.in_((BatchState.OPEN, BatchState.STOPPED))
    newest = select(func.max(batch.c.id)).where(mine).correlate(scan_file).scalar_subquery()
    # The state as the index has it: files of years are not looked at.
    waiting = (scan_file.c.state == FileState.TAKEN) & text("state != 'joined'") & scan_file.c.batch.is_(None)
    found: dict[int, int] = {}
    for (key,) in conn.execute(select(newest).select_from(scan_file).where(waiting)):
        if key in ids:
            found[key] = found.get(key, 0) + 1
    return list(found.items())


def _drafts(conn: Connection, ids: Collection[int]) -> list[tuple[int, int]]:
    """Groups that hold a page of the record."""
    query = (
        select(page.c.batch, func.count(page.c.draft.distinct()))
        .where(page.c.batch.in_(ids), page.c.state.in_(RECORD))
        .group_by(page.c.batch)
    )
    return [(row[0], row[1]) for row in conn.execute(query)]
