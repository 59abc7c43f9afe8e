"""The persisted states of the paper record, and the one table of legal moves of a batch."""

from __future__ import annotations

import enum

from sqlalchemy import Connection, update

from engine.message import Refused
from engine.store.schema_records import batch

ILLEGAL = "WB-8101"  # a batch cannot go from this state to that


class BatchState(enum.StrEnum):
    """open: pages come and are checked. stopped: a separator is missing, say, and a person must look. closed: the
    ledger balanced, the pages are checked. filed: every kept page is in a document. cancelled: it has no page."""

    OPEN = "open"
    STOPPED = "stopped"
    CLOSED = "closed"
    FILED = "filed"
    CANCELLED = "cancelled"


class PageState(enum.StrEnum):
    """kept: of a patient's record. rescan: marked, waits for its better copy. All others are not of the record:
    header, separator and label sheets; blank and dropped by a person; replaced by a page that was scanned again."""

    KEPT = "kept"
    RESCAN = "rescan"
    HEADER = "header"
    SEPARATOR = "separator"
    LABEL = "label"
    BLANK = "blank"
    DROPPED = "dropped"
    REPLACED = "replaced"


class FileState(enum.StrEnum):
    """taken: durable, its pages are being made. joined: all its pages are in a batch. failed: it, or a page of it,
    cannot be read. dismissed: it failed, and a person said with a reason that it need not be read."""

    TAKEN = "taken"
    JOINED = "joined"
    FAILED = "failed"
    DISMISSED = "dismissed"


MOVES: dict[BatchState, frozenset[BatchState]] = {
    BatchState.OPEN: frozenset({BatchState.STOPPED, BatchState.CLOSED, BatchState.CANCELLED}),
    BatchState.STOPPED: frozenset({BatchState.OPEN, BatchState.CANCELLED}),
    BatchState.CLOSED: frozenset({BatchState.OPEN, BatchState.FILED}),
    BatchState.FILED: frozenset({BatchState.CLOSED}),
    BatchState.CANCELLED: frozenset(),
}


def move(conn: Connection, batch_id: int, new: BatchState, at: int, *, code: str = "", reason: str = "") -> None:
    """Change a batch's state, and its version. Raises `Refused` when the move is not legal from where it is."""
    legal = [state for state, onward in MOVES.items() if new in onward]
    changed = conn.execute(
        update(batch)
        .where(batch.c.id == batch_id, batch.c.state.in_(legal))
        .values(state=new, code=code, reason=reason, version=batch.c.version + 1, changed_at=at)
    )
    if changed.rowcount != 1:
        raise Refused(ILLEGAL, f"the batch cannot become {new} from where it is")
