"""Whether the store takes writes: asked now and then by writing, so that a full disk is known, and known to be over.

Nothing but the asking is here: who writes is refused by the store itself, and tries again as its protocol says.
"""

from __future__ import annotations

import itertools
from typing import Any

from sqlalchemy import Connection

from engine.message import Unavailable
from engine.repeat import Repeat
from engine.runtime.condition import Condition

LOOK = 2.0
"""Seconds between two looks."""
DISK = "disk"


class DiskWatch:
    """`run` is to be spawned; `look` is one look."""

    def __init__(self, reactor: Any, store: Any, condition: Condition) -> None:
        self._store = store
        self._condition = condition
        self._numbers = itertools.count()
        self.repeat = Repeat(reactor, "disk", LOOK, self.look)

    async def look(self) -> None:
        """Write something small, and say what came of it."""
        number = next(self._numbers) % 1000
        try:
            await self._store.write(lambda conn: beat(conn, number))
        except Unavailable as error:
            self._condition.say(DISK, error.reason)
        else:
            self._condition.say(DISK, "")


def beat(conn: Connection, number: int) -> None:
    """One page of the file changes: a number in its head that means nothing to anybody."""
    conn.exec_driver_sql(f"PRAGMA user_version = {number}")
