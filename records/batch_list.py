"""Batches as the list shows them: found by state, station, person and box, newest first, each with its counts.

Those that hold paper of somebody who comes soon and is to be scanned first are the first ones of each page of the list.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, String, case, func, or_, select, type_coerce

from engine.store.schema import users
from engine.store.schema_records import act, batch, box, draft, page
from records import appointments, ledger, locks
from records.assign import PROPOSED
from records.batches import EDITED, RECORD
from records.order import MARK
from records.states import BatchState

FLAGGED = type_coerce(page.c.flags, String).not_in(["[]", f'["{MARK}"]'])
"""Of a page; the mark of where the next go says nothing about it."""
WAITING = (*EDITED, BatchState.CLOSED)
"""States of batches in which something is left to do."""


def search(
    conn: Connection,
    *,
    me: int,
    at: int,
    states: Collection[str] | None = None,
    station: str | None = None,
    mine: bool = False,
    box_code: str | None = None,
    first: bool = False,
    after: int | None = None,
    limit: int = 50,
) -> tuple[list[dict[str, Any]], int | None, dict[str, int]]:
    """The rows, the key to go on from, and how many there are in each state. mine: `me` is operator or works on it.
    first: only those to be scanned first."""
    wanted = _wanted(me, station, mine, box_code)
    if first:
        soon = appointments.first_patients(conn, _today(at))
        theirs = batch.c.id.in_(select(page.c.batch).where(page.c.patient.in_(soon)))
        wanted += [batch.c.state.in_(WAITING), theirs]
    shown = [*wanted, *([batch.c.state.in_(states)] if states else []), *([batch.c.id < after] if after else [])]
    found = conn.execute(select(batch).where(*shown).order_by(batch.c.id.desc()).limit(limit + 1)).all()
    counts = conn.execute(select(batch.c.state, func.count()).where(*wanted).group_by(batch.c.state))
    following = found[limit - 1].id if len(found) > limit else None
    shown_rows = sorted(rows(conn, found[:limit], me=me, at=at), key=lambda row: not row["first"])
    return shown_rows, following, {row[0]: row[1] for row in counts}


def rows(
    conn: Connection,
    found: Sequence[Row[Any]],
    *,
    me: int,
    at: int,
    ledgers: Mapping[int, ledger.Ledger] | None = None,
) -> list[dict[str, Any]]:
    """What is shown of these rows of `batch`, in a constant number of questions. me: who asks; ledgers: if known."""
    ledgers = ledgers or ledger.of_many(conn, found)
    counts = _counts(conn, [row.id for row in found])
    known = people(conn, (key for row in found for key in (row.operator, row.locked_by)), me)
    boxes = _boxes(conn, {row.box for row in found if row.box is not None})
    waiting = [row.id for row in found if row.state in WAITING]
    soon = appointments.first_batches(conn, waiting, _today(at))
    wishes = _to_confirm(conn, [row.id for row in found])
    return [
        _row(row, ledgers[row.id], counts.get(row.id, {}), known, boxes, at)
        | {"first": row.id in soon, "to_confirm": wishes.get(row.id, 0)}
        for row in found
    ]


def people(conn: Connection, ids: Iterable[int | None], me: int) -> dict[int | None, dict[str, Any]]:
    """`login`, `name`, `me` by number."""
    query = select(users.c.id, users.c.login, users.c.name).where(
        users.c.id.in_({key for key in ids if key is not None})
    )
    return {row.id: {"login": row.login, "name": row.name, "me": row.id == me} for row in conn.execute(query)}


def mine_open(conn: Connection, me: int) -> int:
    """How many batches of this person are not closed."""
    query = select(func.count()).where(batch.c.state.in_(EDITED), *_wanted(me, None, True, None))
    return int(conn.execute(query).scalar_one())


def _wanted(me: int, station: str | None, mine: bool, box_code: str | None) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if station:
        wanted.append(batch.c.station == station)
    if mine:
        wanted.append(or_(batch.c.operator == me, batch.c.locked_by == me))
    if box_code:
        wanted.append(batch.c.box == select(box.c.id).where(box.c.code == box_code).scalar_subquery())
    return wanted


def _counts(conn: Connection, ids: Collection[int]) -> dict[int, dict[str, int]]:
    """Of the pages of the record: flagged, of no patient yet; their drafts, and how many of those are filed."""
    query = (
        select(
            page.c.batch,
            func.sum(case((FLAGGED, 1), else_=0)).label("flags"),
            func.sum(case((page.c.patient.is_(None), 1), else_=0)).label("unassigned"),
            func.count(page.c.draft.distinct()).label("drafts"),
            func.count(case((draft.c.state == "filed", draft.c.id)).distinct()).label("filed"),
        )
        .outerjoin(draft, draft.c.id == page.c.draft)
        .where(page.c.batch.in_(ids), page.c.state.in_(RECORD))
        .group_by(page.c.batch)
    )
    return {row.batch: {name: row._mapping[name] for name in COUNTS} for row in conn.execute(query)}


def _to_confirm(conn: Connection, ids: Collection[int]) -> dict[int, int]:
    """How many assignments wait for a second person, by batch."""
    open_ = (act.c.batch.in_(ids), act.c.kind == PROPOSED, act.c.undone_at.is_(None))
    rows = conn.execute(select(act.c.batch, func.count()).where(*open_).group_by(act.c.batch))
    return {row[0]: row[1] for row in rows}


def _today(at: int) -> str:
    """Where the server stands."""
    return datetime.fromtimestamp(at / 1000).astimezone().date().isoformat()


COUNTS = ("flags", "unassigned", "drafts", "filed")


def _boxes(conn: Connection, ids: Collection[int]) -> dict[int | None, str]:
    query = select(box.c.id, box.c.code).where(box.c.id.in_(ids))
    return {row.id: row.code for row in conn.execute(query)}


def _row(
    row: Row[Any],
    book: ledger.Ledger,
    counts: dict[str, int],
    known: dict[int | None, dict[str, Any]],
    boxes: dict[int | None, str],
    at: int,
) -> dict[str, Any]:
    holder = locks.holder(row, at)
    names = ("state", "station", "title", "code", "reason", "created_at", "changed_at")
    return {
        **{name: row._mapping[name] for name in names},
        **{name: counts.get(name, 0) for name in COUNTS},
        "id": row.public_id,
        "operator": known.get(row.operator),
        "lock": {"by": known[holder], "at": row.locked_at} if holder in known else None,
        "box": boxes.get(row.box),
        "pages": book.images,
        "expected": book.expected,
        "pending_files": book.pending_files,
        "failed_files": book.failed_files,
    }
