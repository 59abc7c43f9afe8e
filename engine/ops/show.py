"""A look from the command line is written down like one from a screen. A writer function."""

from __future__ import annotations

from sqlalchemy import Connection

from engine.ops.read_audit import record
from engine.ops.users import BY_COMMAND
from engine.store.clock import now_ms

ACTS = ("looked",)
"""What commands may call over the control socket."""


def looked(
    conn: Connection, by: str, act: str, patient: int | None = None, run: int | None = None, subject: str = ""
) -> None:
    """Called before anything is printed."""
    record(conn, now_ms(), by, act, patient=patient, run=run, subject=subject, origin=BY_COMMAND)
