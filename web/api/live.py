"""Server-sent events: what changed, and the dashboard, for the screens that look.

A reader holds a set of topics, not a queue: however slow it is, it costs the same. One that does not take an event
within `SLOW` seconds is dropped; the browser comes back by itself. Everything here runs in the loop's thread.
"""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from engine.message import Unavailable
from web.api.auth import Person, find_person
from web.api.bridge import Bridge
from web.api.dashboard import dashboard
from web.api.guard import COOKIE, Engine, Signed
from web.api.problems import TOO_MANY, Denied

router = APIRouter(prefix="/api/v1/live", tags=["live"])
log = logging.getLogger(__name__)

HEARTBEAT = 15.0
PACE = 0.5
"""Seconds between two events to one reader: what changes meanwhile goes together."""
SLOW = 10.0
READERS = 100
EACH = 25
"""Open streams of one person: tabs, and some that the browser has not closed yet."""
TOPICS = 100
RECHECK = 60.0
"""Seconds after which a reader's session is looked at again: it may have ended."""

HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class Hub:
    """All readers of one bridge; subscribed to the runtime while there is at least one."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        self._readers: set[Reader] = set()

    def __len__(self) -> int:
        return len(self._readers)

    def count(self, owner: int) -> int:
        """How many of them are this person's."""
        return sum(reader.owner == owner for reader in self._readers)

    def add(self, reader: Reader) -> None:
        if not self._readers:
            self._bridge.runtime.subscribe(self.changed)
        self._readers.add(reader)

    def remove(self, reader: Reader) -> None:
        self._readers.discard(reader)
        if not self._readers:
            self._bridge.runtime.unsubscribe(self.changed)

    def changed(self, topics: set[str]) -> None:
        """Something changed; called by the runtime in the reactor's thread."""
        for reader in self._readers:
            reader.changed(topics)

    def close(self) -> None:
        """End all streams."""
        for reader in self._readers:
            reader.close()


class Reader:
    """What one open stream has not been told yet."""

    def __init__(self, owner: int = 0) -> None:
        self.owner = owner
        self._topics: set[str] = set()
        self._news = asyncio.Event()
        self.closed = False

    def changed(self, topics: set[str]) -> None:
        self._topics |= topics
        runs = [topic for topic in self._topics if topic.startswith("run:")]
        if len(runs) > TOPICS:
            # A screen that shows one run reads it again; naming each of thousands would only cost.
            self._topics.difference_update(runs)
            self._topics.add("run:*")
        self._news.set()

    def close(self) -> None:
        self.closed = True
        self._news.set()

    async def wait(self, seconds: float) -> list[str]:
        """The topics that changed, sorted; empty after `seconds` without news, or at the end."""
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return []
        self._news.clear()
        topics, self._topics = sorted(self._topics), set()
        return topics


class Events(Response):
    """One open stream."""

    def __init__(self, bridge: Bridge, person: Person, cookie: str, *, with_dashboard: bool) -> None:
        super().__init__()
        self._bridge = bridge
        self._person = person
        self._cookie = cookie
        self._with_dashboard = with_dashboard
        self._shown = ""
        self._reader = Reader(person.id)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        hub = hub_of(self._bridge)
        hub.add(self._reader)
        watch = asyncio.ensure_future(self._until_gone(receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
            await self._stream(send)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            log.info("a reader of live events was too slow and is dropped")
        finally:
            watch.cancel()
            hub.remove(self._reader)

    async def _until_gone(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._reader.close()

    async def _stream(self, send: Send) -> None:
        loop = asyncio.get_running_loop()
        spoke = checked = loop.time()
        await self._send(send, b"retry: 3000\n\n")
        while not self._reader.closed and not self._bridge.closing:
            topics = await self._reader.wait(1.0 if self._with_dashboard else HEARTBEAT)
            text = _event("changed", json.dumps({"topics": topics})) if topics else ""
            text += await self._dashboard()
            if not text and loop.time() - spoke >= HEARTBEAT - 1:
                text = ": still here\n\n"
            if text:
                await self._send(send, text.encode())
                spoke = loop.time()
            if loop.time() - checked >= RECHECK:
                checked = loop.time()
                if not await self._still_signed_in():
                    return
            if topics and not self._reader.closed:
                await asyncio.sleep(PACE)

    async def _send(self, send: Send, data: bytes) -> None:
        async with asyncio.timeout(SLOW):
            await send({"type": "http.response.body", "body": data, "more_body": True})

    async def _dashboard(self) -> str:
        """The dashboard when it changed; nothing when the store cannot answer just now."""
        if not self._with_dashboard or self._reader.closed or self._bridge.closing:
            return ""
        try:
            made = await run_in_threadpool(dashboard, self._bridge)
        except Unavailable:
            return ""
        text = made.model_dump_json(by_alias=True)
        if text == self._shown:
            return ""
        self._shown = text
        return _event("dashboard", text)

    async def _still_signed_in(self) -> bool:
        now = self._bridge.now()

        def look() -> Person | None:
            return self._bridge.read(lambda conn: find_person(conn, self._cookie, self._person.origin, now))

        found = await run_in_threadpool(look)
        return found is not None and (not self._with_dashboard or "engine" in found.rights)


@router.get("", response_class=Response, responses={200: {"content": {"text/event-stream": {}}}})
async def get_events(
    request: Request, person: Signed, bridge: Engine, dashboard: Annotated[bool, Query()] = True
) -> Response:
    """Events `changed` (`{"topics": [...]}`: worklist, attention, unmatched, sign, dashboard, run:ID, run:*) and, with
    the right `engine`, `dashboard` at most once a second when it changed (`?dashboard=false` leaves it out)."""
    if bridge.closing:
        raise Denied(503, "WB-1012", "The engine is stopping.")
    if len(hub_of(bridge)) >= READERS:
        raise Denied(503, TOO_MANY, "Too many screens are open.")
    if hub_of(bridge).count(person.id) >= EACH:
        raise Denied(429, TOO_MANY, "You have too many screens open.")
    wanted = dashboard and "engine" in person.rights
    return Events(bridge, person, request.cookies.get(COOKIE, ""), with_dashboard=wanted)


def hub_of(bridge: Bridge) -> Hub:
    """The hub of this bridge, made when first asked for."""
    if bridge.hub is None:
        bridge.hub = Hub(bridge)
    hub: Hub = bridge.hub
    return hub


def _event(name: str, data: str) -> str:
    return f"event: {name}\ndata: {data}\n\n"
