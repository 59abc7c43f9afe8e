"""What an operator has paused or stopped: kept in the store, known in memory, and who waits for its end.

A run that meets a paused connection waits without a time and without an attempt; it is ready again in the commit that
ends the pause, and its policy's clock goes on where it stood.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, bindparam, delete, select
from sqlalchemy.dialects.sqlite import insert as upsert

from engine.runtime.gates import waits_for, waits_for_turn
from engine.store.schema import pause
from engine.store.sql import Statement

Kind = Literal["connection", "route"]
P = bindparam
PIECE = 200
"""Runs that are woken in one operation."""

_ALL = Statement(select(pause))
_ONE = Statement(select(pause.c.name).where(pause.c.kind == P("kind"), pause.c.name == P("name")))
_DROP = Statement(delete(pause).where(pause.c.kind == P("kind"), pause.c.name == P("name")))
_COLUMNS: dict[str, Any] = {name: P(name) for name in ("kind", "name", "state", "by", "at", "note")}
_PUT = Statement(
    upsert(pause).values(**_COLUMNS).on_conflict_do_update(
        index_elements=["kind", "name"], set_={name: P(name) for name in ("state", "by", "at", "note")}
    )
)  # fmt: skip
# Attempts are counted in the claim: the one that met the pause was none (but the ledger may know it: then it stays
# more than the first). Its clock stood while it waited.
_WAKE = """
UPDATE run SET state = 'ready', attempts = MAX(?, attempts - 1), first_try_at = first_try_at + (? - since), since = ?,
due_at = NULL, waits_for = '', code = '', reason = '' WHERE seq IN (
SELECT seq FROM run WHERE ended_at IS NULL AND state = 'waiting' AND waits_for = ? ORDER BY seq LIMIT ?)
"""


@dataclass(frozen=True, slots=True)
class Mark:
    """state: `paused` or `stopped`."""

    state: str
    by: str
    at: int
    note: str = ""

    def who(self) -> str:
        """`paused by maria`: for logs, for a person may name a patient in a note."""
        return f"{self.state} by {self.by}"

    def text(self) -> str:
        """`paused by maria: the HIS is being updated`."""
        return f"{self.who()}: {self.note}" if self.note else self.who()


Marks = dict[tuple[str, str], Mark]


def load(conn: Connection) -> Marks:
    """By kind and name."""
    return {(row["kind"], row["name"]): Mark(row["state"], row["by"], row["at"], row["note"]) for row in _ALL.all(conn)}


def put(conn: Connection, kind: Kind, name: str, mark: Mark) -> None:
    _PUT.run(conn, kind=kind, name=name, state=mark.state, by=mark.by[:60], at=mark.at, note=mark.note[:400])


def drop(conn: Connection, kind: Kind, name: str) -> None:
    _DROP.run(conn, kind=kind, name=name)


def is_marked(conn: Connection, kind: Kind, name: str) -> bool:
    return _ONE.one(conn, kind=kind, name=name) is not None


def wake_turns(conn: Connection, connection: str, most: int, now: int) -> int:
    """Make the first runs ready that were set aside at a crowded connection; how many they were."""
    return conn.exec_driver_sql(_WAKE, (0, now, now, waits_for_turn(connection), most)).rowcount


def wake(conn: Connection, connection: str, now: int) -> int:
    """Make the first `PIECE` runs ready that wait at this connection; how many they were."""
    return conn.exec_driver_sql(_WAKE, (1, now, now, waits_for(connection), PIECE)).rowcount


class Paused:
    """What is paused, in memory: asked at every message and claim."""

    def __init__(self) -> None:
        self.connections: dict[str, Mark] = {}
        self.routes: dict[str, Mark] = {}

    def fill(self, marks: Mapping[tuple[str, str], Mark]) -> None:
        self.connections = {name: mark for (kind, name), mark in marks.items() if kind == "connection"}
        self.routes = {name: mark for (kind, name), mark in marks.items() if kind == "route"}

    def of(self, kind: Kind) -> dict[str, Mark]:
        return self.connections if kind == "connection" else self.routes

    def refusal(self, connection: str, route: str) -> str:
        """Why a message is not taken now; empty when it is."""
        if connection in self.connections:
            return f"connection {connection} is {self.connections[connection].state}"
        return f"route {route} is {self.routes[route].state}" if route in self.routes else ""
