"""`reply: {when: done}`: the sender is answered when the run of its message has ended, or at `within` that it has not.

What is answered follows from the rows of the runs, so that a repeat gets the same after a restart: done, the reply that
is stored with the message; ended otherwise, the failure; under way, it waits like the first.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import Connection, bindparam, select
from twisted.internet.defer import CancelledError, Deferred

from engine.message import Reply, Value, Xml
from engine.runtime.states import State
from engine.site.model import Route
from engine.store.schema import run
from engine.store.sql import Statement

if TYPE_CHECKING:
    from engine.runtime.runtime import Runtime

log = logging.getLogger(__name__)

P = bindparam
UNDER_WAY = "WB-7220"
ENDED = "WB-7221"
ROUND = 2.0
"""Seconds between two looks: nobody says that a person, or another run, has ended the one that is waited for."""
MOST = 2000
"""Senders that wait at a time; more are told at once that it is under way."""

_RUNS = Statement(
    select(run.c.state, run.c.code, run.c.reason, run.c.parent).where(
        run.c.message_id == P("message"), run.c.route == P("route"), run.c.origin.is_(None)
    )
)


def verdict(conn: Connection, message_id: str, route: str) -> tuple[State | None, str, str]:
    """How the message ended on its route, with code and reason; None while it has not.

    A dead part is the message's failure at once: its sender need not wait for a person.
    """
    rows = _RUNS.all(conn, message=message_id, route=route)
    for row in rows:
        if row["state"] in (State.DEAD, State.CANCELLED) and (row["parent"] is None or row["state"] == State.DEAD):
            return State(row["state"]), row["code"], row["reason"]
    top = [row for row in rows if row["parent"] is None]
    if any(row["state"] not in (State.DONE, State.FILTERED) for row in top):
        return None, "", ""
    return State.DONE, "", ""  # also when the runs were pruned: they had ended


class Replies:
    """Who waits for which message."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._waiting: dict[str, list[Deferred[None]]] = {}

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def settled(self, message_id: str) -> None:
        """A run of this message ended, or waits for a person."""
        waiting = self._waiting.pop(message_id, None)
        for one in waiting or ():
            _fire(one)

    async def final(self, reply: Reply, route: Route, value: Value) -> Reply:
        """The answer to a message that is stored: at its end, or at `within`. value: the body as it was read."""
        within = route.receive.reply_within if len(self._waiting) < MOST else 0.0
        end = self._runtime.reactor.seconds() + within
        while True:
            turn = self._turn(reply.message_id)
            state, code, reason = await self._runtime.store.read(
                lambda conn: verdict(conn, reply.message_id, route.name)
            )
            left = end - self._runtime.reactor.seconds()
            if state is not None or left <= 0:
                self._forget(reply.message_id, turn)
                break
            await self._look_again(turn, reply.message_id, min(left, ROUND))
        if state is State.DONE:
            return reply
        if state is None:
            text = (
                f"stored, and not finished within {round(route.receive.reply_within)} s: the same message again tells"
            )
            return await self._said(replace(reply, code=UNDER_WAY, reason=text), route, value)
        text = f"the message was {'cancelled' if state is State.CANCELLED else 'not done'}: {reason}".rstrip(": ")
        return await self._said(replace(reply, kind="invalid", code=code or ENDED, reason=text), route, value)

    async def _said(self, reply: Reply, route: Route, value: Value) -> Reply:
        """In the words of the route's stylesheet, where it has one."""
        path = route.receive.reply_invalid or route.receive.reply_ok
        if path is None:
            return replace(reply, body=b"")
        body = value.data if isinstance(value, Xml) else None
        made = await self._runtime.workers.run(
            "engine.transform.jobs:reply", str(path), reply.code, f"{reply.code} {reply.reason}", reply.message_id, body
        )
        return replace(reply, body=made)

    def _turn(self, message_id: str) -> Deferred[None]:
        turn: Deferred[None] = Deferred()
        self._waiting.setdefault(message_id, []).append(turn)
        return turn

    def _forget(self, message_id: str, turn: Deferred[None]) -> None:
        waiting = self._waiting.get(message_id, [])
        if turn in waiting:
            waiting.remove(turn)
        if not waiting:
            self._waiting.pop(message_id, None)

    async def _look_again(self, turn: Deferred[None], message_id: str, seconds: float) -> None:
        """When it is said that a run ended, or after a while: what is ended by another run is not said."""
        timer = self._runtime.reactor.callLater(seconds, _fire, turn)
        try:
            await turn
        except CancelledError:
            raise
        finally:
            if timer.active():
                timer.cancel()
            self._forget(message_id, turn)


def _fire(turn: Deferred[None]) -> None:
    if not turn.called:
        turn.callback(None)
