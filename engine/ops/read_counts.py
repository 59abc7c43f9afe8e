"""Counts for the dashboard and the metrics: what is unfinished, by route and step."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from engine.ops.read import IS_UNFINISHED
from engine.store.schema import run


@dataclass(frozen=True, slots=True)
class Pile:
    """The unfinished runs of one route in one state at one step; `oldest` is the earliest `since`."""

    route: str
    state: str
    step: str
    count: int
    oldest: int


def piles(conn: Connection) -> list[Pile]:
    """All unfinished runs, counted. What is finished is counted by the engine as it ends, not by a scan."""
    columns = (run.c.route, run.c.state, run.c.step)
    query = select(*columns, func.count(), func.min(run.c.since)).where(IS_UNFINISHED).group_by(*columns)
    return [Pile(route, state, step or "", count, oldest) for route, state, step, count, oldest in conn.execute(query)]


def by_state(found: list[Pile]) -> dict[str, int]:
    """The piles added up by state."""
    total: dict[str, int] = {}
    for pile in found:
        total[pile.state] = total.get(pile.state, 0) + pile.count
    return total
