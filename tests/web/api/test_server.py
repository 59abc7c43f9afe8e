"""The web server over a real socket, in the engine's loop."""

from __future__ import annotations

import asyncio
import signal
import time

import pytest

from engine.message import Refused
from tests.web.api.world import World
from web.api.bridge import deferred
from web.api.server import WebServer


async def ask(port: int, path: str, until: bytes = b"", cookie: str = "") -> bytes:
    """What the server answers, up to its end or `until`."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Connection: close"]
    lines += [f"Cookie: waybill={cookie}"] if cookie else []
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    try:
        return await (reader.readuntil(until) if until else reader.read())
    finally:
        writer.close()


async def test_it_serves_and_stops_and_leaves_signals_alone(world: World) -> None:
    before = signal.getsignal(signal.SIGTERM)
    web = WebServer(world.bridge, "127.0.0.1:0")
    await web.start()
    assert signal.getsignal(signal.SIGTERM) == before
    answer = await deferred(ask(web.port, "/health/live"))
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"server:" not in answer.lower()
    await web.stop()
    with pytest.raises(OSError, match=r"refused|Connect"):
        await deferred(ask(web.port, "/health/live"))
    assert world.fatal == []


async def test_it_stops_in_time_with_an_event_stream_open(world: World) -> None:
    cookie = world.sign_in().cookies["waybill"]
    web = WebServer(world.bridge, "127.0.0.1:0")
    await web.start()
    reader, writer = await deferred(asyncio.open_connection("127.0.0.1", web.port))
    head = f"GET /api/v1/live HTTP/1.1\r\nHost: 127.0.0.1:{web.port}\r\nCookie: waybill={cookie}\r\n\r\n"
    writer.write(head.encode())
    assert b"text/event-stream" in await deferred(reader.readuntil(b"\r\n\r\n"))
    await deferred(reader.readuntil(b"event: dashboard"))
    start = time.monotonic()
    await web.stop()
    assert time.monotonic() - start < 3
    assert b"0\r\n\r\n" in await deferred(reader.read())
    writer.close()


async def test_an_end_by_itself_is_fatal(world: World) -> None:
    web = WebServer(world.bridge, "127.0.0.1:0")
    await web.start()
    assert web._server is not None
    assert web._task is not None
    web._server.should_exit = True
    await deferred(_ended(web._task))
    assert world.fatal == ["it returned"]


async def _ended(task: asyncio.Task[None]) -> None:
    await asyncio.wait({task})


async def test_an_address_that_cannot_be_had(world: World) -> None:
    web = WebServer(world.bridge, "127.0.0.1:0")
    await web.start()
    for listen in (f"127.0.0.1:{web.port}", "203.0.113.1:80", "127.0.0.1:x", "127.0.0.1:99999"):
        with pytest.raises(Refused):
            await WebServer(world.bridge, listen).start()
    await web.stop()


async def test_stop_without_start(world: World) -> None:
    await WebServer(world.bridge).stop()


async def test_beyond_this_computer_only_under_a_public_address(world: World) -> None:
    for listen in ("0.0.0.0:0", "[::]:0", "waybill.example:0"):
        with pytest.raises(Refused, match="WAYBILL_ORIGINS"):
            await WebServer(world.bridge, listen).start()
    world.bridge.origins = ("https://waybill.example",)
    web = WebServer(world.bridge, "0.0.0.0:0")
    await web.start()
    await web.stop()
