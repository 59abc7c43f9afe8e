"""Handing: what the outbox holds is handed to the routes, in its order, each row once.

A row is a message of its own operation and one of `document_changed`, for the routes that receive either. Its number
is the identity of both: a row that was handed over and not marked, because of a crash, is handed over again, and the
engine answers that it has it.
"""

from __future__ import annotations

import logging

from engine.channel import Inbox, Services
from engine.message import Incoming, Refused, Unavailable
from engine.points import point
from engine.store.clock import now_ms
from records import outbox

log = logging.getLogger(__name__)

NO_ROUTE = "WB-8307"  # no route receives what is told of a scanned document: nobody is told
NOT_TAKEN = "WB-8308"  # the route does not take what is told of a scanned document; the message is kept
MOST = 50
"""Rows of one look."""


class Handing:
    """A full or stopping engine, or a paused route, is waited for; nothing overtakes."""

    topic = "work:hand"
    pause = 0.5

    def __init__(self, services: Services, name: str, inbox: Inbox) -> None:
        self._services = services
        self._name = name
        self._inbox = inbox

    async def round(self) -> None:
        """All that is due now, or until the engine says not now."""
        while rows := await self._services.store.read(lambda conn: outbox.due(conn, MOST)):
            for row in rows:
                if not await self._hand(row):
                    return

    async def stop(self) -> None:
        """Nothing is under way that is not found again."""

    async def _hand(self, row: outbox.Row) -> bool:
        known = self._inbox.operations(self._name)
        wanted = [operation for operation in (row.operation, outbox.CHANGED) if operation in known]
        code, reason = ("", "") if wanted else (NO_ROUTE, "no route receives this")
        for operation in wanted:
            try:
                await self._give(row, operation)
            except Unavailable:
                return False
            except Refused as refused:
                code, reason = NOT_TAKEN, refused.reason
        point("file.handed")
        at = now_ms()
        await self._services.store.write(lambda conn: outbox.handed(conn, row.id, at, code, reason), background=True)
        point("file.hand_marked")
        return True

    async def _give(self, row: outbox.Row, operation: str) -> None:
        """Raises `Refused` when the engine will not take it."""
        incoming = Incoming(
            self._name, operation, row.body.encode(), meta={"outbox": str(row.id)}, identity=(f"outbox-{row.id}",)
        )
        reply = await self._inbox.accept(incoming)
        if not reply.ok:
            log.error("%s: row %d of the outbox is not taken: %s", self._name, row.id, reply.code or reply.kind)
            raise Refused(NOT_TAKEN, reply.reason or reply.kind)
