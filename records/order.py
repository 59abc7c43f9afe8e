"""The order of a batch's pages: moved, two passes of a scanner laid into each other, and where the next ones go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, String, func, select, type_coerce, update

from engine.message import Refused
from engine.store.schema_records import page
from records.desk import CANNOT, SHEETS, Desk, Plan
from records.states import PageState

MARK = "insert"
"""Among a page's flags: what is scanned next goes before it."""
NARROW = 1e-6
"""Between two positions: no more pages fit there before all are numbered anew."""
ROOM = 1024.0


def move(desk: Desk) -> Plan:
    """The chosen pages, in the order in which they were chosen, before another page, or at the end.

    A page that lands in or behind another draft joins it; one that stays beside its own stays in it.
    """
    moved = {row.id for row in desk.chosen}
    others = [row for row in desk.all if row.id not in moved]
    place = _place_of(others, desk.wish.before)
    low, high = others[place - 1] if place else None, others[place] if place < len(others) else None
    positions = between(_at(low), _at(high), len(moved))
    order = [*others[:place], *desk.chosen, *others[place:]]
    if [row.id for row in order] == [row.id for row in desk.all]:  # they lie there: nothing that undo would undo
        positions = [float(row.position) for row in desk.chosen]
    if positions is None:
        changes: dict[int, dict[str, Any]] = {row.id: {"position": float(n)} for n, row in enumerate(order, 1)}
    else:
        changes = {row.id: {"position": at} for row, at in zip(desk.chosen, positions, strict=True)}
    for row in desk.chosen:
        changes[row.id]["draft"] = _draft_at(row, low, high)
    return Plan(changes)


def interleave(desk: Desk) -> Plan:
    """Two passes, fronts and then the backs from the last to the first, become sheets: front, back, front, back.

    Each back goes into its front's draft, and is its front's patient's unless a person said whose it is. `Refused`
    when the passes are not of the same length: a sheet stuck to another, and two patients would be mixed.
    """
    if desk.wish.pages:
        rows = sorted(desk.chosen, key=lambda row: (row.position, row.id))
    else:
        rows = [row for row in desk.all if row.state != PageState.REPLACED]
    half = len(rows) // 2
    if not rows or len(rows) % 2:
        raise Refused(CANNOT, f"the two passes do not agree: {len(rows)} pages are no whole number of sheets")
    if any(row.filed for row in rows):
        raise Refused(CANNOT, "a page is in a filed document; edit that")
    fronts, backs = rows[:half], rows[: half - 1 : -1]
    changes: dict[int, dict[str, Any]] = {}
    positions = iter(_apart(row.position for row in rows))
    for front, back in zip(fronts, backs, strict=True):
        changes[front.id] = {"position": next(positions)}
        changes[back.id] = {"position": next(positions), "draft": front.draft, **_owner(front, back)}
    return Plan(changes)


def insert(desk: Desk) -> Plan:
    """What is scanned next goes before a page; without one, at the end again."""
    marked = [row for row in desk.all if MARK in row.flags]
    changes = {row.id: {"flags": [flag for flag in row.flags if flag != MARK]} for row in marked}
    if desk.wish.before is not None:
        row = desk.one(desk.wish.before)
        changes[row.id] = {"flags": [*(flag for flag in row.flags if flag != MARK), MARK]}
    return Plan(dict(changes))


def next_positions(conn: Connection, batch_id: int, count: int) -> list[float]:
    """Where so many pages go that are scanned now: before the page that is marked, else at the end."""
    mine = page.c.batch == batch_id
    marked = mine & type_coerce(page.c.flags, String).like(f'%"{MARK}"%')
    high = conn.execute(select(func.min(page.c.position)).where(marked)).scalar_one()
    before = mine if high is None else mine & (page.c.position < high)
    low = conn.execute(select(func.max(page.c.position)).where(before)).scalar_one()
    found = between(low, high, count)
    if found is None:
        # Others are moved on, in the same order.
        conn.execute(update(page).where(mine, page.c.position >= high).values(position=page.c.position + ROOM))
        found = between(low, high + ROOM, count)
    assert found is not None
    return found


def between(low: float | None, high: float | None, count: int) -> list[float] | None:
    """Positions for so many pages; None when there is no room. Whole steps as long as they fit."""
    if low is None:
        low = 0.0 if high is None else high - count - 1
    if high is None:
        high = low + count + 1
    step = min(1.0, (high - low) / (count + 1))
    return [low + step * n for n in range(1, count + 1)] if step > NARROW else None


def _at(row: Row[Any] | None) -> float | None:
    return None if row is None else float(row.position)


def _place_of(rows: Sequence[Row[Any]], before: str | None) -> int:
    if before is None:
        return len(rows)
    found = next((place for place, row in enumerate(rows) if row.public_id == before), None)
    if found is None:
        raise Refused(CANNOT, "the page before which they go is not there, or is one of them")
    return found


def _draft_at(row: Row[Any], low: Row[Any] | None, high: Row[Any] | None) -> int | None:
    """The draft of a page that lies between these two now. A sheet that we printed begins or is none."""
    if row.state in SHEETS:
        return None
    near = [one.draft for one in (low, high) if one is not None and one.draft is not None and not one.filed]
    if low is not None and low.state in SHEETS:
        near.reverse()
    own: int | None = row.draft
    if own in near or not near:
        return own if own in near else None
    return int(near[0])


def _owner(front: Row[Any], back: Row[Any]) -> dict[str, Any]:
    if back.assigned_how not in ("", "label"):
        return {}
    return {name: front._mapping[name] for name in ("patient", "assigned_by", "assigned_at", "assigned_how")}


def _apart(positions: Any) -> list[float]:
    """The same places, each once."""
    found: list[float] = []
    for position in positions:
        found.append(position if not found or position > found[-1] else found[-1] + NARROW * 10)
    return found
