"""What an operator has paused or stopped: connections and routes, by whom, since when and why."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from engine.store.schema import pause


@dataclass(frozen=True, slots=True)
class Pause:
    """`state`: paused or stopped."""

    state: str
    by: str
    at: int
    note: str


def pauses(conn: Connection) -> dict[tuple[str, str], Pause]:
    """By kind (`connection`, `route`) and name."""
    rows = conn.execute(select(pause.c.kind, pause.c.name, pause.c.state, pause.c.by, pause.c.at, pause.c.note))
    return {(row[0], row[1]): Pause(*row[2:]) for row in rows}
