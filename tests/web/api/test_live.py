"""Live events: news, heartbeat, slow readers, the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.web.api.world import World
from web.api import live
from web.api.auth import Person, find_person
from web.api.bridge import deferred
from web.api.live import Events, Reader, hub_of


class Client:
    """The other end of a stream: keeps what it gets, may refuse to take it."""

    def __init__(self) -> None:
        self.text = ""
        self.gone = asyncio.Event()
        self.ended = False
        self.takes = asyncio.Event()
        self.takes.set()

    async def receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        await self.takes.wait()
        self.text += message.get("body", b"").decode()
        self.ended = message["type"] == "http.response.body" and not message["more_body"]

    async def until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            await asyncio.sleep(0.01)


def stream(world: World, **options: bool) -> Events:
    browser = world.sign_in()
    cookie = browser.cookies["waybill"]
    person = world.store.read_now(lambda conn: find_person(conn, cookie, "", world.bridge.now()))
    assert isinstance(person, Person)
    return Events(world.bridge, person, cookie, with_dashboard=options.get("with_dashboard", False))


async def run(world: World, events: Events, script: Callable[[Client], Any]) -> Client:
    """The stream with a client that follows the script; both end."""

    async def both() -> Client:
        client = Client()
        task = asyncio.ensure_future(events({"type": "http"}, client.receive, client.send))
        await script(client)
        await task
        return client

    return await deferred(both())


async def test_changes_are_told_together_and_the_stream_ends_when_the_screen_goes(world: World) -> None:
    async def script(client: Client) -> None:
        await client.until(lambda: "retry:" in client.text)
        for listener in world.runtime.listeners:
            listener({"worklist"})
            listener({"run:abc", "worklist"})
        await client.until(lambda: "changed" in client.text)
        client.gone.set()

    client = await run(world, stream(world), script)
    assert 'event: changed\ndata: {"topics": ["run:abc", "worklist"]}\n\n' in client.text
    assert world.runtime.listeners == []
    assert len(hub_of(world.bridge)) == 0


async def test_a_heartbeat_when_nothing_happens(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "HEARTBEAT", 0.05)

    async def script(client: Client) -> None:
        await client.until(lambda: client.text.count(": still here\n\n") > 1)
        client.gone.set()

    await run(world, stream(world), script)


async def test_the_dashboard_comes_when_it_changed(world: World) -> None:
    async def script(client: Client) -> None:
        await client.until(lambda: "event: dashboard" in client.text)
        client.gone.set()

    client = await run(world, stream(world, with_dashboard=True), script)
    assert client.text.count("event: dashboard") == 1
    assert '"in":3' in client.text


async def test_a_slow_reader_is_dropped(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "SLOW", 0.05)

    async def script(client: Client) -> None:
        await client.until(lambda: "retry:" in client.text)
        client.takes.clear()
        for listener in world.runtime.listeners:
            listener({"worklist"})

    client = await run(world, stream(world), script)
    assert not client.ended
    assert len(hub_of(world.bridge)) == 0


async def test_streams_end_at_stop(world: World) -> None:
    async def script(client: Client) -> None:
        await client.until(lambda: "retry:" in client.text)
        world.bridge.closing = True
        hub_of(world.bridge).close()

    assert (await run(world, stream(world), script)).ended


async def test_a_stream_ends_with_its_session(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "HEARTBEAT", 0.05)
    monkeypatch.setattr(live, "RECHECK", 0.05)

    async def script(client: Client) -> None:
        await client.until(lambda: "retry:" in client.text)
        await asyncio.to_thread(world.write, lambda conn: conn.exec_driver_sql("DELETE FROM session"))

    assert (await run(world, stream(world), script)).ended


async def test_a_reader_holds_a_bounded_set() -> None:
    async def work() -> list[str]:
        reader = Reader()
        for number in range(10_000):
            reader.changed({f"run:{number}", "worklist"})
        return await reader.wait(1)

    topics = await deferred(work())
    assert len(topics) <= live.TOPICS + 2
    assert {"run:*", "worklist"} <= set(topics)


def test_no_more_streams_than_the_limit_and_none_at_stop(world: World) -> None:
    browser = world.sign_in()
    hub_of(world.bridge)._readers = {Reader(number) for number in range(live.READERS)}
    assert browser.get("/api/v1/live").status == 503
    world.bridge.closing = True
    assert browser.get("/api/v1/live").code == "WB-1012"


def test_one_person_leaves_room_for_the_others(world: World) -> None:
    browser = world.sign_in()
    hub_of(world.bridge)._readers = {Reader(1) for _ in range(live.EACH)}
    answer = browser.get("/api/v1/live")
    assert (answer.status, answer.code) == (429, "WB-7005")
    hub_of(world.bridge)._readers = {Reader(2) for _ in range(live.EACH)}
    assert hub_of(world.bridge).count(1) == 0
