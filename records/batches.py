"""Batches: made, described, closed, opened again, cancelled. Pure functions inside a store operation."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection, Row, exists, insert, select, update

from engine.message import Refused
from engine.points import point
from engine.store.schema_records import batch, box, draft, page
from records import acts, ledger, locks, waiting
from records.ids import public_id
from records.states import BatchState, PageState, move

CLOSED = "WB-8104"  # a batch in whose state this cannot be done
UNBALANCED = "WB-8105"  # a batch that is to be closed and whose ledger does not balance
WRONG = "WB-8106"  # what is said of a batch and cannot be: its station, its sides, its box

FIELDS = ("station", "title", "sheets", "documents", "sides", "languages", "box")
ALWAYS = ("title", "box")
"""What may be said of a closed batch too: it changes nothing of its pages."""
EDITED = (BatchState.OPEN, BatchState.STOPPED)
RECORD = (PageState.KEPT, PageState.RESCAN)
"""States of pages that are a patient's, or wait to be."""

_STATION = re.compile(r"(?!\.{1,2}$)[^\x00-\x1f\x7f/\\]{1,40}")
"""Whatever a folder may be called."""


def find(conn: Connection, public_id: str) -> Row[Any] | None:
    """The row of this batch."""
    return conn.execute(select(batch).where(batch.c.public_id == public_id)).one_or_none()


def new(conn: Connection, *, station: str, by: int | None, at: int, header: str | None = None, **said: Any) -> int:
    """An open batch of this station; its number. said: any of `FIELDS`; header: the number on its header sheet."""
    row = {name: value for name, value in _checked(conn, {**said, "station": station}).items() if value is not None}
    made = conn.execute(
        insert(batch).values(
            public_id=public_id(),
            state=BatchState.OPEN,
            header=header,
            operator=by,
            created_at=at,
            changed_at=at,
            **row,
        )
    ).inserted_primary_key
    assert made is not None
    return int(made[0])


def describe(conn: Connection, batch_id: int, said: Mapping[str, Any], *, by: int, at: int) -> int:
    """Say something else of it; the act, which can be undone."""
    closed = (BatchState.CLOSED,) if set(said) <= set(ALWAYS) else ()
    hold(conn, batch_id, by=by, at=at, states=(*EDITED, *closed))
    return acts.change(
        conn, kind="describe", by=by, at=at, batch=batch_id, rows={"batch": {batch_id: _checked(conn, said)}}
    )


def hold(conn: Connection, batch_id: int, *, by: int, at: int, states: Collection[str] = EDITED) -> Row[Any]:
    """What each act does first: the batch is in a state for it, and it is this person's. Its row."""
    row = conn.execute(select(batch).where(batch.c.id == batch_id)).one()
    if row.state not in states:
        raise Refused(CLOSED, f"the batch is {row.state}")
    locks.claim(conn, batch_id, by=by, at=at)
    return row


def close(conn: Connection, batch_id: int, *, by: int, at: int) -> None:
    """Its pages are checked. `Refused` with the words of `ledger.WHY` while its ledger does not balance."""
    hold(conn, batch_id, by=by, at=at)
    found = ledger.of(conn, batch_id)
    if not found.balances:
        raise Refused(UNBALANCED, f"the page ledger does not balance: {', '.join(found.why)}")
    move(conn, batch_id, BatchState.CLOSED, at)
    point("desk.close")
    conn.execute(update(batch).where(batch.c.id == batch_id).values(closed_at=at, closed_by=by))
    acts.change(conn, kind="close", by=by, at=at, batch=batch_id, rows={})
    settle(conn, batch_id, at)


def settle(conn: Connection, batch_id: int, at: int) -> bool:
    """A closed batch becomes filed when every page of the record is in a filed draft; whether it did.

    Called after each draft that is filed. A batch without any such page is done too.
    """
    filed = exists().where(draft.c.id == page.c.draft, draft.c.state == "filed")
    left = select(page.c.id).where(page.c.batch == batch_id, page.c.state.in_(RECORD), ~filed).limit(1)
    state = conn.execute(select(batch.c.state).where(batch.c.id == batch_id)).scalar_one()
    if state != BatchState.CLOSED or conn.execute(left).first() is not None:
        return False
    move(conn, batch_id, BatchState.FILED, at)
    waiting.rank(conn, batch_id)
    return True


def reopen(conn: Connection, batch_id: int, *, by: int, at: int, reason: str) -> None:
    """Its pages may be changed again, but for those of filed documents."""
    row = hold(conn, batch_id, by=by, at=at, states=(BatchState.CLOSED, BatchState.FILED))
    if row.state == BatchState.FILED:
        move(conn, batch_id, BatchState.CLOSED, at)
    move(conn, batch_id, BatchState.OPEN, at)
    waiting.rank(conn, batch_id)
    acts.change(conn, kind="reopen", by=by, at=at, batch=batch_id, note=reason, rows={})


def resolve(conn: Connection, batch_id: int, *, by: int, at: int, note: str) -> None:
    """A person looked at what stopped it, and it goes on."""
    hold(conn, batch_id, by=by, at=at, states=(BatchState.STOPPED,))
    move(conn, batch_id, BatchState.OPEN, at)
    acts.change(conn, kind="resolve", by=by, at=at, batch=batch_id, note=note, rows={})


def cancel(conn: Connection, batch_id: int, *, by: int, at: int, reason: str) -> None:
    """It has no page of a record, and no file that may give one."""
    hold(conn, batch_id, by=by, at=at)
    found = ledger.of(conn, batch_id)
    if found.kept or found.rescan or found.pending_files:
        raise Refused(CLOSED, "the batch has pages; drop them first, each with its reason")
    move(conn, batch_id, BatchState.CANCELLED, at, reason=reason)
    acts.change(conn, kind="cancel", by=by, at=at, batch=batch_id, note=reason, rows={})


def is_station(code: str) -> bool:
    """Whether a station may be called so."""
    return code == code.strip() and _STATION.fullmatch(code) is not None


def _checked(conn: Connection, said: Mapping[str, Any]) -> dict[str, Any]:
    """As the table has it: the box by its number."""
    row = {name: said[name] for name in FIELDS if name in said}
    if "station" in row and not is_station(row["station"] or ""):
        raise Refused(WRONG, "a station's code has 1 to 40 characters and no slash")
    if "sides" in row and row["sides"] not in ("one", "both", "twice"):
        raise Refused(WRONG, "sides are one, both or twice")
    if row.get("box") is not None:
        row["box"] = conn.execute(select(box.c.id).where(box.c.code == row["box"])).scalar_one_or_none()
        if row["box"] is None:
            raise Refused(WRONG, "there is no box with this code")
    return row
