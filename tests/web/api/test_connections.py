"""Connections that only wait, over real sockets."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.web.api.test_server import ask
from tests.web.api.world import World
from web.api import connections
from web.api.bridge import deferred
from web.api.server import WebServer

QUESTION = b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def served(world: World) -> AsyncIterator[int]:
    web = WebServer(world.bridge, "127.0.0.1:0")
    await web.start()
    try:
        yield web.port
    finally:
        await web.stop()


async def opened(port: int, data: bytes = b"") -> Line:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    return reader, writer


async def ended(line: Line) -> bytes:
    """What still came, once the server has ended the connection."""
    parts = b""
    try:
        async with asyncio.timeout(5):
            while part := await line[0].read(65536):
                parts += part
    except ConnectionResetError:
        pass
    line[1].close()
    return parts


@pytest.mark.parametrize(
    ("data", "answers"),
    [
        (b"", 0),
        (b"GET /health/live HT", 0),
        (b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ", 0),
        (QUESTION, 1),
        (QUESTION + b"GET /health", 1),
        (QUESTION + QUESTION + b"G", 2),
    ],
)
async def test_who_does_not_ask_is_ended(
    world: World, monkeypatch: pytest.MonkeyPatch, data: bytes, answers: int
) -> None:
    monkeypatch.setattr(connections, "HEADERS", 0.3)
    async with served(world) as port:
        line = await deferred(opened(port, data))
        assert (await deferred(ended(line))).count(b'"alive"') == answers


async def test_a_request_in_work_is_not_ended(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEADERS", 0.2)
    cookie = world.sign_in().cookies["waybill"]
    async with served(world) as port:
        head = f"GET /api/v1/live HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: waybill={cookie}\r\n\r\n"
        line = await deferred(opened(port, head.encode()))
        await deferred(asyncio.sleep(0.6))
        for callback in world.runtime.listeners:
            callback({"worklist"})
        assert await deferred(line[0].readuntil(b"event: changed"))
        line[1].close()


async def test_many_that_wait_keep_nobody_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "WAITING", 5)
    async with served(world) as port:
        # All are taken in one turn of the loop, by whose clock they came at the same moment.
        sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(12)]
        lines = [await deferred(asyncio.open_connection(sock=one)) for one in sockets]
        assert (await deferred(ask(port, "/health/live"))).startswith(b"HTTP/1.1 200")
        assert await deferred(ended(lines[0])) == b""
        lines[-1][1].write(QUESTION)
        assert await deferred(lines[-1][0].readuntil(b'"alive"}'))
        for line in lines:
            line[1].close()
