"""What an edit of a batch's pages works on: who wishes what, the pages that were chosen, and all others when needed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from engine.message import Refused
from engine.store.schema_records import draft, page
from engine.store.sql import pieces
from records.states import PageState

CANNOT = "WB-8107"  # an edit that cannot be made of these pages: they are not of the batch, filed, or do not fit

SHEETS = (PageState.HEADER, PageState.SEPARATOR, PageState.LABEL)
"""Sheets that we printed: pages of no document."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One edit as a person asks for it; pages by their public ids, in the order in which they were chosen."""

    act: str
    pages: Sequence[str] = ()
    by: int = 90
    box: Sequence[float] | None = None
    angle: float | None = None
    level: int = 0
    before: str | None = None
    reason: str = ""
    page: str | None = None
    on: bool = True


@dataclass(frozen=True, slots=True)
class Plan:
    """What an edit writes: columns by page, and drafts that it made."""

    pages: dict[int, dict[str, Any]]
    added: list[int] = field(default_factory=list)


class Desk:
    """Pages are rows of `page` with `filed`: whether they are in a filed document."""

    def __init__(self, conn: Connection, batch: int, wish: Wish, by: int, at: int) -> None:
        self.conn = conn
        self.batch = batch
        self.wish = wish
        self.by = by
        self.at = at

    @cached_property
    def chosen(self) -> list[Row[Any]]:
        """In the order in which they were chosen, each once, none of them filed; at least one."""
        found = self._named(self.wish.pages)
        if not found:
            raise Refused(CANNOT, "no page is chosen")
        return found

    @cached_property
    def all(self) -> list[Row[Any]]:
        """Every page of the batch, in its order."""
        return list(self.conn.execute(_query(self.batch).order_by(page.c.position, page.c.id)))

    @property
    def first(self) -> Row[Any]:
        return self.chosen[0]

    def one(self, public_id: str | None) -> Row[Any]:
        """A page that the wish names beside the chosen ones."""
        return self._named([public_id or ""])[0]

    def _named(self, public_ids: Collection[str]) -> list[Row[Any]]:
        known: dict[str, Row[Any]] = {}
        wanted = list(dict.fromkeys(public_ids))
        for some in pieces(wanted):
            rows = self.conn.execute(_query(self.batch).where(page.c.public_id.in_(some)))
            known |= {row.public_id: row for row in rows}
        if len(known) < len(wanted):
            raise Refused(CANNOT, "a page is not of this batch")
        if any(row.filed for row in known.values()):
            raise Refused(CANNOT, "a page is in a filed document; edit that")
        return [known[name] for name in wanted]


def _query(batch: int) -> Select[Any]:
    filed = (draft.c.state == "filed").label("filed")
    return select(page, filed).outerjoin(draft, draft.c.id == page.c.draft).where(page.c.batch == batch)
