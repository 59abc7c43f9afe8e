"""What was running when the engine ended, and what was given back. Writer functions.

The column `starts` counts in how many ends of the engine in a row a run was at work: 2 for each, and 1 more while a
suspect is being performed. At the first crash all that was claimed is suspect, since nobody wrote down what was being
performed; from then on only a suspect that had begun is counted. So a thousand that only waited in memory stay ready.
"""

from __future__ import annotations

from sqlalchemy import Connection

from engine.runtime import journal
from engine.runtime.states import State

ENDS = 3
"""A run that was at work in so many ends of the engine in a row is held."""
LAST = ENDS - 1
"""Suspects of this count go one at a time."""
STOPPED = "WB-2011"
_RUNNING = "SELECT seq, starts FROM run INDEXED BY run_open WHERE ended_at IS NULL AND state = 'running'"
"""Out of those that are not ended, however many are: no index has the running ones, which come and go all the time."""


def recover(conn: Connection, now: int) -> None:
    """At start: running becomes ready, and is held when it was at work at three ends in a row."""
    for seq, starts in conn.exec_driver_sql(_RUNNING).fetchall():
        row = journal.state_of(conn, seq)
        counted = 2 if starts == 0 else starts + starts % 2
        if counted // 2 >= ENDS:
            reason = "stopped the engine three times"
            journal.move(conn, row, State.HELD, now, code=STOPPED, reason=reason)
            journal.add_attention(
                conn, "stopped", now, STOPPED, reason, run=seq, route=row["route"], step=row["step"],
                message_id=row["message_id"],
            )  # fmt: skip
        else:
            journal.move(conn, row, State.READY, now, starts=counted)
        journal.add_event(conn, seq, None, now, "recovered", row["step"])


def begin(conn: Connection, seq: int) -> None:
    """A suspect is being performed: if the engine ends now, it is counted."""
    conn.exec_driver_sql("UPDATE run SET starts = starts + 1 WHERE seq = ? AND starts % 2 = 0", (seq,))


def give_back(conn: Connection, now: int) -> None:
    """At a clean stop: what is claimed and not settled is ready again; it did not stop the engine."""
    for seq, _ in conn.exec_driver_sql(_RUNNING).fetchall():
        journal.move(conn, journal.state_of(conn, seq), State.READY, now)
